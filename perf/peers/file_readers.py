"""Programs that read the sample's .json.gz files: straykey scan, jq, DuckDB. Each is a process that ends."""
import json
import re
import resource
import subprocess

from servers import FETCHED, HERE
from straykey_process import BOUND_TO_PARENT, STRAYKEY
from works import NoResult

RUN_S_MAX = 300


def run(command, folder=None):
    """-> (its output, its log, CPU seconds of it and its children)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run([*BOUND_TO_PARENT, *map(str, command)], capture_output=True, text=True, cwd=folder,
                          timeout=RUN_S_MAX, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if said.returncode != 0:
        raise NoResult(f"exit code {said.returncode}: {said.stderr[-300:]}")
    return said.stdout, said.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def expect(seen, expected):
    if seen != expected:
        raise NoResult(f"{seen} seen, {expected} expected")


def straykey_scan(sample):
    """As the server does, from an empty baseline: it learns the whole trail."""
    trail = sample.trail
    _, log, used = run([STRAYKEY, "scan", "--aws-ranges", trail.folder / "ip-ranges.json", "--asn",
                        trail.folder / "asn.csv", "--trusted", trail.trusted, trail.folder / "trail"])
    events, rejected = re.search(r"([\d,]+) events .*?([\d,]+) rejected", log).groups()
    expect((int(events.replace(",", "")), rejected), (sample.records, "0"))
    return used


def jq(sample):
    output, _, used = run(["bash", HERE / "jq_first_seen.sh", sample.trail.folder / "trail"])
    counts = [int(line.split()[0]) for line in output.splitlines()]
    expect((sum(counts), len(counts)), (sample.passed, sample.pairs))
    return used


def duckdb(sample, columns):
    """The query alone, without the start of Node.js."""
    output, _, _ = run(["node", HERE / "duckdb_first_seen.mjs", sample.trail.folder / "trail/**/*.json.gz", columns],
                       FETCHED)
    said = json.loads(output)
    expect((said["passed"], said["pairs"]), (sample.passed, sample.pairs))
    return said["cpu_s"]
