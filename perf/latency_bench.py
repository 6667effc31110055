#!/usr/bin/env python3
"""How long an acknowledgement takes at half load, counted from when a request was to go (open loop), by `straykey replay`.

Beside each: a Beast server that answers 200 to the same requests (what the machine and its other work take), and an LMDB
commit on the same disk (the least that an answer to something new can take). STRAYKEY names the release binary
(build/release without it); the build folder holds perf/limits and perf/store_bench.
Usage: perf/latency_bench.py [--events 200000] [--rounds 3]. The full load is what replay reaches itself, one request
after another on each connection. steady: everything was learned before; learning: a new data directory.
"""
import argparse
import json
import statistics
import subprocess
from pathlib import Path

from pipeline_bench import ROOT, Bench
from measured_process import SENDER_CPU, on_cpu
from installation import scratch_folder
from straykey_process import run_command

GOAL_P99_MS = {"steady": 10, "learning": 50}
CONNECTIONS = {100: 4, 1: 32}      # events a request -> connections
PERCENTILES = ("p50", "p99", "p99_9", "max")


class Replay:
    """Runs with so many events a request; each with event ids of its own."""

    def __init__(self, bench, batch):
        self.bench, self.batch, self.seed = bench, batch, 0

    def send(self, port, installation, *pacing):
        """-> its report."""
        self.seed += 1
        report = installation.folder / "report.json"
        report.unlink(missing_ok=True)
        said = run_command("replay", "--url", f"http://127.0.0.1:{port}", "--token-file", installation.token_file,
                           "--any-order", "--fresh-ids", "--seed", self.seed, "--batch", self.batch,
                           "--connections", CONNECTIONS[self.batch], "--json", report, *pacing,
                           self.bench.trail.folder / "trail", timeout_s=600)
        assert report.exists(), said.stdout + said.stderr
        return json.loads(report.read_text())

    def to_server(self, installation, *pacing):
        told = self.send(installation.server.port("ingest_http"), installation, *pacing)
        assert told["accepted"] == self.bench.trail.events, told
        return told

    def to_limit(self, installation, *pacing):
        return self.send(self.bench.limit_server("beast", installation).port, installation, *pacing)

    def steady(self, rounds):
        """-> reports of the server, reports of the limit at the same rate."""
        reports, limits = [], []
        with self.bench.server() as installation:
            self.to_server(installation)
            half = self.half_rate(self.to_server(installation))
            for _ in range(rounds):
                reports.append(self.to_server(installation, *half))
                limits.append(self.to_limit(installation, *half))
        return reports, limits

    def learning(self, rounds):
        reports, limits = [], []
        with self.bench.server() as installation:
            half = self.half_rate(self.to_server(installation))
        for _ in range(rounds):
            with self.bench.server() as installation:
                reports.append(self.to_server(installation, *half))
                limits.append(self.to_limit(installation, *half))
        return reports, limits

    @staticmethod
    def half_rate(full):
        return "--rate", int(full["events_per_s"] / 2)


def commit_ms(build):
    said = subprocess.run([build / "perf/store_bench", "--benchmark_filter=limit_lmdb_commit", "--benchmark_min_time=0.3",
                           "--benchmark_format=json"], capture_output=True, text=True, check=True, timeout=60).stdout
    return json.loads(said)["benchmarks"][0]["real_time"]


def print_row(state, batch, reports, limits, commit):
    def median(told, name):
        return statistics.median(report["latency_ms"][name] for report in told)

    rates = [report["events_per_s"] for report in reports]
    late = sum(report["late_by_generator"] for report in reports) / sum(report["requests"] for report in reports)
    times = " | ".join(f"{median(reports, name):.1f} ({median(limits, name):.1f})" for name in PERCENTILES)
    p99s = [report["latency_ms"]["p99"] for report in reports]
    goal = GOAL_P99_MS[state]
    reached = "yes" if median(reports, "p99") < goal else "no" if median(limits, "p99") < goal else "not told: Beast neither"
    print(f"| {state} | {batch} | {statistics.median(rates):,.0f}, {late:.1%} late | {times} | {min(p99s):.1f} to {max(p99s):.1f} | "
          f"{goal} | {reached} | {commit:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, nargs="+", choices=list(CONNECTIONS), default=list(CONNECTIONS))
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args()
    print("Milliseconds; in brackets a Beast server that answers 200 to the same requests.\n")
    print("| state | events a request | events/s | p50 | p99 | p99.9 | max | p99, least to most | goal of p99 | reached | LMDB commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        bench = Bench(folder, options)
        try:
            for batch in options.batch:
                replay = Replay(bench, batch)
                print_row("steady", batch, *replay.steady(options.rounds), commit_ms(options.build))
                print_row("learning", batch, *replay.learning(options.rounds), commit_ms(options.build))
        finally:
            bench.close()


if __name__ == "__main__":
    main()
