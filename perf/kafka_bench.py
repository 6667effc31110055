#!/usr/bin/env python3
"""A [[kafka_source]] beside its limit: CPU time of the server an event, for messages of 500 records (about 700 KB).

The limit is what nobody can do without: librdkafka that reads the same topic and throws its messages away, and the reference extraction.
The server stands still (SIGSTOP) while the messages of a round are sent, so that it finds all of them there. Needs java and mvn, as
tests/kafka/run does. STRAYKEY names the release binary (build/release without it); the build folder holds perf/limits. Believe the ratio.
Usage: perf/kafka_bench.py [--messages 120] [--rounds 3] [--version 4.4.0]
"""
import argparse
import gzip
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STRAYKEY", str(ROOT / "build/release/tools/straykey"))
sys.path[1:1] = [str(ROOT / "tests/kafka"), str(ROOT / "tests/e2e")]
import kafka_broker  # noqa: E402

kafka_broker.run_with_kafka()

from installation import Trail, scratch_folder  # noqa: E402
from kafka_test import Node  # noqa: E402
from measured_process import cpu_ns, cpu_ns_by_stage, limit_work_ns, on_cpu, SENDER_CPU, SERVER_CPU  # noqa: E402
from workloads import Material, RECORDS_A_BATCH  # noqa: E402

GOAL = 1.3
TOPIC = "trail"
STILL_S = 0.5


def read_and_discard_ns(program, brokers, messages):
    with on_cpu(SERVER_CPU):
        said = subprocess.run([program, "kafka", brokers, TOPIC, str(messages)], stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
    return int(said.split()[1])


def wait_until_still(pid):
    while True:
        before = cpu_ns(pid)
        time.sleep(STILL_S)
        if cpu_ns(pid) - before < STILL_S * 1e9 / 100:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--messages", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--version", default=kafka_broker.VERSIONS[0])
    options = parser.parse_args()
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        trail = Trail(folder / "sample", "--events", str(options.messages * RECORDS_A_BATCH))
        material = Material.of([gzip.decompress(path.read_bytes()) for path in trail.files])
        cluster = kafka_broker.Cluster(folder, options.version)
        try:
            cluster.create(TOPIC)
            node = Node(cluster, folder, "bench", [TOPIC], trail=trail, shards=1)
            with node.installation:
                with on_cpu(SERVER_CPU):
                    node.server.start()
                pid, rounds, sent, events = node.server.pid, [], 0, 0
                for number in range(options.rounds + 1):        # the first teaches
                    material.freshen()
                    bodies = material.batches.plain(options.messages)
                    in_round = sum(material.batches.events[:options.messages])
                    os.kill(pid, signal.SIGSTOP)
                    cluster.send(TOPIC, bodies, 0)
                    before, stages = cpu_ns(pid), cpu_ns_by_stage(pid)
                    os.kill(pid, signal.SIGCONT)
                    node.wait_read(TOPIC)
                    wait_until_still(pid)
                    server, after = cpu_ns(pid) - before, cpu_ns_by_stage(pid)
                    sent, events = sent + len(bodies), events + in_round
                    assert node.events() == events, f"{node.events()} of {events} events"
                    if number == 0:
                        continue
                    paths = [folder / f"body-{i}" for i in range(len(bodies))]
                    for path, body in zip(paths, bodies):
                        path.write_bytes(body)
                    limits = {"extract": limit_work_ns(options.build / "perf/limits", "extract", paths) / in_round,
                              "discard": read_and_discard_ns(options.build / "perf/limits", cluster.plain, sent) / events}
                    rounds.append((server / in_round, limits))
                    by_stage = {name: round((after[name] - stages[name]) / in_round) for name in after if after[name] > stages[name]}
                    print(f"{server / in_round:,.0f} of {limits}; by thread {by_stage}", file=sys.stderr, flush=True)
                node.stop()
        finally:
            cluster.stop()
        server = statistics.median(taken for taken, _ in rounds)
        parts = {mode: statistics.median(limits[mode] for _, limits in rounds) for mode in ("discard", "extract")}
        limit = sum(parts.values())
        print(f"{len(bodies)} messages of {RECORDS_A_BATCH} records, {sum(map(len, bodies)) // len(bodies):,} bytes each; steady: {server:,.0f} ns of CPU "
              f"an event ({min(taken for taken, _ in rounds):,.0f} to {max(taken for taken, _ in rounds):,.0f}), limit {limit:,.0f} "
              f"({', '.join(f'{mode} {each:,.0f}' for mode, each in parts.items())}): {server / limit:.2f}, goal {GOAL}")


if __name__ == "__main__":
    main()
