#!/usr/bin/env python3
"""Where the CPU time of an event goes, by stage: the server of pipeline_bench in steady state, sampled by perf.

STRAYKEY names the release binary (build/release without it); the build folder holds perf/limits. Needs `perf` and the
right to use it. Usage: perf/stage_split.py [--only http gzip ...] [--events 60000] [--seconds 5].
A sample belongs to the first stage whose pattern is found, innermost frame first; the kernel's frames tell which call it was in.
"""
import argparse
import collections
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from pipeline_bench import Bench, scratch_folder
from measured_process import SENDER_CPU, cpu_ns, on_cpu
from workloads import WORKLOADS
import load

SAMPLES_A_SECOND = 4000
# Of any thread: what a frame, "symbol (file)", says by itself. What none of them knows is its thread's.
STAGES = [(stage, re.compile(pattern)) for stage, pattern in (
    ("receive", r"sys_recv|sys_read\b|ksys_read|tcp_recvmsg|sock_read"),
    ("reply", r"sys_send|sys_write|ksys_write|sock_write"),
    ("wait and wake", r"futex|epoll|eventfd|sem_clockwait|schedule|ret_from_fork|LightweightSemaphore"),
    ("inflate", r"libdeflate"),
    ("TLS", r"libssl|libcrypto"),
    ("read", r"libsimdjson|simdjson::|RecordWalk|Walk::|JsonIndex|MemberTable|AgentCache|PayloadReader|RecordParser"),
    ("sign and route", r"signature_of|hash_by_|hash_plainly|straykey::sign\b|absorb|hash128|hash64|straykey::route"),
)]
OF_THREAD = {"io": "rest of io", "worker": "worker", "merger": "merger"}
ORDER = [stage for stage, _ in STAGES] + list(OF_THREAD.values()) + ["other"]


def stage_of(thread, frames):
    """frames: innermost first. Library calls (memmove, malloc) count for the thread that made them."""
    for frame in frames:
        for stage, pattern in STAGES:
            if pattern.search(frame):
                return "worker" if thread == "worker" and stage in ("read", "sign and route") else stage
    return OF_THREAD.get(thread, "other")


def samples_in(text):
    """perf script's text -> (thread without number, frames)."""
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if lines:
            yield re.sub(r"-\d+$", "", lines[0].strip()), [line.strip() for line in lines[1:]]


def split(pid, send, seconds):
    """-> share of the samples by stage, ns an event, while send() is called again and again; it returns its events."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "samples"
        perf = subprocess.Popen(["perf", "record", "-e", "cpu-clock", "-F", str(SAMPLES_A_SECOND), "-g", "-o", recorded,
                                 "-p", str(pid)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        before, events, until = cpu_ns(pid), 0, time.monotonic() + seconds
        while time.monotonic() < until:
            events += send()
        taken = (cpu_ns(pid) - before) / events
        perf.terminate()
        perf.wait()
        text = subprocess.run(["perf", "script", "-i", recorded, "-F", "comm,ip,sym,dso"], capture_output=True,
                              text=True, check=True).stdout
    counts = collections.Counter(stage_of(thread, frames) for thread, frames in samples_in(text))
    return {stage: count / counts.total() for stage, count in counts.items()}, taken


def split_workload(bench, workload, installation, seconds):
    port = installation.server.port(workload.listener)
    tls = load.trusting(installation.certificate) if workload.tls else None

    def send():
        bench.material.freshen()
        requests, events = workload.requests(bench.material, max(1, int(bench.material.events * workload.share)))
        workload.send(port, requests, tls)
        return events
    send()
    return split(installation.server.pid, send, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--shards", type=int, default=1)
    options = parser.parse_args()
    if subprocess.run(["perf", "version"], capture_output=True).returncode != 0:
        sys.exit("perf is not there: install linux-perf")
    rows = {}
    with scratch_folder() as folder, on_cpu(SENDER_CPU):
        bench = Bench(folder, options)
        try:
            with bench.server() as installation:
                bench.turn(WORKLOADS[0], installation)         # teaches
                for workload in WORKLOADS:
                    if workload.name in options.only:
                        rows[workload.name] = split_workload(bench, workload, installation, options.seconds)
        finally:
            bench.close()
    print("| stage, ns of CPU an event | " + " | ".join(rows) + " |\n|---|" + "---|" * len(rows))
    for stage in ORDER:
        print(f"| {stage} | " + " | ".join(f"{shares.get(stage, 0) * taken:,.0f}" for shares, taken in rows.values()) + " |")
    print("| all | " + " | ".join(f"{taken:,.0f}" for _, taken in rows.values()) + " |")


if __name__ == "__main__":
    main()
