#!/usr/bin/env python3
"""The whole server in steady state over plain HTTP with large bodies, against receiving the same bytes and the reference
extraction (perf/parse_bench), in turns. STRAYKEY names the release binary; its build folder holds parse_bench.

Usage: perf/pipeline_bench.py [--events 60000] [--rounds 7]. CPU time of the processes; believe the ratio.
"""
import argparse
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from installation import TOKEN, Installation, Trail, scratch_folder  # noqa: E402
from sender import Sender  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402

RECORDS_A_BODY = 700


def discard(ports, times):
    """Reads each connection to its end and tells its own CPU time."""
    listener, room = socket.create_server(("127.0.0.1", 0)), bytearray(256 * 1024)
    ports.put(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        began = time.process_time()
        while connection.recv_into(room):
            pass
        times.put(time.process_time() - began)
        connection.close()


def reference_ns(build):
    said = subprocess.run([build / "perf/parse_bench", "--benchmark_filter=limit_reference", "--benchmark_min_time=0.1",
                           "--benchmark_format=json"], capture_output=True, text=True, check=True, timeout=60).stdout
    return 1e9 / json.loads(said)["benchmarks"][0]["items_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    ports, times = multiprocessing.Queue(), multiprocessing.Queue()
    multiprocessing.Process(target=discard, args=(ports, times), daemon=True).start()
    port = ports.get(timeout=10)
    with scratch_folder() as folder:
        trail = Trail(folder / "sample", "--events", options.events, "--plain", "--json-lines")
        lines = b"".join(path.read_bytes() for path in trail.files).splitlines(keepends=True)
        bodies = [b"".join(lines[at:at + RECORDS_A_BODY]) for at in range(0, len(lines), RECORDS_A_BODY)]
        sink = WebhookSink()
        taken = {"server": [], "receive and discard": [], "reference extraction": []}
        with Installation(folder / "server", trail, sink, 1) as installation:
            path = installation.configuration
            path.write_text(path.read_text().replace("[ingest]", '[ingest]\nhttp = "127.0.0.1:0"', 1))
            installation.server.start()
            for number in range(options.rounds + 1):     # the first teaches
                sender = Sender(installation.server.port("ingest_http"), None, TOKEN)
                before = installation.server.cpu_seconds()
                assert all(sender.post(body).status == 200 for body in bodies)
                server = installation.server.cpu_seconds() - before
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    for body in bodies:
                        connection.sendall(body)
                received = times.get(timeout=30)
                if number > 0:
                    taken["server"].append(server / len(lines) * 1e9)
                    taken["receive and discard"].append(received / len(lines) * 1e9)
                    taken["reference extraction"].append(reference_ns(options.build))
            installation.server.stop()
        sink.close()
    medians = {name: statistics.median(rounds) for name, rounds in taken.items()}
    for name, rounds in taken.items():
        print(f"{name}: {medians[name]:,.0f} ns an event ({min(rounds):,.0f} to {max(rounds):,.0f})")
    limit = medians["receive and discard"] + medians["reference extraction"]
    print(f"ratio to the limit: {medians['server'] / limit:.2f}")


if __name__ == "__main__":
    main()
