#!/usr/bin/env python3
"""Runs the micro-benchmarks and prints each figure beside its limit, taken in the same run.

Usage: perf/run.py [--build build/release] [--rounds 7]. Rounds are interleaved, so a noisy neighbour disturbs limit and
product alike: believe the ratios, not the times.
"""
import argparse
import json
import statistics
import subprocess
from pathlib import Path

# benchmark -> its limit; None: no limit stands beside it.
LIMITS = {
    "parse_bench": {
        "limit_memcpy": None,
        "limit_stage1": None,
        "limit_reference_extraction": None,
        "read_files": "limit_reference_extraction",
        "read_lines": "limit_reference_extraction",
        "read_files_by_record_parser": "limit_reference_extraction",
        "limit_inflate": None,
        "read_gzip": "limit_inflate",
    },
    "engine_bench": {
        "classify_agent": None,
        "classify_agent_cached": None,
        "locate_address": None,
        "sign": None,
        "evaluate_known": None,
        "queue_items": None,
    },
    "fact_bench": {
        "limit_lmdb_get_1k": None,
        "store_get_1k": "limit_lmdb_get_1k",
        "fact_probe_1k": "limit_lmdb_get_1k",
        "limit_lmdb_get_1m": None,
        "store_get_1m": "limit_lmdb_get_1m",
        "fact_probe_1m": "limit_lmdb_get_1m",
    },
    "store_bench": {"limit_lmdb_commit": None, "store_commit": "limit_lmdb_commit"},
}


def measure(program, rounds):
    """-> benchmark name -> ns an item, one for each round."""
    said = subprocess.run([program, f"--benchmark_repetitions={rounds}", "--benchmark_enable_random_interleaving=true",
                           "--benchmark_min_time=0.1", "--benchmark_format=json"],
                          capture_output=True, text=True, check=True, timeout=600).stdout
    times = {}
    for row in json.loads(said)["benchmarks"]:
        if row["run_type"] == "iteration":
            times.setdefault(row["name"].split("/")[0], []).append(1e9 / row["items_per_second"])
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path(__file__).resolve().parents[1] / "build/release")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print("| benchmark | ns an item, median | least to most | ratio to its limit |\n|---|---|---|---|")
    for program, limits in LIMITS.items():
        times = measure(options.build / "perf" / program, options.rounds)
        for name, limit in limits.items():
            rounds = times[name]
            median = statistics.median(rounds)
            ratio = f"{median / statistics.median(times[limit]):.2f} of {limit}" if limit else ""
            print(f"| {name} | {median:,.0f} | {min(rounds):,.0f} to {max(rounds):,.0f} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
