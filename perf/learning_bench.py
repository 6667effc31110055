#!/usr/bin/env python3
"""What a new fact costs in a large store: CPU, and bytes given to the kernel for files, of one build or of two in turns.

Usage: perf/learning_bench.py BUILD [BUILD] [--facts 10000000] [--events 150000] [--rounds 3] [--shards 2]. A BUILD is a build folder: its tools/straykey
learns on top of so many facts that its perf/recovery_store made, the second beside the first as a ratio. Every event is the first of a new
function, which teaches six facts. Nothing is judged, because no account is active.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "perf"))

RECORDS_A_BODY = 500
CONNECTIONS = 4


def first_call(number):
    """Of a function that nobody has seen, from its own network."""
    name, account = f"fn-{number:07}", ("111122223333", "444455556666")[number % 2]
    role = f"{name}-role"
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-9000-{number:012}", "eventTime": f"2025-05-01T{number % 24:02}:{number % 60:02}:00Z",
            "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "us-east-1",
            "sourceIPAddress": f"198.51.{number % 97}.{number % 13 + 1}", "userAgent": "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.8.0 lang/python#3.12.3 m/g,Z",
            "recipientAccountId": account, "requestParameters": {"bucketName": f"bucket-{number % 500}"}, "responseElements": None,
            "userIdentity": {"type": "AssumedRole", "principalId": f"AROA{number:012}:{name}", "accountId": account,
                             "accessKeyId": f"ASIA{number:09}EXAMPLE", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
                             "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": f"AROA{number:012}", "accountId": account,
                                                                  "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role}},
                             "inScopeOf": {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": f"arn:aws:lambda:us-east-1:{account}:function:{name}"}}}


def bytes_written(pid):
    """Of all write calls; replies to senders are no such calls. write_bytes beside it counts whole folios: on ext4 of Linux 6.18 several times as many."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


def learned(installation):
    with installation.admin() as admin:
        text = admin.get("/metrics").body.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("straykey_facts_learned_total"))


def send(installation, bodies):
    import threading
    failed = []

    def mine(first):
        with installation.sender() as sender:
            for body in bodies[first::CONNECTIONS]:
                reply = sender.post(body)
                if reply.status != 200:
                    failed.append(reply)
                    return
    threads = [threading.Thread(target=mine, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]


def measure(build, options, bodies, events):
    """(us of CPU a fact, bytes a fact, us of CPU an event, facts)"""
    import straykey_process
    from installation import Installation
    from measured_process import cpu_ns
    straykey_process.STRAYKEY = str(build / "tools/straykey")
    straykey_process.START_S_MAX = 120
    with tempfile.TemporaryDirectory(prefix="straykey-perf.") as scratch, Installation(Path(scratch) / "server", shards=options.shards) as installation:
        subprocess.run([build / "perf/recovery_store", installation.data_dir, str(options.facts), "0", str(options.shards)], check=True)
        os.sync()
        server = installation.server.start()
        pid = server.pid
        before, written, facts = cpu_ns(pid), bytes_written(pid), learned(installation)
        send(installation, bodies)
        used, written, facts = cpu_ns(pid) - before, bytes_written(pid) - written, learned(installation) - facts
        server.stop()
    return used / facts / 1e3, written / facts, used / events / 1e3, facts


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("builds", nargs="+", type=Path)
    arguments.add_argument("--facts", type=int, default=10_000_000)
    arguments.add_argument("--events", type=int, default=150_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--shards", type=int, default=2)
    options = arguments.parse_args()
    os.environ.setdefault("STRAYKEY", str(options.builds[0] / "tools/straykey"))
    bodies = [json.dumps({"Records": [first_call(number) for number in range(first, first + RECORDS_A_BODY)]}).encode()
              for first in range(0, options.events, RECORDS_A_BODY)]
    events = len(bodies) * RECORDS_A_BODY
    found = {build: [] for build in options.builds}
    for turn in range(options.rounds):
        for build in options.builds if turn % 2 == 0 else reversed(options.builds):
            found[build].append(measure(build.resolve(), options, bodies, events))
            cpu, written, of_event, facts = found[build][-1]
            print(f"{build}: {facts:,.0f} facts over {options.facts:,}: {cpu:.2f} us of CPU and {written:,.0f} bytes a fact, {of_event:.2f} us an event; "
                  f"load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    medians = {build: [statistics.median(column) for column in zip(*rows)] for build, rows in found.items()}
    for build, (cpu, written, of_event, _) in medians.items():
        print(f"{build}, median of {options.rounds}: {cpu:.2f} us and {written:,.0f} bytes a fact, {of_event:.2f} us an event")
    if len(options.builds) == 2:
        first, second = (medians[build] for build in options.builds)
        print(f"the second by the first: CPU {second[0] / first[0]:.2f}, bytes {second[1] / first[1]:.2f}")


if __name__ == "__main__":
    main()
