#!/usr/bin/env python3
"""The whole server, each way in beside its limit taken in turns in the same run: CPU time of the process an event.

STRAYKEY names the release binary (build/release without it); the build folder holds perf/limits.
Usage: perf/pipeline_bench.py [--only http gzip ...] [--events 60000] [--rounds 5]. Believe the ratios, not the times.
steady: everything was learned before, only the event ids are new. learning: the first pass into a new data directory.
"""
import argparse
import base64
import collections
import contextlib
import functools
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
from installation import Installation, Trail, scratch_folder  # noqa: E402
from measured_process import (SENDER_CPU, SERVER_CPU, LimitServer, cpu_ns, cpu_ns_by_stage,  # noqa: E402
                              limit_work_ns, memory_bytes, on_cpu)
from metrics_text import read_metrics  # noqa: E402
from straykey_process import STRAYKEY  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402
from workloads import WORKLOADS, Material, send_to_limit  # noqa: E402
import load  # noqa: E402

STILL_S, STILL_NS, STILL_S_MAX = 0.05, 300_000, 10
SCAN_GOAL = 1.15
LIMITS = "connections_per_address_max = 4096"      # all senders are on one address here


class Round:
    """What one turn took: of the server, and of each limit. ns an event; busy: share of the wall time."""

    def __init__(self, server_ns, limits=None):
        self.server_ns, self.limits, self.stages = server_ns, limits or {}, {}
        self.rate = self.server_busy = self.sender_busy = 0

    @property
    def limit_ns(self):
        return sum(self.limits.values())


def wait_until_still(pid):
    """The server has done what was left to do after its last answer."""
    began, before = time.monotonic(), cpu_ns(pid)
    while time.monotonic() - began < STILL_S_MAX:
        time.sleep(STILL_S)
        now = cpu_ns(pid)
        if now - before < STILL_NS:
            return
        before = now
    raise AssertionError("the server is busy for ever")


class Bench:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.limits_program = options.build / "perf/limits"
        self.trail = Trail(folder / "sample", "--events", options.events)
        self.sink = WebhookSink()
        self.limit_servers, self.certificate, self.installations = {}, None, 0

    @functools.cached_property
    def trail_texts(self):
        return [gzip.decompress(path.read_bytes()) for path in self.trail.files]

    @functools.cached_property
    def material(self):
        return Material.of(self.trail_texts)

    def limit_work_ns(self, mode, of):
        """An event's. of: "batches", "pieces" (of what Firehose puts into one of its records) or "files" (of the trail);
        "extract" takes them plain, "inflate" in gzip and "base64" in base64 of that."""
        return limit_work_ns(self.limits_program, mode, self.limit_paths(mode, of)) / self.trail.events

    @functools.cache
    def limit_paths(self, mode, of):
        if of == "files":
            texts = [path.read_bytes() for path in self.trail.files] if mode == "inflate" else self.trail_texts
        else:
            batches = self.material.batches if of == "batches" else self.material.pieces
            texts = (batches.plain if mode == "extract" else batches.gzip)(len(batches.events))
            if mode == "base64":
                texts = [base64.b64encode(text) for text in texts]
        paths = [self.folder / f"{of}-{mode}-{number}" for number in range(len(texts))]
        for path, text in zip(paths, texts):
            path.write_bytes(text)
        return paths

    def close(self):
        for server in self.limit_servers.values():
            server.close()
        self.sink.close()

    @contextlib.contextmanager
    def server(self, shards=None, cpus=(SERVER_CPU,), prepare=lambda installation: None):
        """prepare: does something to the installation before it starts."""
        self.installations += 1
        more = '[syslog]\ntcp = "127.0.0.1:0"\nrelp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.1/32"]\n'
        with Installation(self.folder / f"server-{self.installations}", self.trail, self.sink,
                          shards or self.options.shards, more) as installation:
            path = installation.configuration
            path.write_text(path.read_text().replace("[ingest]", f'[ingest]\nhttp = "127.0.0.1:0"\n{LIMITS}', 1))
            prepare(installation)
            with on_cpu(*cpus):
                installation.server.start()
            yield installation
            assert installation.server.stop() == 0

    def limit_server(self, mode, installation):
        """All have the certificate of the first installation that is asked for."""
        if mode not in self.limit_servers:
            self.certificate = self.certificate or (installation.certificate, installation.key)
            certificate = self.certificate if "tls" in mode else ()
            self.limit_servers[mode] = LimitServer(self.limits_program, mode, *certificate)
        return self.limit_servers[mode]

    def measure_server(self, workload, installation, requests, events):
        pid, port = installation.server.pid, installation.server.port(workload.listener)
        tls = load.trusting(installation.certificate) if workload.tls else None
        wait_until_still(pid)      # what an earlier turn sent is counted
        received = 0 if workload.answered else events_received(installation)
        wait_until_still(pid)
        cpu, stages, began, sender = cpu_ns(pid), cpu_ns_by_stage(pid), time.monotonic(), time.process_time()
        acknowledged = workload.send(port, requests, tls)
        wall_s, sender = time.monotonic() - began, time.process_time() - sender
        wait_until_still(pid)
        cpu, after = cpu_ns(pid) - cpu, cpu_ns_by_stage(pid)
        if not workload.answered:
            acknowledged = events_received(installation) - received
        assert acknowledged == events, f"{workload.name}: {acknowledged} of {events} events were acknowledged"
        taken = Round(cpu / events)
        taken.stages = {name: (after[name] - stages[name]) / events for name in after if after[name] > stages[name]}
        taken.rate, taken.server_busy, taken.sender_busy = events / wall_s, cpu / 1e9 / wall_s, sender / wall_s
        return taken

    def measure_limits(self, workload, installation, requests, events):
        taken = {}
        if workload.beside:
            other = next(each for each in WORKLOADS if each.name == workload.beside)
            self.material.freshen()
            taken[other.name] = self.measure_server(other, installation, *self.requests(other)).server_ns
        for mode in workload.limits:
            if mode in ("extract", "inflate", "base64"):
                taken[mode] = self.limit_work_ns(mode, workload.limited_by)
                continue
            server = self.limit_server(mode, installation)
            tls = load.trusting(self.certificate[0]) if workload.tls else None
            before = cpu_ns(server.pid)
            send_to_limit(workload)(server.port, requests, tls)
            taken[mode] = (cpu_ns(server.pid) - before) / events
        return taken

    def steady_rounds(self, workloads):
        rounds = collections.defaultdict(list)
        with self.server() as installation:
            self.turn(WORKLOADS[0], installation)              # teaches
            for number in range(self.options.rounds + 1):      # the first warms up
                for workload in workloads:
                    taken = self.turn(workload, installation)
                    if number > 0:
                        rounds[workload.name, "steady"].append(taken)
            say_memory("steady", installation)
        return rounds

    def learning_rounds(self, workloads):
        rounds = collections.defaultdict(list)
        for _ in range(self.options.rounds):
            for workload in workloads:
                with self.server() as installation:
                    rounds[workload.name, "learning"].append(self.turn(workload, installation))
                    say_memory(f"{workload.name} learning", installation)
        return rounds

    def requests(self, workload):
        return workload.requests(self.material, max(1, int(self.material.events * workload.share)))

    def turn(self, workload, installation):
        self.material.freshen()
        requests, events = self.requests(workload)
        taken = self.measure_server(workload, installation, requests, events)
        taken.limits = self.measure_limits(workload, installation, requests, events)
        print(f"{workload.name}: {taken.server_ns:,.0f} of {taken.limit_ns:,.0f} ns", file=sys.stderr, flush=True)
        return taken

    def scan_rounds(self):
        """Offline. What a scan of one file takes, the start of the program above all, is taken off."""
        rounds, single = [], self.trail.files[0]
        for _ in range(self.options.rounds):
            alone, all_files = self.scan_ns([single]), self.scan_ns(self.trail.files)
            events = self.trail.events - len(json.loads(self.trail_texts[0])["Records"])
            rounds.append(Round((all_files - alone) / events,
                                {mode: self.limit_work_ns(mode, "files") for mode in ("inflate", "extract")}))
        return {("scan", "learning"): rounds}

    def scan_ns(self, paths):
        with on_cpu(SERVER_CPU):
            process = subprocess.Popen(
                [STRAYKEY, "scan", "--aws-ranges", self.trail.folder / "ip-ranges.json", "--asn",
                 self.trail.folder / "asn.csv", "--trusted", self.trail.trusted, *paths],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, said
        return (usage.ru_utime + usage.ru_stime) * 1e9


def events_received(installation):
    with installation.admin() as admin:
        series = read_metrics(admin.get("/metrics").body.decode())
    return int(sum(value for (name, _), value in series.items() if name == "straykey_events_processed_total"))


def say_memory(what, installation):
    anonymous, highest = memory_bytes(installation.server.pid)
    print(f"memory, {what}: {anonymous / 2**20:.0f} MiB private, {highest / 2**20:.0f} MiB highest with mapped pages",
          file=sys.stderr, flush=True)


def print_table(rounds, goals):
    print("| workload | state | server, ns of CPU an event | its limit | ratio | goal | reached | server by thread | events/s | server, sender busy |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (name, state), taken in rounds.items():
        times = [turn.server_ns for turn in taken]
        server, limit = statistics.median(times), statistics.median(turn.limit_ns for turn in taken)
        parts = " + ".join(f"{mode} {statistics.median(turn.limits[mode] for turn in taken):,.0f}" for mode in taken[0].limits)
        stages = ", ".join(f"{stage} {statistics.median(turn.stages.get(stage, 0) for turn in taken):,.0f}"
                           for stage, _ in collections.Counter(taken[-1].stages).most_common())
        rate, server_busy, sender_busy = (statistics.median(getattr(turn, name) for turn in taken)
                                          for name in ("rate", "server_busy", "sender_busy"))
        pace = f"{rate:,.0f} | {server_busy:.0%}, {sender_busy:.0%}" if rate else " | "
        print(f"| {name} | {state} | {server:,.0f} ({min(times):,.0f} to {max(times):,.0f}) | {limit:,.0f}: {parts} "
              f"| {server / limit:.2f} | {goals[name]} | {'yes' if server <= goals[name] * limit else 'no'} | {stages} | {pace} |",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    goals = {workload.name: workload.goal for workload in WORKLOADS} | {"scan": SCAN_GOAL}
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--only", nargs="+", choices=list(goals), default=list(goals))
    parser.add_argument("--states", nargs="+", choices=["steady", "learning"], default=["steady", "learning"])
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args()
    chosen = {state: [workload for workload in WORKLOADS if workload.name in options.only and state in workload.states]
              for state in options.states}
    rounds = {}
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        bench = Bench(folder, options)
        try:
            if chosen.get("steady"):
                rounds |= bench.steady_rounds(chosen["steady"])
            if chosen.get("learning"):
                rounds |= bench.learning_rounds(chosen["learning"])
            if "scan" in options.only:
                rounds |= bench.scan_rounds()
        finally:
            bench.close()
    print_table(rounds, goals)


if __name__ == "__main__":
    main()
