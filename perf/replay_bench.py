#!/usr/bin/env python3
"""What `straykey replay --asap` itself costs beside the server that it loads: CPU time of both an event, ways in taken in turns.

STRAYKEY names the release binary (build/release without it). The server has one CPU, the generator another: it saturates the
server where the server is busy (100 %) and the generator is not. After a first pass, the server knows everything but the event
ids. Usage: perf/replay_bench.py [--events 200000] [--rounds 5]
"""
import argparse
import json
import os
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
from measured_process import SENDER_CPU, SERVER_CPU, cpu_ns, on_cpu  # noqa: E402  (also the way to tests/e2e)
from installation import Installation, Trail, scratch_folder  # noqa: E402
from pipeline_bench import wait_until_still  # noqa: E402
from straykey_process import run_command  # noqa: E402

LISTENERS = {"http": "ingest_http", "https": "ingest", "syslog": "syslog_tcp"}
MORE = '[syslog]\ntcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.1/32"]\n'


def replay(installation, way, path, seed):
    """-> the report, and what the server spent, in ns."""
    port, report = installation.server.port(LISTENERS[way]), installation.folder / "report.json"
    to = (("--syslog", f"tcp://127.0.0.1:{port}", "--connections", "2") if way == "syslog" else
          ("--url", f"{way}://127.0.0.1:{port}", "--ca-file", installation.certificate, "--token-file", installation.token_file))
    wait_until_still(installation.server.pid)
    before = cpu_ns(installation.server.pid)
    with on_cpu(SENDER_CPU):
        said = run_command("replay", "--asap", "--fresh-ids", "--seed", seed, "--json", report, *to, path, timeout_s=300)
    assert said.returncode in (0, 1), said.stdout + said.stderr
    wait_until_still(installation.server.pid)
    return json.loads(report.read_text()), cpu_ns(installation.server.pid) - before


def row(name, runs):
    def median(value):
        return statistics.median(value(report, server_ns) for report, server_ns in runs)
    own = sorted(report["own_cpu_s"] * 1e9 / report["records"] for report, _ in runs)
    print(f"| {name} | {statistics.median(own):,.0f} ({own[0]:,.0f} to {own[-1]:,.0f}) "
          f"| {median(lambda report, ns: ns / report['records']):,.0f} "
          f"| {median(lambda report, _: report['records'] / report['seconds']):,.0f} "
          f"| {median(lambda report, _: report['own_cpu_s'] / report['seconds']):.0%} "
          f"| {median(lambda report, ns: ns / 1e9 / report['seconds']):.0%} "
          f"| {sum(report['valid'] for report, _ in runs)} of {len(runs)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", help="taken as the other benches take it; STRAYKEY names the binary")
    parser.add_argument("--only", nargs="+", choices=LISTENERS, default=list(LISTENERS))
    options = parser.parse_args()
    with scratch_folder() as folder:
        trail = Trail(folder / "sample", "--events", options.events)
        said = run_command("simulate", "--out", folder / "lines", "--events", options.events, "--end", "2025-06-30",
                           "--json-lines", "--plain")
        assert said.returncode == 0, said.stderr
        inputs = {"files": trail.folder / "trail", "lines": folder / "lines/trail"}
        with Installation(folder / "server", trail, more=MORE) as installation:
            path = installation.configuration
            path.write_text(path.read_text().replace("[ingest]", '[ingest]\nhttp = "127.0.0.1:0"', 1))
            with on_cpu(SERVER_CPU):
                installation.server.start()
            runs = {(way, form): [] for way in options.only for form in inputs}
            for number in range(options.rounds + 1):
                for way, form in runs:
                    report, server_ns = replay(installation, way, inputs[form], number + 1)
                    assert report["records"] > options.events * 0.9 and report["refused"] + report["given_up"] == 0, report
                    if number > 0:
                        runs[way, form].append((report, server_ns))
            print("| to, from | generator, ns an event (least to most) | server | events/s | generator busy | server busy | valid |\n"
                  "|---|---|---|---|---|---|---|")
            for (way, form), taken in runs.items():
                row(f"{way}, {form}", taken)
            assert installation.server.stop() == 0


if __name__ == "__main__":
    main()
