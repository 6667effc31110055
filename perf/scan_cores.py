#!/usr/bin/env python3
"""How much faster `straykey scan` is on all cores than on one, by wall time, and what it costs: CPU time and memory.

STRAYKEY names the release binary (build/release without it). Runs on one core and on all are taken in turns; with --base, a
build before is run on all cores in the same turns. All must print the same alerts, byte for byte. The files are in the page
cache. Usage: perf/scan_cores.py [--base OLD/straykey] [--events 1000000] [--rounds 5]
"""
import argparse
import os
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
from measured_process import ALL_CPUS  # noqa: E402  (also the way to tests/e2e)
from installation import Trail, scratch_folder  # noqa: E402
from straykey_process import STRAYKEY  # noqa: E402


def scan(program, trail, cpus):
    """-> wall seconds, CPU seconds, bytes of memory at most, the alerts."""
    begin = time.monotonic()
    process = subprocess.Popen([program, "scan", "--aws-ranges", trail.folder / "ip-ranges.json", "--asn",
                                trail.folder / "asn.csv", "--trusted", trail.trusted, trail.folder / "trail"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    alerts = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, alerts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    one = {min(ALL_CPUS)}
    with scratch_folder() as folder:
        trail = Trail(folder / "sample", "--events", options.events)
        ways = {"one core": (STRAYKEY, one), f"{len(ALL_CPUS)} cores": (STRAYKEY, ALL_CPUS)}
        if options.base:
            ways["base"] = (options.base.resolve(), ALL_CPUS)
        runs = {way: [] for way in ways}
        for number in range(options.rounds + 1):
            for way, (program, cpus) in ways.items():
                measured = scan(program, trail, cpus)
                if number > 0:  # the first brings the files into the page cache
                    runs[way].append(measured)
        assert len({run[3] for taken in runs.values() for run in taken}) == 1, "the alerts differ"
        print(f"{trail.events:,} events; load before and after: one minute's average is {os.getloadavg()[0]:.1f} now")
        print("| scan on | wall s (least to most) | CPU s | MiB | wall, as a part of one core's |\n|---|---|---|---|---|")
        alone = statistics.median(run[0] for run in runs["one core"])
        for way, taken in runs.items():
            wall = sorted(run[0] for run in taken)
            print(f"| {way} | {statistics.median(wall):.2f} ({wall[0]:.2f} to {wall[-1]:.2f}) "
                  f"| {statistics.median(run[1] for run in taken):.2f} "
                  f"| {statistics.median(run[2] for run in taken) / 2**20:.0f} | {statistics.median(wall) / alone:.2f} |")


if __name__ == "__main__":
    main()
