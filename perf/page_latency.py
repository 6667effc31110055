#!/usr/bin/env python3
"""How long the page's questions take with 100,000 alerts in the store, quiet and while events come in; and what an open page costs.

Usage: page_latency.py [--only latency cost] [--alerts N] [--asked N] [--rate EVENTS] [--rounds N] [--straykey PROGRAM] [--facts N --maker PROGRAM].
Made with real requests over loopback, on a real store; with --facts, so many facts of others lie in it before (--maker is perf/recovery_store of the build).
Beside the times stands the CPU that the operators' thread took for a question, which other work on the machine changes less. Of an open page, too, it
tells what that thread takes, which does nothing else, as a share of what the server takes: the difference of two runs would drown in the machine's noise.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "perf"))

RECORDS_A_BODY = 1_000
ALERTS_A_DAY = 5_000
ROUND_S = 10
STATUS_EVERY_S = 5       # as net/admin/page/strip.js
LIST_AGAIN_S, COUNTS_AGAIN_S = 1, 5      # as net/admin/page/list.js


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


def call_inside(number):
    """The same from inside, where nobody minds it."""
    return {**theft(number), "sourceIPAddress": f"10.0.{number % 200}.7"}


def body_of(records):
    return json.dumps({"Records": records}).encode()


def gauge(admin, name):
    status = admin.get("/api/v1/status").json()["items"][0]
    return sum(one["value"] for one in status["series"] if one["name"] == name), status["unjudged"]


def identity(number):
    """As straykey names it."""
    user = theft(number)["userIdentity"]
    return f"{user['accountId']}/{user['sessionContext']['sessionIssuer']['userName']}/{user['principalId'].partition(':')[2]}"


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
        "filter by network and severity": lambda dice: "/api/v1/alerts/search?limit=50&status=open&severity=high,low&network=198.51.100.0%2F24",
        "filter by identity": lambda dice: f"/api/v1/alerts/search?identity={identity(dice.randrange(50_000))}",
        "search for a text": lambda dice: f"/api/v1/alerts/search?text={service(dice)}",
        "filter by key": lambda dice: f"/api/v1/alerts/search?key=ASIA{dice.randrange(100_000):09}EXAMPLE",
        "counts and timeline": lambda dice: "/api/v1/alerts/counts?status=open",
        "detail": lambda dice: f"/api/v1/alerts/show?id={dice.choice(ids)}",
        "investigation": lambda dice: f"/api/v1/alerts/investigate?id={dice.choice(ids)}",
    }


def operators_cpu_ms(pid):
    from measured_process import cpu_ns_by_stage  # noqa: PLC0415, straykey_process reads the environment
    stages = cpu_ns_by_stage(pid)
    return (stages["operators"] + stages["operators-long"]) / 1e6


def measure(installation, admin, asked, title):
    dice, pid = random.Random(1), installation.server.pid
    print(f"\n{title}\n{'question':34} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8} {'CPU ms':>8}")
    for name, target in questions(admin).items():
        times, cpu = [], operators_cpu_ms(pid)
        for _ in range(asked):
            path = target(dice)
            began = time.perf_counter()
            reply = admin.get(path)
            times.append((time.perf_counter() - began) * 1000)
            assert reply.status == 200, reply.body
            assert "search?limit" not in path or reply.json()["items"], path
        cpu = (operators_cpu_ms(pid) - cpu) / asked
        times.sort()
        print(f"{name:34} {times[len(times) // 2]:8.1f} {times[len(times) * 99 // 100]:8.1f} {times[-1]:8.1f} {cpu:8.2f}", flush=True)


def fill(installation, admin, alerts):
    began = time.monotonic()
    with installation.sender() as sender:
        for first in range(0, alerts, RECORDS_A_BODY):
            assert sender.post(body_of([theft(number) for number in range(first, first + RECORDS_A_BODY)])).status == 200
    while gauge(admin, "straykey_alert_index_alerts")[1] > 0:
        time.sleep(0.2)
    print(f"{alerts} thefts were sent and judged in {time.monotonic() - began:.0f} s")


class Page:
    """What the list of alerts asks while it is open: its stream, its status, and the list and its counts when an alert is new.
    A process of its own, so that it takes no time from the threads that send events."""

    def __init__(self, installation):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, "--watch", str(installation.server.port("admin"))],
                                        stdout=subprocess.PIPE, text=True)
        self.read_again = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.read_again = len(self.process.communicate()[0].splitlines())


def admin_at(port):
    from installation import ADMIN_TOKEN  # noqa: PLC0415, reads the environment
    from sender import Sender  # noqa: PLC0415
    return Sender(port, None, ADMIN_TOKEN)


def look_as_a_page_does(port):
    with admin_at(port) as admin:
        while True:
            time.sleep(STATUS_EVERY_S)
            admin.get("/api/v1/status")


def watch_as_a_page_does(port):
    """A line for each time that the list is read again."""
    after, counted = "", 0.0
    threading.Thread(target=look_as_a_page_does, args=(port,), daemon=True).start()
    with admin_at(port) as admin:
        while True:
            text = admin.get(f"/api/v1/alerts/events?after={after}").body.decode()
            after = text.rpartition("id: ")[2].split("\n")[0]
            if "event: alert" not in text:
                continue
            time.sleep(LIST_AGAIN_S)
            admin.get("/api/v1/alerts/search?status=open&limit=50")
            print("again", flush=True)
            if time.monotonic() > counted + COUNTS_AGAIN_S:
                admin.get("/api/v1/alerts/counts?status=open")
                counted = time.monotonic()


def thefts_every_second(installation, ending, first):
    with installation.sender() as sender:
        for number in range(first, first + 10 * ROUND_S):
            if ending.wait(1):
                return
            assert sender.post(body_of([theft(number)])).status == 200


def cpu_of_an_event(installation, bodies, rate, first_theft):
    """us of the server's CPU, events a second, and the operators' thread's share of that CPU; with an alert a second from `first_theft` on if there is one."""
    from measured_process import cpu_ns  # noqa: PLC0415
    ending = threading.Event()
    if first_theft is not None:
        threading.Thread(target=thefts_every_second, args=(installation, ending, first_theft), daemon=True).start()
    with Load(installation, bodies, rate) as load:
        time.sleep(1)
        pid = installation.server.pid
        before, operators, sent = cpu_ns(pid), operators_cpu_ms(pid), load.sent
        time.sleep(ROUND_S)
        used, answering, events = cpu_ns(pid) - before, operators_cpu_ms(pid) - operators, load.sent - sent
    ending.set()
    return used / events / 1e3, events / ROUND_S, answering * 1e6 / used


def cpu_ms_of_a_second(installation):
    """Of the server's CPU, without events."""
    from measured_process import cpu_ns  # noqa: PLC0415
    time.sleep(1)
    before = cpu_ns(installation.server.pid)
    time.sleep(4 * STATUS_EVERY_S)
    return (cpu_ns(installation.server.pid) - before) / 1e6 / (4 * STATUS_EVERY_S)


def cost_of_a_page(installation, bodies, given):
    """CPU of the server for each event, in turns with and without a page that watches; the first turn changes with each round."""
    alone = cpu_ms_of_a_second(installation)
    with Page(installation):
        watched_alone = cpu_ms_of_a_second(installation)
    print(f"\nwithout events a second costs the server {alone:.2f} ms of CPU, with an open page {watched_alone:.2f}")
    next_theft = given.alerts
    with Load(installation, bodies, given.rate):      # until they are known
        time.sleep(ROUND_S)
    for alerts_come in (False, True):
        figures, shares, rates, again = {False: [], True: []}, {False: [], True: []}, [], 0
        for turn in range(2 * given.rounds):
            watched = (turn % 2 == 1) == (turn // 2 % 2 == 0)
            first, next_theft = (next_theft, next_theft + 10 * ROUND_S) if alerts_come else (None, next_theft)
            if watched:
                with Page(installation) as page:
                    figure, rate, share = cpu_of_an_event(installation, bodies, given.rate, first)
                again += page.read_again
            else:
                figure, rate, share = cpu_of_an_event(installation, bodies, given.rate, first)
            figures[watched].append(figure)
            shares[watched].append(share)
            rates.append(rate)
        print(f"\n{'a new alert every second' if alerts_come else 'no alert changes'}, {statistics.median(rates):.0f} events a second, {again} times the list was read again")
        for watched, values in figures.items():
            print(f"{'a page is open' if watched else 'no page':16} {statistics.median(values):.3f} us of CPU an event, {min(values):.3f} to {max(values):.3f}; "
                  f"the operators' thread took {statistics.median(shares[watched]):.2%} of it, {min(shares[watched]):.2%} to {max(shares[watched]):.2%}")
        ratios = [a / b - 1 for a, b in zip(figures[True], figures[False])]
        print(f"an open page: {statistics.median(ratios):+.1%} in the median round, {min(ratios):+.1%} to {max(ratios):+.1%} in all {given.rounds}", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--alerts", type=int, default=100_000)
    arguments.add_argument("--asked", type=int, default=500)
    arguments.add_argument("--rate", type=int, default=50_000)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--only", nargs="+", choices=["latency", "cost"], default=["latency", "cost"])
    arguments.add_argument("--straykey")
    arguments.add_argument("--facts", type=int, default=0)
    arguments.add_argument("--maker", type=Path)
    arguments.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.facts and given.maker is None:
        arguments.error("--facts needs --maker, perf/recovery_store of the build")
    if given.watch:
        watch_as_a_page_does(given.watch)
    if given.straykey:
        os.environ["STRAYKEY"] = given.straykey
    from installation import Installation  # noqa: PLC0415, reads the environment
    more = "[detection]\nactivation_days = 0\nflood_max = 1000000\n"
    with tempfile.TemporaryDirectory(prefix="straykey-perf.") as scratch, Installation(Path(scratch) / "server", shards=2, more=more) as installation:
        if given.facts:
            began = time.monotonic()
            subprocess.run([given.maker, installation.data_dir, str(given.facts), "0", "2"], check=True)
            print(f"{given.facts:,} facts were made in {time.monotonic() - began:.0f} s", flush=True)
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
            if "latency" in given.only:
                measure(installation, admin, given.asked, "quiet")
            bodies = [body_of([theft(number) for number in range(first, first + RECORDS_A_BODY)])
                      for first in range(given.alerts - 10 * RECORDS_A_BODY, given.alerts, RECORDS_A_BODY)]
            if "latency" in given.only:
                with Load(installation, bodies, given.rate) as load:
                    time.sleep(2)
                    began, sent = time.monotonic(), load.sent
                    measure(installation, admin, given.asked, f"while events come in, {given.rate} a second wanted")
                    print(f"{(load.sent - sent) / (time.monotonic() - began):.0f} events a second came in; load of the machine {os.getloadavg()[0]:.1f}")
        if "cost" in given.only:
            calls = [body_of([call_inside(number) for number in range(first, first + RECORDS_A_BODY)]) for first in range(0, 10 * RECORDS_A_BODY, RECORDS_A_BODY)]
            cost_of_a_page(installation, calls, given)
        server.stop()


if __name__ == "__main__":
    main()
