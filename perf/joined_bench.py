#!/usr/bin/env python3
"""A body of EventBridge events that are joined without a separator, as Firehose joins them, beside the same in lines.

CPU time of the whole server for one body, both taken in turns in the same run. STRAYKEY names the release binary.
Usage: perf/joined_bench.py [--megabytes 16] [--rounds 7] [--most 1.3]. Exit code 1 if joined costs more than --most times.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path
from types import SimpleNamespace

from pipeline_bench import ROOT, Bench, wait_until_still  # finds the tests' modules
from installation import TOKEN, scratch_folder
from measured_process import cpu_ns
import load


def event_bridge(record):
    return json.dumps({"version": "0", "id": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.sts",
                       "account": "111122223333", "detail": record}, separators=(",", ":")).encode()


def events_of(bench, size):
    events = [event_bridge(record) for text in bench.trail_texts for record in json.loads(text)["Records"]]
    taken, held = [], 0
    while held < size:
        taken.append(events[len(taken) % len(events)])
        held += len(taken[-1])
    return taken


def measure(installation, body, events):
    pid, port = installation.server.pid, installation.server.port("ingest_http")
    wait_until_still(pid)
    before = cpu_ns(pid)
    acknowledged = load.send_on_kept(port, [load.post(body, TOKEN)], 1, None)
    wait_until_still(pid)
    assert acknowledged == events, f"{acknowledged} of {events} events were acknowledged"
    return (cpu_ns(pid) - before) / events


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where perf/limits was built")
    parser.add_argument("--most", type=float, default=1.3)
    options = parser.parse_args()
    with scratch_folder() as folder:
        bench = Bench(folder, SimpleNamespace(events=5000, shards=1, build=options.build))
        events = events_of(bench, options.megabytes * 1e6)
        bodies = {"joined": b"".join(events), "lines": b"\n".join(events)}
        taken = {name: [] for name in bodies}
        with bench.server() as installation:
            for body in bodies.values():
                measure(installation, body, len(events))        # learned before it counts
            for _ in range(options.rounds):
                for name, body in bodies.items():
                    taken[name].append(measure(installation, body, len(events)))
        bench.close()
    for name, costs in taken.items():
        print(f"{name}: {statistics.median(costs):,.0f} ns of CPU an event ({min(costs):,.0f} to {max(costs):,.0f}), "
              f"{len(events):,} events, {len(bodies[name]) / 1e6:.1f} MB")
    ratio = statistics.median(taken["joined"]) / statistics.median(taken["lines"])
    print(f"joined costs {ratio:.2f} of lines (at most {options.most})")
    sys.exit(0 if ratio <= options.most else 1)


if __name__ == "__main__":
    main()
