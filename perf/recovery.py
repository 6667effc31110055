#!/usr/bin/env python3
"""How long from the start of a server that was killed until it is ready, with as many rows as are promised.

STRAYKEY names the program; --maker is build/.../perf/recovery_store. Warm: the files are in the page cache; --cold
makes the system forget them before each start.
"""
import argparse
import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))

from installation import Installation, Trail, scratch_folder  # noqa: E402

ENDPOINTS = 10
POLL_S = 0.002
READY_S_MAX = 120


def webhooks(folder):
    """Endpoints that nobody answers at, so that the outbox stays as it is."""
    return "".join(f"""[[webhook]]
name = "endpoint-{number}"
url = "http://127.0.0.1:9/hook"
allow_http = true
allow_cidrs = ["127.0.0.1/32"]
secret = {{ file = "{folder}/webhook-secret" }}
""" for number in range(ENDPOINTS))


def forget(data_dir):
    for path in data_dir.rglob("data.mdb"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def seconds_until_ready(installation):
    server = installation.server
    began = time.monotonic()
    server.launch()
    while time.monotonic() - began < READY_S_MAX:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port("admin"), timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return time.monotonic() - began
        except (AssertionError, OSError):      # not listening yet
            pass
        time.sleep(POLL_S)
    raise AssertionError("not ready\n" + server.log_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maker", required=True)
    parser.add_argument("--facts", type=int, default=10_000_000)
    parser.add_argument("--outbox", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        with Installation(folder / "server", trail, shards=options.shards, more=webhooks(folder / "server")) as made:
            began = time.monotonic()
            subprocess.run([options.maker, made.data_dir, str(options.facts), str(options.outbox),
                            str(options.shards)], check=True)
            sizes = {path.parent.name: path.stat().st_size for path in sorted(made.data_dir.rglob("data.mdb"))}
            print(f"made in {time.monotonic() - began:.0f} s: " +
                  ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in sizes.items()), flush=True)
            times = []
            for run in range(options.runs):
                if options.cold:
                    forget(made.data_dir)
                times.append(seconds_until_ready(made))
                with made.sender() as sender:
                    for path in trail.files[run % 10:: options.runs]:
                        assert sender.post_file(path).status == 200
                made.server.kill()
                print(f"{times[-1]:.2f}", end=" ", flush=True)
            print()
            times.sort()
            print(f"{'cold' if options.cold else 'warm'}, {options.runs} starts after kill -9: ready after "
                  f"{times[0]:.2f} s at best, {times[len(times) // 2]:.2f} s median, {times[-1]:.2f} s at worst")


if __name__ == "__main__":
    main()
