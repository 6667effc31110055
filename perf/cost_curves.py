#!/usr/bin/env python3
"""How the cost of an event changes with shards, connections, events a request, bytes a record, facts learned before; and memory.

STRAYKEY names the release binary (build/release without it); the build folder holds perf/recovery_store.
Usage: perf/cost_curves.py [--only shards connections batches sizes facts ...] [--rounds 5]. CPU time of the
server in steady state over plain HTTP, the points of a curve in turns; instructions by valgrind --tool=callgrind.
"""
import argparse
import collections
import contextlib
import re
import statistics
import subprocess
import time
from pathlib import Path

import load
from pipeline_bench import ROOT, Bench, wait_until_still
from measured_process import ALL_CPUS, SENDER_CPU, cpu_ns, memory_bytes, on_cpu
from installation import TOKEN, scratch_folder

CONNECTIONS = (1, 10, 100, 1_000)
BATCHES = (1, 10, 100, 1_000, 10_000)      # events a request
RECORD_BYTES = (700, 1_400, 5_000, 20_000, 200_000)
SIZES_BYTES = 40_000_000                   # sent for each of them
BODY_BYTES = 700_000
SHARDS = (1, 2)
RECORDS_A_BODY = 50
KEPT = 4
KEYS = (10_000, 60_000)                    # a shard remembers 65,536
CALLGRIND_EVENTS = 6_000
IDLE_S = 20


def say_curve(name, rounds, goal, unit="ns of CPU an event"):
    """rounds: point -> what each round took. goal: the highest ratio to the cheapest point; None: there is none."""
    medians = {point: statistics.median(taken) for point, taken in rounds.items()}
    least = min(medians.values())
    for point, taken in rounds.items():
        ratio = medians[point] / least
        reached = "" if goal is None else "yes" if ratio <= goal else "no"
        print(f"| {name} | {f'{point:,}' if isinstance(point, int) else point} | {medians[point]:,.0f} ({min(taken):,.0f} to {max(taken):,.0f}) {unit} | {ratio:.2f} "
              f"| {f'{goal:.2f}' if goal else ''} | {reached} |", flush=True)


def lines_of(bench, events, lines):
    """Requests of so many lines each, with new event ids."""
    bench.material.singles.freshen()
    records = bench.material.singles.plain(events)
    return [load.post(b"\n".join(records[at:at + lines]), TOKEN) for at in range(0, events, lines)]


def cost(installation, requests, events, connections=KEPT):
    """ns an event; connecting is not counted."""
    pid = installation.server.pid
    with load.connected(installation.server.port("ingest_http"), connections) as opened:
        wait_until_still(pid)
        before = cpu_ns(pid)
        accepted = load.send_on(opened, requests)
        wait_until_still(pid)
        taken = cpu_ns(pid) - before
    assert accepted == events, f"{accepted} of {events} events were acknowledged"
    return taken / events


def teach(bench, installation):
    return cost(installation, lines_of(bench, bench.material.events, 500), bench.material.events)


def in_turns(bench, points, measure):
    """measure(point) -> a figure. -> point -> its figures."""
    rounds = collections.defaultdict(list)
    for number in range(bench.options.rounds + 1):      # the first warms up
        for point in points:
            taken = measure(point)
            if number > 0:
                rounds[point].append(taken)
    return rounds


def connections_curve(bench):
    """Beside a Beast server that answers 200 to the same requests: what receiving and replying alone take there."""
    def beast_cost(count):
        server, requests = bench.limit_server("beast", installation), lines_of(bench, events, RECORDS_A_BODY)
        with load.connected(server.port, count) as opened:
            before = cpu_ns(server.pid)
            load.send_on(opened, requests)
            return (cpu_ns(server.pid) - before) / events

    events = bench.material.events
    with bench.server() as installation:
        teach(bench, installation)
        say_curve("connections", in_turns(bench, CONNECTIONS, lambda count: cost(
            installation, lines_of(bench, events, RECORDS_A_BODY), events, count)), 1.3)
        say_curve("connections, Beast", in_turns(bench, CONNECTIONS, beast_cost), None)


def batches_curve(bench):
    def measure(lines):
        events = min(bench.material.events, lines * 5_000)
        return cost(installation, lines_of(bench, events, lines), events)

    with bench.server() as installation:
        teach(bench, installation)
        say_curve("events a request", in_turns(bench, BATCHES, measure), None)


def record_of(record, size):
    """The record with so many bytes, more of them by lists of members as long policies and tag lists have."""
    item = b'{"key":"aws:example:name","values":["arn:aws:s3:::example-bucket/path/of/an/object","true",7]}'
    more = (size - len(record) - 30) // (len(item) + 1)
    return b'{"serviceEventDetails":[' + b",".join([item] * more) + b"]," + record[1:] if more > 0 else record


def sizes_curve(bench):
    """Of records below the usual size, the shortest of the trail are sent."""
    def measure(size):
        bench.material.singles.freshen()
        records = bench.material.singles.plain(bench.material.events)
        if size < 1_000:
            records = sorted(records, key=len)[:len(records) // 4]
        records = [record_of(record, size) for record in records[:max(200, SIZES_BYTES // size)]]
        lines = max(1, BODY_BYTES // size)
        bodies = [b"\n".join(records[at:at + lines]) for at in range(0, len(records), lines)]
        taken = cost(installation, [load.post(body, TOKEN) for body in bodies], len(records))
        bytes_sent[size] = sum(map(len, records)) / len(records)
        return taken

    bytes_sent = {}
    with bench.server() as installation:
        teach(bench, installation)
        rounds = in_turns(bench, RECORD_BYTES, measure)
    rounds = {f"{bytes_sent[size]:,.0f} bytes": taken for size, taken in rounds.items()}
    say_curve("a record", rounds, None)


def shards_curve(bench):
    """On both CPUs, as shards are meant to be; the sender has to share them."""
    events = bench.material.events
    with contextlib.ExitStack() as stack:
        servers = {shards: stack.enter_context(bench.server(shards, ALL_CPUS)) for shards in SHARDS}
        for installation in servers.values():
            teach(bench, installation)
        say_curve("shards", in_turns(bench, SHARDS, lambda shards: cost(
            servers[shards], lines_of(bench, events, 500), events)), 1 / 0.9)


def with_facts(bench, facts):
    def prepare(installation):
        subprocess.run([bench.options.build / "perf/recovery_store", installation.data_dir, str(facts), "0", "1"],
                       check=True, timeout=1_200)
    return prepare


def facts_curve(bench):
    """How much of the same trail costs on top of so many facts; and what a fact takes on disk, of which the pages in use
    are cached in memory, and in private memory."""
    events, learning, room = bench.material.events, {}, {}
    with contextlib.ExitStack() as stack:
        servers = {}
        for facts in bench.options.facts:
            servers[facts] = stack.enter_context(bench.server(prepare=with_facts(bench, facts)))
            learning[facts] = [teach(bench, servers[facts])]
        steady = in_turns(bench, bench.options.facts, lambda facts: cost(
            servers[facts], lines_of(bench, events, 500), events))
        for facts, installation in servers.items():
            store = sum(path.stat().st_blocks * 512 for path in installation.data_dir.rglob("data.mdb"))
            room[facts] = store, memory_bytes(installation.server.pid)[0]
    say_curve("facts, steady", steady, 1.3)
    say_curve("facts, learning", learning, 1.3)
    few, many = min(room), max(room)
    for what, place in (("store", 0), ("private memory", 1)):
        print(f"| a fact | {few:,} to {many:,} | {(room[many][place] - room[few][place]) / (many - few):,.0f} bytes of {what} "
              "| | | |", flush=True)


def instructions_curve(bench):
    points = [f"{facts:,} facts" for facts in bench.options.facts]
    rounds = {point: [instructions(bench, facts)] for point, facts in zip(points, bench.options.facts)}
    say_curve("instructions", rounds, 1.1, "instructions an event")


def instructions(bench, facts):
    """An event's, in steady state: the difference between one and three passes after teaching."""
    def run(passes):
        def prepare(installation):
            with_facts(bench, facts)(installation)
            installation.configuration.write_text(installation.configuration.read_text().replace(
                "[storage]", '[storage]\nmap_bytes = "4 GiB"', 1))
            installation.server.prefix = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]

        out = bench.folder / f"callgrind.{facts}.{passes}"
        with bench.server(prepare=prepare) as installation:
            for _ in range(1 + passes):
                accepted = load.send_on_kept(installation.server.port("ingest_http"),
                                             lines_of(bench, CALLGRIND_EVENTS, 500), KEPT)
                assert accepted == CALLGRIND_EVENTS
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))

    return (run(3) - run(1)) / (2 * CALLGRIND_EVENTS)


def memory_curve(bench):
    """The same calls with more and more access keys: nothing but the keys is new."""
    record = next(text for text in bench.material.singles.plain(bench.material.events)
                  if b'"AssumedRole"' in text and re.search(rb'"accessKeyId":"ASIA\w{16}"', text))
    key = re.search(rb'"accessKeyId":"(ASIA\w{16})"', record).group(1)
    room = {}
    for keys in KEYS:
        records = [record.replace(key, b"ASIA%016d" % number) for number in range(keys)]
        with bench.server() as installation:
            for _ in range(2):
                requests = [load.post(b"\n".join(records[at:at + 500]), TOKEN) for at in range(0, keys, 500)]
                assert load.send_on_kept(installation.server.port("ingest_http"), requests, KEPT) == keys
            wait_until_still(installation.server.pid)
            room[keys] = memory_bytes(installation.server.pid)[0]
    few, many = KEYS
    print(f"| a remembered key | {few:,} to {many:,} | {(room[many] - room[few]) / (many - few):,.0f} bytes of private memory "
          "| | | |", flush=True)


def idle_curve(bench):
    """A server that has learned the trail and is left alone."""
    with bench.server(2, ALL_CPUS) as installation:
        teach(bench, installation)
        time.sleep(IDLE_S / 2)                 # what it keeps of the work is flushed
        before, began = cpu_ns(installation.server.pid), time.monotonic()
        time.sleep(IDLE_S)
        share = (cpu_ns(installation.server.pid) - before) / 1e9 / (time.monotonic() - began)
    print(f"| idle | 2 shards | {share:.2%} of a CPU | | 1 % | {'yes' if share < 0.01 else 'no'} |", flush=True)


CURVES = {"shards": shards_curve, "connections": connections_curve, "batches": batches_curve, "sizes": sizes_curve, "facts": facts_curve,
          "instructions": instructions_curve, "memory": memory_curve, "idle": idle_curve}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--only", nargs="+", choices=list(CURVES), default=list(CURVES))
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--facts", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    options = parser.parse_args()
    options.shards = 1
    print("| curve | at | cost, median (least to most) | to the cheapest | goal | reached |")
    print("|---|---|---|---|---|---|")
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        bench = Bench(folder, options)
        try:
            for name in options.only:
                CURVES[name](bench)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
