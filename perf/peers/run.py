#!/usr/bin/env python3
"""straykey beside what users would pick, on the same bytes: CPU time (user and system) of the processes for each event.

Usage: perf/peers/run.py [--events 100000] [--rounds 5] [--only NAME...]. Run perf/peers/fetch first; a rival that is
not there is skipped with a word. The rivals receive, parse, filter and count first-seen addresses of roles (syslog
daemons: write role and address); straykey does its full work. STRAYKEY names the release binary. Prints a table; exit
code 1 if a run was not a result because records were lost.
"""
import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("perf/peers", "perf", "tests/e2e")]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
import file_readers  # noqa: E402
import servers  # noqa: E402
from installation import Trail, scratch_folder  # noqa: E402
from measured_process import SENDER_CPU, SERVER_CPU, on_cpu  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402
from works import NoResult, Sample  # noqa: E402

DUCKDB = servers.FETCHED / "node_modules/@duckdb/node-api"
FILES = ".json.gz files"
# (rival, work, how many times fewer CPU seconds straykey should need or None)
PAIRS = [
    (servers.Rsyslog, "syslog TCP", 20),
    (servers.SyslogNg, "syslog TCP", 20),
    (servers.NodeServer, "HTTP batches", 9),
    (servers.NodeServer, "HTTP gzip batches", None),
    (servers.NodeServer, "HTTP, one event a request", None),
]
# name -> (programs that must be there, CPU seconds of one run on a sample, goal)
FILE_RIVALS = {
    "jq": (["jq", "bash"], file_readers.jq, None),
    "DuckDB": (["node", DUCKDB], lambda sample: file_readers.duckdb(sample, "detect"), 4),
    "DuckDB, columns named": (["node", DUCKDB], lambda sample: file_readers.duckdb(sample, "named"), None),
}


class Table:
    """Runs, by work and name; a failed one makes all of its name and work no result."""

    def __init__(self):
        self._taken, self.failures = {}, {}

    def take(self, work, name, records, run):
        try:
            self._taken.setdefault((work, name), []).append(run() / records * 1e6)
        except NoResult as why:
            self.failures[work, name] = str(why)

    def print_row(self, work, name, goal):
        failed = self.failures.get((work, name)) or self.failures.get((work, "straykey"))
        if failed:
            print(f"| {name} | {work} | no result: {failed} | | | | |")
            return
        (rival, rival_text), (ours, ours_text) = map(self._median, [(work, name), (work, "straykey")])
        ratio = rival / ours
        goal_text = "| |" if goal is None else f"| {goal} | {'reached' if ratio >= goal else 'not reached'} |"
        print(f"| {name} | {work} | {rival_text} | {ours_text} | {ratio:.1f} {goal_text}")

    def _median(self, key):
        rounds = self._taken[key]
        return statistics.median(rounds), f"{statistics.median(rounds):.2f} ({min(rounds):.2f} to {max(rounds):.2f})"


def on_server_cpu(program, sample):
    with on_cpu(SERVER_CPU):
        return program(sample)


def is_there(program):
    return Path(program).exists() or shutil.which(str(program)) is not None


def run_servers(table, sample, folder, wanted, rounds):
    """wanted: of PAIRS. Each server takes every work once before it counts."""
    sink = WebhookSink()
    kinds = dict.fromkeys(kind for kind, _, _ in wanted)
    running = [servers.Straykey(folder / "straykey", sample.trail, sink)]
    running += [kind(folder / kind.name) for kind in kinds]
    try:
        for server in running:
            with on_cpu(SERVER_CPU):
                server.start()
        for number in range(rounds + 1):
            for work in sample.works():
                names = {kind.name for kind, name, _ in wanted if name == work.name}
                for server in running:
                    if server.name in names or (names and server.name == "straykey"):
                        taken = table if number > 0 else Table()
                        taken.take(work.name, server.name, work.records, lambda: servers.run(server, work))
    finally:
        for server in running:
            server.stop()
        sink.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="names of rivals")
    options = parser.parse_args()
    needed = {kind.name: [kind.program] for kind, _, _ in PAIRS} | {n: row[0] for n, row in FILE_RIVALS.items()}
    names = [name for name in needed if options.only is None or name in options.only]
    for name in [name for name in names if not all(map(is_there, needed[name]))]:
        print(f"{name}: skipped, not there (perf/peers/fetch)", flush=True)
        names.remove(name)
    wanted = [row for row in PAIRS if row[0].name in names]
    files = {name: row for name, row in FILE_RIVALS.items() if name in names}
    table = Table()
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        sample = Sample(Trail(folder / "sample", "--events", options.events))
        if wanted:
            run_servers(table, sample, folder, wanted, options.rounds)
        for _ in range(options.rounds if files else 0):
            for name, program in [("straykey", file_readers.straykey_scan), *((n, r[1]) for n, r in files.items())]:
                table.take(FILES, name, sample.records, lambda: on_server_cpu(program, sample))
    print(f"{sample.records:,} records, {options.rounds} rounds in turns, load {os.getloadavg()[0]:.1f}\n\n"
          "| rival | work | rival, CPU us an event: median (least to most) | straykey | ratio | goal | |\n"
          "|---|---|---|---|---|---|---|")
    for kind, work, goal in wanted:
        table.print_row(work, kind.name, goal)
    for name, (_, _, goal) in files.items():
        table.print_row(FILES, name, goal)
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
