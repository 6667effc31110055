#!/usr/bin/env python3
"""How long the page's questions take with 100,000 alerts in the store, quiet and while events come in; and what an open page costs.

Usage: page_latency.py [--alerts N] [--asked N] [--rate EVENTS] [--straykey PROGRAM]. Made with real requests over loopback, on a real store.
"""
import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

RECORDS_A_BODY = 1_000
ALERTS_A_DAY = 5_000
QUIET_S = 20


def theft(number):
    """One call with the key of a Lambda function that nobody has seen, from outside AWS."""
    day = 1 + number // ALERTS_A_DAY
    name, address = f"service-{number % 50_000:05}", f"{('198.51.100', '203.0.113')[number % 2]}.{number * 7 % 254 + 1}"
    role, account = f"{name}-role", ("111122223333", "444455556666")[number % 2]
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventTime": f"2025-05-{day:02}T{number % 24:02}:{number % 60:02}:00Z",
            "eventSource": "s3.amazonaws.com", "eventName": ("ListBuckets", "GetObject", "PutObject")[number % 3], "awsRegion": "us-east-1",
            "sourceIPAddress": address, "userAgent": "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.8.0 lang/python#3.12.3",
            "recipientAccountId": account, "requestParameters": {"bucketName": f"bucket-{number % 500}"}, "responseElements": None,
            "userIdentity": {"type": "AssumedRole", "principalId": f"AROA{number % 50_000:012}:{name}", "accountId": account,
                             "accessKeyId": f"ASIA{number:09}EXAMPLE", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
                             "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": f"AROA{number % 50_000:012}", "accountId": account,
                                                                  "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role}},
                             "inScopeOf": {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": f"arn:aws:lambda:us-east-1:{account}:function:{name}"}}}


def body_of(records):
    return json.dumps({"Records": records}).encode()


def gauge(admin, name):
    status = admin.get("/api/v1/status").json()["items"][0]
    return sum(one["value"] for one in status["series"] if one["name"] == name), status["unjudged"]


class Load:
    """Known events, again and again, at a rate."""

    def __init__(self, installation, bodies, rate):
        self.sent, self.ending = 0, False
        self.threads = [threading.Thread(target=self.send, args=(installation, bodies, rate / 2), daemon=True) for _ in range(2)]

    def send(self, installation, bodies, rate):
        began, mine, at = time.monotonic(), 0, 0
        with installation.sender() as sender:
            while not self.ending:
                at = (at + 1) % len(bodies)
                assert sender.post(bodies[at]).status == 200
                mine += RECORDS_A_BODY
                self.sent += RECORDS_A_BODY
                time.sleep(max(0.0, began + mine / rate - time.monotonic()))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        for thread in self.threads:
            thread.join()


def questions(admin):
    """name -> function of a random generator that gives a target."""
    ids = [item["id"] for item in admin.get("/api/v1/alerts/search?limit=500").json()["items"]]
    service = lambda dice: f"service-{dice.randrange(50_000):05}"  # noqa: E731
    return {
        "list": lambda dice: "/api/v1/alerts/search?limit=50",
        "list, second page of a filter": lambda dice: "/api/v1/alerts/search?limit=50&status=open&severity=high,low&network=AS64511",
        "filter by identity": lambda dice: f"/api/v1/alerts/search?identity=111122223333/{service(dice)}-role/{service(dice)}",
        "search for a text": lambda dice: f"/api/v1/alerts/search?text={service(dice)}",
        "filter by key": lambda dice: f"/api/v1/alerts/search?key=ASIA{dice.randrange(100_000):09}EXAMPLE",
        "counts and timeline": lambda dice: "/api/v1/alerts/counts?status=open",
        "detail": lambda dice: f"/api/v1/alerts/show?id={dice.choice(ids)}",
        "investigation": lambda dice: f"/api/v1/alerts/investigate?id={dice.choice(ids)}",
    }


def measure(admin, asked, title):
    dice = random.Random(1)
    print(f"\n{title}\n{'question':34} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8}")
    for name, target in questions(admin).items():
        times = []
        for _ in range(asked):
            path = target(dice)
            began = time.perf_counter()
            reply = admin.get(path)
            times.append((time.perf_counter() - began) * 1000)
            assert reply.status == 200, reply.body
        times.sort()
        print(f"{name:34} {times[len(times) // 2]:8.1f} {times[len(times) * 99 // 100]:8.1f} {times[-1]:8.1f}", flush=True)


def fill(installation, admin, alerts):
    began = time.monotonic()
    with installation.sender() as sender:
        for first in range(0, alerts, RECORDS_A_BODY):
            assert sender.post(body_of([theft(number) for number in range(first, first + RECORDS_A_BODY)])).status == 200
    while gauge(admin, "straykey_alert_index_alerts")[1] > 0:
        time.sleep(0.2)
    print(f"{alerts} thefts were sent and judged in {time.monotonic() - began:.0f} s")


def watch_as_a_page_does(installation, ending):
    with installation.admin() as status, installation.admin() as events:
        def stream():
            after = ""
            while not ending.is_set():
                text = events.get(f"/api/v1/alerts/events?after={after}").body.decode()
                after = text.rpartition("id: ")[2].split("\n")[0]
        threading.Thread(target=stream, daemon=True).start()
        while not ending.wait(5):
            status.get("/api/v1/status")


def cost_of_a_page(installation, bodies, rate):
    """CPU of the server for each event, in turns with and without a page that watches."""
    figures = {False: [], True: []}
    for turn in range(6):
        ending = threading.Event()
        if turn % 2 == 1:
            threading.Thread(target=watch_as_a_page_does, args=(installation, ending), daemon=True).start()
        with Load(installation, bodies, rate) as load:
            before, sent = installation.server.cpu_seconds(), load.sent
            time.sleep(QUIET_S / 2)
            used, events = installation.server.cpu_seconds() - before, load.sent - sent
        ending.set()
        figures[turn % 2 == 1].append(used / events * 1e6)
    for watched, values in figures.items():
        print(f"{'a page is open' if watched else 'no page':16} {sorted(values)[1]:.2f} us of CPU an event, median of {', '.join(f'{one:.2f}' for one in values)}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--alerts", type=int, default=100_000)
    arguments.add_argument("--asked", type=int, default=500)
    arguments.add_argument("--rate", type=int, default=50_000)
    arguments.add_argument("--straykey")
    given = arguments.parse_args()
    if given.straykey:
        os.environ["STRAYKEY"] = given.straykey
    from installation import Installation  # noqa: PLC0415, reads the environment
    more = "[detection]\nactivation_days = 0\nflood_max = 1000000\n"
    with tempfile.TemporaryDirectory(prefix="straykey-perf.") as scratch, Installation(Path(scratch) / "server", shards=2, more=more) as installation:
        server = installation.server.start()
        with installation.admin() as admin:
            fill(installation, admin, given.alerts)
        server.stop()
        began = time.monotonic()
        server.start()
        ready = time.monotonic() - began
        with installation.admin() as admin:
            indexed, filled = -1, 0.0
            while True:
                before, indexed = indexed, gauge(admin, "straykey_alert_index_alerts")[0]
                if indexed == before and indexed > 0:
                    break
                filled = time.monotonic() - began
                time.sleep(1)
            size = gauge(admin, "straykey_alert_index_bytes")[0]
            print(f"ready after {ready:.1f} s; {indexed:.0f} alerts in memory after {filled:.0f} s, {size / max(1, indexed):.0f} bytes each")
            measure(admin, given.asked, "quiet")
            bodies = [body_of([theft(number) for number in range(first, first + RECORDS_A_BODY)])
                      for first in range(given.alerts - 10 * RECORDS_A_BODY, given.alerts, RECORDS_A_BODY)]
            with Load(installation, bodies, given.rate) as load:
                time.sleep(2)
                began, sent = time.monotonic(), load.sent
                measure(admin, given.asked, f"while events come in, {given.rate} a second wanted")
                print(f"{(load.sent - sent) / (time.monotonic() - began):.0f} events a second came in; load of the machine {os.getloadavg()[0]:.1f}")
        cost_of_a_page(installation, bodies, given.rate)
        server.stop()


if __name__ == "__main__":
    main()
