#!/usr/bin/env python3
"""Measures a server on a long sample trail over HTTPS: a first pass (it learns), then the same again (steady state).

Not a test: run it on a quiet machine. The sender shares the machine; only the server's CPU time is the server's.
"""
import argparse
import os
import queue
import threading
import time

from installation import Installation, Trail, scratch_folder
from webhook_sink import WebhookSink


def post_all(installation, files, connections):
    """-> reply times in s, each connection taking the next file."""
    waiting, times = queue.SimpleQueue(), []
    for path in files:
        waiting.put(path)

    def work():
        with installation.sender() as sender:
            while True:
                try:
                    path = waiting.get_nowait()
                except queue.Empty:
                    return
                body = path.read_bytes()
                began = time.monotonic()
                reply = sender.post(body, "gzip")
                times.append(time.monotonic() - began)
                assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == len(files), f"{len(times)} of {len(files)} requests were answered"
    return times


def measure(name, installation, trail, connections):
    cpu, began = installation.server.cpu_seconds(), time.monotonic()
    times = sorted(post_all(installation, trail.files, connections))
    wall, cpu = time.monotonic() - began, installation.server.cpu_seconds() - cpu
    p50_ms, p99_ms, max_ms = (times[min(len(times) * share // 100, len(times) - 1)] * 1e3 for share in (50, 99, 100))
    print(f"{name}: {trail.events / wall:,.0f} events/s, {cpu / trail.events * 1e6:.2f} us of CPU an event, "
          f"peak RSS {installation.server.rss_peak_bytes() / 2**20:.0f} MiB, "
          f"reply p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms, max {max_ms:.0f} ms; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    with scratch_folder() as folder:
        trail = Trail(folder / "sample", "--events", options.events)
        size = sum(path.stat().st_size for path in trail.files)
        print(f"{trail.events:,} events in {len(trail.files)} requests, {size / 2**20:.0f} MiB of gzip", flush=True)
        for shards in options.shards:
            sink = WebhookSink()
            with Installation(folder / f"server-{shards}", trail, sink, shards) as installation:
                installation.server.start()
                for name in ("first pass", "again"):
                    measure(f"{shards} shards, {name}", installation, trail, options.connections)
                sink.wait_for(len(trail.labels), 0, 30)
                code = installation.server.stop()
                print(f"exit code {code}, {len(sink.alerts())} alerts of {len(trail.labels)} labelled")
            sink.close()


if __name__ == "__main__":
    main()
