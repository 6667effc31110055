"""LEDGER.tsv: one row for each long run that was really made."""
import datetime
import subprocess
from pathlib import Path

HEADER = "date\tcommit\tharness\tcount\tfailures\tseconds\n"


def append_row(path, harness, count, failures, seconds):
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True,
                          check=False)
    commit = said.stdout.strip() or "unknown"
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if not path.exists():
        path.write_text(HEADER)
    with path.open("a") as file:
        file.write(f"{today}\t{commit}\t{harness}\t{count}\t{failures}\t{seconds:.0f}\n")
