#!/usr/bin/env python3
"""Instructions an event of two builds, by valgrind --tool=callgrind: repeatable where time is noise.

Usage: perf/instructions.py --base OLD/straykey --head NEW/straykey [--only http gzip ...] [--events 3000] [--most 1.02].
Exit code 1 if a workload of head takes more than --most times what base takes. Both read the trail that base's simulate writes. steady: the difference between three
passes and one, after the trail was taught; timers make it differ by 1 %, so the least of several rounds counts. learning: the first pass, less an idle server. scan: all files, less one.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

STEADY = ("http", "gzip", "https", "single", "syslog")
LEARNING = ("http", "syslog")
NAMES = [*(f"{name}, steady" for name in STEADY), *(f"{name}, learning" for name in LEARNING), "scan"]
FEWER = {"single": 0.25}           # of the events: a request each


def instructions_in(out):
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))


def callgrind(out):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]


def run_server(bench, workload, passes, teach):
    from workloads import WORKLOADS
    out = bench.folder / f"callgrind.{workload.name}.{passes}.{teach}"

    def prepare(installation):
        text = installation.configuration.read_text().replace("[storage]", '[storage]\nmap_bytes = "4 GiB"', 1)
        # Nothing measured here comes by RELP, and a program of before it refuses the setting.
        installation.configuration.write_text(re.sub(r"(?m)^relp = .*\n", "", text))
        installation.server.prefix = callgrind(out)

    with bench.server(prepare=prepare) as installation:
        def send(one):
            import load
            from pipeline_bench import events_received
            bench.material.freshen()
            requests, events = one.requests(bench.material, max(1, int(bench.material.events * FEWER.get(one.name, 1))))
            tls = load.trusting(installation.certificate) if one.tls else None
            received = 0 if one.answered else events_received(installation)
            taken = one.send(installation.server.port(one.listener), requests, tls)
            deadline = time.monotonic() + 60
            while not one.answered and (taken := events_received(installation) - received) < events:
                assert time.monotonic() < deadline, f"{one.name}: {taken} of {events} events were processed"
                time.sleep(0.2)
            assert taken == events, f"{one.name}: {taken} of {events} events were acknowledged"
            return events
        if teach:
            send(WORKLOADS[0])
        events = sum(send(workload) for _ in range(passes))
    return instructions_in(out), events


def steady(bench, workload):
    (few, events_few), (many, events_many) = (run_server(bench, workload, passes, True) for passes in (1, 3))
    return (many - few) / (events_many - events_few)


def learning(bench, workload):
    (idle, _), (busy, events) = (run_server(bench, workload, passes, False) for passes in (0, 1))
    return (busy - idle) / events


def scan(bench):
    from straykey_process import STRAYKEY
    taken = []
    for files in (bench.trail.files[:1], bench.trail.files):
        out = bench.folder / f"callgrind.scan.{len(files)}"
        subprocess.run([*callgrind(out), STRAYKEY, "scan", "--aws-ranges", bench.trail.folder / "ip-ranges.json", "--asn",
                        bench.trail.folder / "asn.csv", "--trusted", bench.trail.trusted, *files],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        taken.append(instructions_in(out))
    return (taken[1] - taken[0]) / (bench.trail.events - len(json.loads(bench.trail_texts[0])["Records"]))


def measure(options):
    """Of the binary that STRAYKEY names; one JSON object."""
    from pipeline_bench import Bench  # reads STRAYKEY, and knows where the tests' modules are
    from installation import scratch_folder
    from workloads import WORKLOADS
    import straykey_process
    straykey_process.START_S_MAX = 600      # callgrind on a busy machine
    options.shards = 1
    named = {workload.name: workload for workload in WORKLOADS}
    found = {}
    with scratch_folder() as folder:
        measured_program, straykey_process.STRAYKEY = straykey_process.STRAYKEY, str(options.simulate)
        bench = Bench(folder, options)
        straykey_process.STRAYKEY = measured_program
        try:
            for name in options.only:
                workload, _, state = name.partition(", ")
                found[name] = scan(bench) if name == "scan" else {"steady": steady, "learning": learning}[state](
                    bench, named[workload])
                print(f"{name}: {found[name]:,.0f}", file=sys.stderr, flush=True)
        finally:
            bench.close()
    return found


def measured(binary, options):
    done = subprocess.run([sys.executable, "-B", __file__, "--measure", "--events", str(options.events), "--simulate",
                           str(options.base.resolve()), "--only", *options.only], env={**os.environ, "STRAYKEY": str(binary.resolve())}, stdout=subprocess.PIPE,
                          text=True, check=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--head", type=Path)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=1, help="the least of so many counts")
    parser.add_argument("--most", type=float, default=1.02)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--simulate", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        options.build = Path()
        print(json.dumps(measure(options)))
        return 0
    if not options.base or not options.head:
        parser.error("--base and --head name the two programs")
    taken = [(measured(options.base, options), measured(options.head, options)) for _ in range(options.rounds)]
    base, head = ({name: min(turn[i][name] for turn in taken) for name in options.only} for i in (0, 1))
    print("| workload | base, instructions an event | head | ratio | at most | well |\n|---|---|---|---|---|---|")
    well = True
    for name in options.only:
        ratio = head[name] / base[name]
        well = well and ratio <= options.most
        print(f"| {name} | {base[name]:,.0f} | {head[name]:,.0f} | {ratio:.3f} | {options.most} "
              f"| {'yes' if ratio <= options.most else 'NO'} |")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
