#!/usr/bin/env python3
"""A store of format 1 is upgraded while one call fails: every write, sync and open, and a sample of mallocs, one at a time.

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
from store_reader import MERGER_TABLES, checked_tables, format_file       # noqa: E402
from straykey_process import STRAYKEY, run_command                        # noqa: E402

STORE = HERE.parent / "storage/stores/format_1"
MALLOCS = 40


def opened(store):
    """What a command on the store finds, after which the upgrade is done."""
    said = run_command("alerts", "dump", "--data-dir", store)
    assert said.returncode == 0, said.stderr
    return {line["id"]: line["body"] for line in map(json.loads, said.stdout.splitlines())}


def rows_of(store):
    tables = checked_tables(store, "merger", MERGER_TABLES)
    return {name: {key: value for key, value in rows.items() if key != b"lived"} for name, rows in tables.items()}


def main():
    with tempfile.TemporaryDirectory(prefix="straykey-upgrade.") as scratch:
        scratch = Path(scratch)
        control = CallControl(scratch / "calls", sys.argv[1], STRAYKEY)

        def upgrade(name):
            copy = scratch / name
            shutil.copytree(STORE, copy)
            return copy, subprocess.run([STRAYKEY, "alerts", "dump", "--data-dir", copy], env=control.environment,
                                        capture_output=True, text=True, timeout=60)

        copy, said = upgrade("undisturbed")
        assert said.returncode == 0, said.stderr
        expected, bodies = rows_of(copy), opened(copy)
        assert expected["progress"][b"kept since"] and format_file(copy)["format"] == "2"
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
                assert format_file(copy)["format"] == "2", f"{kind} {number}"
                assert rows_of(copy) == expected, f"{kind} {number}"
                shutil.rmtree(copy)
        assert any(not well for _, well in ends), ends
        print("; ".join(f"{kind}: {count} {'went on' if well else 'ended'}" for (kind, well), count in sorted(ends.items())))


if __name__ == "__main__":
    main()
