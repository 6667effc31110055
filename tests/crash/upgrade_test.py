#!/usr/bin/env python3
"""A store of each older format is upgraded while one call fails: every write, sync and open, and a sample of mallocs, one at a time.

The command ends with a sentence or goes on. Opened again without the fault, the store must be what an undisturbed upgrade
makes of it: nothing lost, every body byte for byte, and the same day from which new kinds of facts are kept.

    tests/crash/upgrade_test.py build/dev/tests/crash/libcall_faults.so
"""
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(HERE.parent / "storage"))

from call_control import CallControl                                      # noqa: E402
from store_reader import MERGER_TABLES, PARTITION_TABLES, checked_tables, format_file       # noqa: E402
from straykey_process import STRAYKEY, run_command                        # noqa: E402

STORES = [HERE.parent / "storage/stores" / name for name in ("format_1", "format_2")]
MALLOCS = 40


def opened(store):
    """What a command on the store finds, after which the upgrade is done."""
    said = run_command("alerts", "dump", "--data-dir", store)
    assert said.returncode == 0, said.stderr
    return {line["id"]: line["body"] for line in map(json.loads, said.stdout.splitlines())}


def rows_of(store):
    tables = {**checked_tables(store, "merger", MERGER_TABLES), **checked_tables(store, "shard-00", PARTITION_TABLES)}
    return {name: {key: value for key, value in rows.items() if key != b"lived"} for name, rows in tables.items()}


def upgraded_with_faults(old, scratch, control):
    """What each kind of fault came to."""
    def upgrade(name):
        copy = scratch / name
        shutil.copytree(old, copy)
        return copy, subprocess.run([STRAYKEY, "alerts", "dump", "--data-dir", copy], env=control.environment,
                                    capture_output=True, text=True, timeout=60)

    control.reset()
    copy, said = upgrade(f"{old.name}-undisturbed")
    assert said.returncode == 0, said.stderr
    expected, bodies = rows_of(copy), opened(copy)
    assert (b"kept since" in expected["progress"]) == (old.name == "format_1") and format_file(copy)["format"] == "3"
    assert {len(key) for key in expected["facts"]} == {30, 33}
    ends = {}
    for kind in ("pwrite", "fdatasync", "meta_write", "open", "malloc"):
        control.reset()
        copy, said = upgrade("counted")
        shutil.rmtree(copy)
        total = control.calls(kind)
        numbers = range(1, total + 1) if kind != "malloc" else random.Random(1).sample(range(1, total + 1), min(MALLOCS, total))
        for number in numbers:
            control.reset()
            control.fail(kind, number)
            copy, said = upgrade(f"{kind}-{number}")
            assert said.returncode == 0 or said.stderr, f"{kind} {number}: exit code {said.returncode} without a word"
            ends[kind, said.returncode == 0] = ends.get((kind, said.returncode == 0), 0) + 1
            assert opened(copy) == bodies, f"{kind} {number}"
            assert format_file(copy)["format"] == "3", f"{kind} {number}"
            assert rows_of(copy) == expected, f"{kind} {number}"
            shutil.rmtree(copy)
    assert any(not well for _, well in ends), ends
    return ends


def main():
    with tempfile.TemporaryDirectory(prefix="straykey-upgrade.") as scratch:
        control = CallControl(Path(scratch) / "calls", sys.argv[1], STRAYKEY)
        for old in STORES:
            ends = upgraded_with_faults(old, Path(scratch), control)
            print(f"{old.name}: " + "; ".join(f"{kind}: {count} {'went on' if well else 'ended'}" for (kind, well), count in sorted(ends.items())))


if __name__ == "__main__":
    main()
