#!/usr/bin/env python3
"""Two commits side by side: builds both, runs the benchmarks of both in turns, and prints what changed.

Usage: perf/compare.py [--base main] [--head HEAD] [--rounds 5] [--only micro pipeline]. What is not committed is not
measured. Times are ns of an item or event; a change is marked only where the spreads of the two do not overlap. The
limits are measured as well: they cannot have changed, so a mark beside one says how far to believe the others.
"""
import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from run import LIMITS, measure

ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = ["http", "gzip", "https", "single", "syslog", "scan"]
BUILD_S_MAX, BENCH_S_MAX = 3600, 600


@contextlib.contextmanager
def built(commit, folder):
    """-> the build folder of a commit, in a work tree of its own; only what is measured is built. ccache gives what
    both have in common only once."""
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", folder, commit], check=True)
    try:
        programs = [name for name in [*LIMITS, "limits"] if (folder / f"perf/{name}.cc").exists()]
        for command in (["cmake", "--preset", "release"],
                        ["cmake", "--build", "build/release", "--target", "straykey", *programs]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False,
                                  env={**os.environ, "CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"})
            if done.returncode != 0:
                sys.exit(f"{commit} cannot be built:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        yield folder / "build/release"
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", folder], check=True)


def pipeline(build, limits_build):
    """The whole server by this tree's pipeline_bench.py -> workload and state -> [ns an event]."""
    said = subprocess.run([sys.executable, ROOT / "perf/pipeline_bench.py", "--build", limits_build, "--rounds", "1",
                           "--only", *WORKLOADS], capture_output=True, text=True, timeout=BENCH_S_MAX, check=False,
                          env={**os.environ, "STRAYKEY": str(build / "tools/straykey")})
    if said.returncode != 0:
        sys.exit(said.stderr[-3000:])
    rows = re.findall(r"^\| (\w+) \| (steady|learning) \| ([\d,]+) ", said.stdout, re.M)
    return {f"{name}, {state}": [float(ns.replace(",", ""))] for name, state, ns in rows}


def compare(base, head):
    """-> (median of base, of head, how much more head takes, "faster", "slower" or ""). Of the rounds of each."""
    before, after = statistics.median(base), statistics.median(head)
    mark = "slower" if min(head) > max(base) else "faster" if max(head) < min(base) else ""
    return before, after, after / before - 1, mark


def run_in_turns(runs, rounds):
    """runs: of base and of head, each -> name -> times. -> name -> (times of base, times of head), of what both have."""
    taken = ({}, {})
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):     # so that neither always comes first
            for name, times in runs[side]().items():
                taken[side].setdefault(name, []).extend(times)
    return {name: (times, taken[1][name]) for name, times in taken[0].items() if name in taken[1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="main")
    parser.add_argument("--head", default="HEAD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=["micro", "pipeline"], default=["micro", "pipeline"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))     # the work trees are removed
    with tempfile.TemporaryDirectory(prefix="straykey-compare.") as text, \
            built(options.base, Path(text) / "base") as base, built(options.head, Path(text) / "head") as head:
        print(f"| benchmark | {options.base}, ns: median (least to most) | {options.head} | change | |\n"
              "|---|---|---|---|---|", flush=True)
        turns = []
        if "micro" in options.only:
            turns += [[lambda build=build, name=name: measure(build / "perf" / name, 1) for build in (base, head)]
                      for name in LIMITS if all((build / "perf" / name).exists() for build in (base, head))]
        if "pipeline" in options.only:
            turns.append([lambda build=build: pipeline(build, head) for build in (base, head)])
        for runs in turns:
            for name, (before, after) in run_in_turns(runs, options.rounds).items():
                base_ns, head_ns, change, mark = compare(before, after)
                print(f"| {name} | {base_ns:,.0f} ({min(before):,.0f} to {max(before):,.0f}) "
                      f"| {head_ns:,.0f} ({min(after):,.0f} to {max(after):,.0f}) | {change:+.1%} | {mark} |", flush=True)


if __name__ == "__main__":
    main()
