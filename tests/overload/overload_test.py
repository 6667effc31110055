#!/usr/bin/env python3
"""Floods a server in each way that it has a limit against, while a well-behaved sender goes on beside them.

Usage: overload_test.py [--long] [FLOOD...]      the floods: silent slow accepts descriptors ladder rates idle
In every flood each request of the well-behaved sender is answered 200 (a 503 with Retry-After may come before), health
answers on every listener, and after kill -9 the store holds all that was acknowledged. A line for each flood tells how
long the sender waited; --long takes the numbers of the specification and fails if its p99 is a second or more.
Memory is measured by what the process holds before and with the connections of a flood.
"""
import argparse
import json
import multiprocessing
import re
import resource
import socket
import ssl
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from installation import TOKEN, Installation  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from sender import NoAnswer, Sender  # noqa: E402

OF_AN_ADDRESS = 200            # connections; the server allows 256
FIRST_ACCOUNT = 100_000_000_000
P99_S_MAX = 1.0
SMALL = {"silent": 400, "slow": 1_000, "accepts_s": 3, "descriptors": 400, "ladder_s": 3, "rates_s": 3, "idle": 200}
LARGE = {"silent": 2_000, "slow": 10_000, "accepts_s": 20, "descriptors": 2_000, "ladder_s": 20, "rates_s": 20, "idle": 2_000}


def record(account):
    return json.dumps({"eventVersion": "1.11", "eventTime": "2025-06-01T10:00:00Z", "eventName": "ListBuckets",
                       "eventSource": "s3.amazonaws.com", "recipientAccountId": str(account), "sourceIPAddress": "192.0.2.10",
                       "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAEXAMPLEEXAMPLE00", "accountId": str(account)}}).encode()


class WellBehaved(threading.Thread):
    """Posts one record after the other, each of a new account, and repeats what was not acknowledged."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site = site
        self.done = threading.Event()
        self.waits, self.acknowledged, self.odd, self.busy = [], [], [], 0

    def run(self):
        account, sender = FIRST_ACCOUNT, self.site.installation.sender()
        while not self.done.wait(0.01):
            began = time.monotonic()
            try:
                reply = sender.post(record(account))
            except NoAnswer:
                # A kept connection may have been closed as idle, or lost its place before its first request.
                sender = self.site.installation.sender()
                self.busy += 1
                continue
            self.waits.append(time.monotonic() - began)
            if reply.status == 503 and reply.headers.get("retry-after"):
                self.busy += 1
            elif reply.status == 200:
                self.acknowledged.append(account)
                account += 1
            else:
                self.odd.append(reply)
        sender.close()

    def p99(self):
        return sorted(self.waits)[int(len(self.waits) * 0.99)] if self.waits else float("inf")


class Health(threading.Thread):
    """Asks every listener anew, again and again."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site = site
        self.done = threading.Event()
        self.asked, self.failed, self.longest = 0, [], 0

    def run(self):
        while not self.done.wait(0.1):
            for asker in (self.site.installation.admin, self.site.installation.sender):
                began = time.monotonic()
                try:
                    with asker() as asked:
                        status = asked.get("/healthz").status
                except (NoAnswer, OSError) as error:
                    status = str(error)
                self.asked += 1
                self.longest = max(self.longest, time.monotonic() - began)
                if status != 200:
                    self.failed.append((asker.__name__, status))


class Site:
    def __init__(self, folder, more="", prefix=()):
        (folder / "server" / "conf.d").mkdir(parents=True)
        (folder / "server" / "conf.d" / "more.toml").write_text('[ingest]\nhttp = "127.0.0.1:0"\n' + more)
        self.installation = Installation(folder / "server")
        self.server = self.installation.server
        self.server.prefix = list(prefix)
        self.server.start()

    def resident_bytes(self):
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def counters(self):
        with self.installation.admin() as admin:
            return read_metrics(admin.get("/metrics").body.decode())


def connect(port, number):
    """From an address of its own for each OF_AN_ADDRESS connections."""
    return socket.create_connection(("127.0.0.1", port), 10, (f"127.0.{1 + number // OF_AN_ADDRESS // 250}."
                                                              f"{1 + number // OF_AN_ADDRESS % 250}", 0))


def try_connect(port, number):
    try:
        return connect(port, number)
    except OSError:
        return None


# --- the floods; each runs in a process of its own, says "ready" when its connections are there, and holds them ---

def hold_silent(port, count, say, end):
    held = [try_connect(port, number) for number in range(count)]
    say.set()
    end.wait()
    return held


def hold_idle(port, count, say, end):
    """A request each over TLS, answered, and nothing more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    for number in range(count):
        stream = context.wrap_socket(connect(port, number))
        stream.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 4\r\n\r\nnull".encode())
        stream.recv(4_096)
        held.append(stream)
    say.set()
    end.wait()
    return held


def drip(port, count, say, end):
    """A head that never ends, a byte of it now and then; whoever is closed comes again."""
    held = {}
    for number in range(count):
        held[number] = try_connect(port, number)
    say.set()
    while not end.is_set():
        for number, stream in held.items():
            try:
                stream.send(b"G")
            except (OSError, AttributeError):
                held[number] = try_connect(port, number)
            if end.is_set():
                return


def connect_and_go(port, seconds, say, end):
    say.set()
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until and not end.is_set():
        stream = try_connect(port, number % 10_000)
        number += 1
        if stream is not None:
            stream.close()


def post_much(port, seconds, say, end):
    """Bodies that together are more than the server may hold; what is refused is sent again."""
    say.set()
    body = b"\n".join(record(FIRST_ACCOUNT - 1 - n % 50) for n in range(4_000))
    until = time.monotonic() + seconds
    statuses = {}

    def post():
        while time.monotonic() < until and not end.is_set():
            try:
                with Sender(port, None, TOKEN) as sender:
                    status = sender.post(body).status
            except NoAnswer:
                status = "none"
            statuses[status] = statuses.get(status, 0) + 1
    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if set(statuses) - {200, 503}:
        print(f"    other answers: {statuses}", flush=True)
        sys.exit(1)
    sys.exit(0 if statuses.get(503) else 3)


def post_too_often(port, seconds, say, end):
    """From an address of its own, as fast as it goes, without a look at what is answered."""
    say.set()
    until = time.monotonic() + seconds
    statuses = {}
    while time.monotonic() < until and not end.is_set():
        with socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.9", 0)) as stream:
            body = record(FIRST_ACCOUNT - 1)
            stream.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n"
                           f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            reply = b""
            while part := stream.recv(65_536):
                reply += part
        status = int(reply[9:12]) if reply else "none"
        if status == 429 and b"retry-after:" not in reply.lower():
            status = "429 without Retry-After"
        statuses[status] = statuses.get(status, 0) + 1
    if set(statuses) - {200, 429}:
        print(f"    other answers: {statuses}", flush=True)
        sys.exit(1)
    sys.exit(0 if statuses.get(429) else 3)


def flood(site, name, numbers):
    """-> processes' targets, and how many connections are held."""
    tls, plain = site.server.port("ingest"), site.server.port("ingest_http")
    return {"silent": [(hold_silent, tls, numbers["silent"])], "idle": [(hold_idle, tls, numbers["idle"])],
            "slow": [(drip, plain, numbers["slow"] // 2), (drip, tls, numbers["slow"] // 2)],
            "accepts": [(connect_and_go, port, numbers["accepts_s"]) for port in (tls, plain)],
            "descriptors": [(hold_silent, port, numbers["descriptors"]) for port in (tls, plain)],
            "ladder": [(post_much, plain, numbers["ladder_s"])] * 2,
            "rates": [(post_too_often, plain, numbers["rates_s"])] * 2}[name]


MORE = {"ladder": 'body_bytes_max = "2 MiB"\nbytes_in_flight_max = "4 MiB"\nqueued_bytes_max = "4 MiB"\n',
        "rates": "address_requests_per_s = 120\nrate_burst_s = 0.1\n"}
PREFIX = {"descriptors": ["prlimit", "--nofile=1024:1024"]}
FLOODS = ("silent", "idle", "slow", "accepts", "descriptors", "ladder", "rates")
TIMED = ("accepts", "ladder", "rates")          # they end by themselves
HELD_S = {"silent": 4, "slow": 8, "descriptors": 4, "idle": 2}


def accounts_stored(site):
    said = site.installation.command("baseline", "dump")
    assert said.returncode == 0, said.stderr
    return {int(fact["scope"]) for fact in map(json.loads, said.stdout.splitlines()) if fact["kind"] == "account"}


def try_flood(name, numbers, is_long):
    """-> what went wrong."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="straykey-overload.") as scratch:
        site = Site(Path(scratch), MORE.get(name, ""), PREFIX.get(name, ()))
        try:
            sender, health = WellBehaved(site), Health(site)
            sender.start()
            health.start()
            while len(sender.acknowledged) < 20 and sender.is_alive():
                time.sleep(0.05)
            before = site.resident_bytes()
            end = multiprocessing.Event()
            targets, says, processes = flood(site, name, numbers), [], []
            for target, port, amount in targets:
                says.append(multiprocessing.Event())
                processes.append(multiprocessing.Process(target=target, args=(port, amount, says[-1], end), daemon=True))
                processes[-1].start()
            for say in says:
                say.wait(300)
            per_connection = (site.resident_bytes() - before) / sum(amount for _, _, amount in targets)
            if name in TIMED:
                for process in processes:
                    process.join(numbers[f"{name}_s"] + 60)
            else:
                time.sleep(HELD_S[name] * (3 if is_long else 1))
            end.set()
            for process in processes:
                process.join(30)
                process.kill()
            codes = {process.exitcode for process in processes}
            if name == "ladder" and codes != {0}:
                wrong.append(f"the flood was not refused with 503 alone: {codes}")
            if name == "rates" and codes != {0}:
                wrong.append(f"the flood was not refused with 429 alone: {codes}")
            acknowledged = len(sender.acknowledged)
            deadline = time.monotonic() + 30
            while len(sender.acknowledged) < acknowledged + 5 and time.monotonic() < deadline:
                time.sleep(0.05)
            if len(sender.acknowledged) < acknowledged + 5:
                wrong.append("afterwards the sender does not go on")
            for thread in (sender, health):
                thread.done.set()
                thread.join(90)
            refused = {labels: int(value) for (one, labels), value in site.counters().items()
                       if one == "straykey_connections_refused_total" and value}
            site.server.kill()
            lost = set(sender.acknowledged) - accounts_stored(site)
        finally:
            site.server.stop_if_running()
    line = (f"{name:<12} sender {len(sender.acknowledged)} acknowledged, {sender.busy} repeated, p99 {sender.p99() * 1000:.0f} ms, "
            f"longest {max(sender.waits) * 1000:.0f} ms; health {health.asked} asked, longest {health.longest * 1000:.0f} ms; "
            f"lost {len(lost)}")
    if name in ("silent", "idle"):
        line += f"; {per_connection / 1024:.1f} KiB a connection"
    print(line, flush=True)
    for labels, value in refused.items():
        print(f"    refused {labels}: {value}", flush=True)
    if lost:
        wrong.append(f"acknowledged and lost: {sorted(lost)[:5]}")
    if sender.odd:
        wrong.append(f"the sender heard {sender.odd[:3]}")
    if health.failed:
        wrong.append(f"health failed {len(health.failed)} times: {health.failed[:3]}")
    if is_long and sender.p99() >= P99_S_MAX:
        wrong.append(f"p99 is {sender.p99():.2f} s")
    return wrong


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("floods", nargs="*", metavar="FLOOD")
    given = options.parse_args()
    if unknown := set(given.floods) - set(FLOODS):
        options.error(f"there is no flood {unknown}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    failed = 0
    for name in given.floods or FLOODS:
        for sentence in try_flood(name, LARGE if given.long else SMALL, given.long):
            print(f"    WRONG: {sentence}", flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
