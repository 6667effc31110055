#!/usr/bin/env python3
"""One call fails: the Nth malloc, write, sync, accept, connect or open of a fixed scenario, for a sample of N or for all.

The server goes on, or ends with a sentence and exit code 1, 75 or 78. Then it starts without the fault, everything is sent again, and the store must be the one that the model knows.

    tests/crash/nth_failure.py --kinds pwrite fdatasync --every 1 --library build/dev/tests/crash/libcall_faults.so
"""
import argparse
import collections
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from call_control import KINDS               # noqa: E402
from installation import scratch_folder      # noqa: E402
from ledger import append_row, commit_now    # noqa: E402
from scenario import Scenario                # noqa: E402

CLEAR_ENDS = (0, 1, 75, 78)


def check_end(kind, code, log):
    allowed = CLEAR_ENDS
    if not any("msg=" in line for line in log):      # what C++ sets up before main() ends so
        allowed += (-signal.SIGABRT,)
    if kind == "fdatasync":      # nobody knows what is on the disk now
        allowed = (75,) if any('msg="ready"' in line for line in log) else (1,)
    assert code in allowed, f"exit code {code}:\n" + "\n".join(log[-5:])
    assert code == 0 or code < 0 or log, f"exit code {code} without a word"


def run_kind(scenario, kind, options, draw):
    scenario.begin()
    code, log = scenario.run()
    assert code == 0, "\n".join(log)
    total = scenario.control.calls(kind)
    scenario.recover()
    numbers = options.only or list(range(1, total + 1, options.every or 1))
    if not options.only and not options.every:
        numbers = sorted({1, *draw.sample(numbers, min(options.sample, total))})
    ends = collections.Counter()
    for number in numbers:
        scenario.begin()
        scenario.control.fail(kind, number)
        try:
            code, log = scenario.run()
            if scenario.control.calls(kind) >= number:      # threads do not always make as many
                check_end(kind, code, log)
            scenario.recover()
        except AssertionError as error:
            raise AssertionError(f"{kind} {number} of {total} (--kinds {kind} --only {number} --seed {options.seed}): {error}") from error
        ends[code] += 1
        if options.only:
            print("\n".join(log[-6:]))
    print(f"{kind}: {len(numbers)} of {total} calls failed, one at a time; exit codes {dict(sorted(ends.items()))}", flush=True)
    return len(numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="libcall_faults.so")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sample", type=int, default=4, help="so many of each kind, drawn")
    parser.add_argument("--every", type=int, default=0, help="every so many: 1 is all")
    parser.add_argument("--only", type=int, nargs="+", default=[], help="these, of one kind")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--ledger", type=Path, help="append a row for this run")
    options = parser.parse_args()
    print(f"nth_failure.py --kinds {' '.join(options.kinds)} --sample {options.sample} --every {options.every} --seed {options.seed}", flush=True)
    draw, began, count, commit = random.Random(options.seed), time.monotonic(), 0, commit_now()
    with scratch_folder() as folder:
        scenario = Scenario(folder, options.library.resolve(), options.seed)
        try:
            for kind in options.kinds:
                count += run_kind(scenario, kind, options, draw)
        finally:
            scenario.close()
    seconds = time.monotonic() - began
    print(f"{count} failures, each recovered from, {seconds:.0f} s")
    if options.ledger:
        append_row(options.ledger, commit, "nth_failure", count, 0, seconds)


if __name__ == "__main__":
    main()
