"""LEDGER.tsv: one row for each long run that was really made.

    tests/crash/ledger.py LEDGER.tsv power_cut -- build/dev/tests/crash/power_cut --recorder ... --images 200000 --seed 1000
runs a program whose last line is "COUNT ..., BAD bad, ..." and appends its row.
"""
import datetime
import re
import subprocess
import sys
import time
from pathlib import Path

HEADER = "date\tcommit\tharness\tcount\tfailures\tseconds\n"


def commit_now():
    """To be asked when a run begins: later it may be another."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True,
                          check=False)
    return said.stdout.strip() or "unknown"


def append_row(path, commit, harness, count, failures, seconds):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if not path.exists():
        path.write_text(HEADER)
    with path.open("a") as file:
        file.write(f"{today}\t{commit}\t{harness}\t{count}\t{failures}\t{seconds:.0f}\n")


def main():
    path, harness, _, *command = sys.argv[1:]
    commit, began, last = commit_now(), time.monotonic(), ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line
    count, bad = int(last.split()[0]), int(re.search(r"(\d+) bad", last).group(1))
    append_row(Path(path), commit, harness, count, bad, time.monotonic() - began)
    raise SystemExit(process.returncode)


if __name__ == "__main__":
    main()
