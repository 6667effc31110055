#!/usr/bin/env python3
"""Reload after reload under load: HTTPS, HTTP and syslog over TCP, listeners moving to and fro, limits, tokens and
detection changing. What was sent is what was received, and each alert is told once."""
import json
import select
import signal
import socket
import threading
import time

from installation import TOKEN, Installation, Trail, scratch_folder, write_secret
from metrics_text import read_metrics
from reload_test import free_port, wait_until
from sender import NoAnswer, Sender
from webhook_sink import WebhookSink

NOISE_TOKENS = {f"noise-{n}": f"noise-token-{n}-of-the-tests-0123456789" for n in range(3)}
RELOADS_MIN = 25


def noise(sender, number):
    """A call of a person, who is nobody's workload."""
    return json.dumps({
        "eventVersion": "1.08", "eventTime": "2025-06-30T12:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets", "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "aws-cli/2",
        "eventID": f"{sender}-{number}", "eventType": "AwsApiCall", "recipientAccountId": "444455556666",
        "userIdentity": {"type": "IAMUser", "accountId": "444455556666", "userName": "someone",
                         "arn": "arn:aws:iam::444455556666:user/someone", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}})


class Load:
    """Senders that go on until they are told to end. Each asks for the address before it connects."""

    def __init__(self):
        self.ending = threading.Event()
        self.sent, self.unanswered, self.reconnects, self.faults, self.threads = {}, 0, 0, [], []

    def run(self, work, *arguments):
        def guarded():
            try:
                work(*arguments)
            except BaseException as fault:      # told by the main thread
                self.faults.append(f"{arguments}: {fault!r}")
        self.threads.append(threading.Thread(target=guarded, daemon=True))
        self.threads[-1].start()

    def by_http(self, name, certificate, port):
        """One connection after the other, each kept as long as the server keeps it."""
        sent = 0
        sender, at = None, None
        while not self.ending.is_set():
            if sender is None or at != port():
                at = port()
                sender = Sender(at, certificate, NOISE_TOKENS[name])
            body = "\n".join(noise(name, sent + i) for i in range(20)).encode()
            try:
                reply = sender.post(body)
            except NoAnswer as why:
                if "refused" not in str(why):       # it moved between our look and our connection
                    self.unanswered += 1
                sender = None
                time.sleep(0.01)
                continue
            assert reply.status == 200 and reply.json()["accepted"] == 20, reply
            sent += 20
            self.sent[name] = sent
            if reply.headers.get("connection") == "close":
                self.reconnects += 1
                sender = None

    def by_syslog(self, name, port):
        """A sender that looks whether the server has ended before it sends, as rsyslog does."""
        sent = 0
        while not self.ending.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port())) as connection:
                    while not self.ending.is_set() and not select.select([connection], [], [], 0)[0]:
                        text = f"<134>1 2025-06-30T12:00:00Z host cloudtrail - - - {noise(name, sent)}".encode()
                        connection.sendall(str(len(text)).encode() + b" " + text)
                        sent += 1
                        time.sleep(0.001)
                    self.reconnects += 1
            except ConnectionRefusedError:
                time.sleep(0.01)
        self.sent.setdefault("syslog", {})[name] = sent


def reloads(server):
    """By the lines for the audit, of which none is held back."""
    return sum('what="reload"' in line or '"what":"reload"' in line for line in server.log)


def variant(installation, number, ports, second_token):
    """What the configuration says at reload `number`. Each part has a rhythm of its own."""
    text = installation.plain.replace("[ingest]", f"""[ingest]
http = "127.0.0.1:{ports['http'][number // 2 % 2]}"
body_bytes_max = "{32 + number % 3} MiB"
token_requests_per_s = {number % 2 * 1e8}
overload_wait_ms = {4000 + number % 2}
failures_per_second_max = {100 + number % 2}""")
    text = text.replace("rate_per_s = 1000", f"rate_per_s = {900 + number % 3}")
    text += f"""[syslog]
tcp = "127.0.0.1:{ports['syslog'][number // 3 % 2]}"
allow_cidrs = ["127.0.0.1/32"{', "192.0.2.0/24"' if number % 5 == 0 else ''}]
[detection]
flood_max = {5000 + number % 2}
[log]
format = "{'json' if number % 4 == 3 else 'logfmt'}"
"""
    if number % 2:
        text += f'[[token]]\nname = "second"\nfile = "{second_token}"\n'
        text += '[[webhook]]\nname = "other"\nurl = "https://hooks.example.com/"\nsign = false\nseverity_min = "high"\n' \
                'accounts = ["999900001111"]\n'
    return text


def main():
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        sink = WebhookSink()
        ports = {way: (free_port(), free_port()) for way in ("http", "syslog")}
        (folder / "server").mkdir()
        more = "".join(f'[[token]]\nname = "{name}"\nfile = "{write_secret(folder / name, secret)}"\n'
                       for name, secret in NOISE_TOKENS.items())
        second = write_secret(folder / "second", "second-token-of-the-tests-0123456789")
        with Installation(folder / "server", trail, sink, shards=2, more=more) as installation:
            installation.plain = installation.configuration.read_text()
            number = 0
            installation.configuration.write_text(variant(installation, 0, ports, second))
            server = installation.server
            server.start()
            https = server.port("ingest")
            load = Load()
            load.run(load.by_http, "noise-0", installation.certificate, lambda: https)
            load.run(load.by_http, "noise-1", installation.certificate, lambda: https)
            load.run(load.by_http, "noise-2", None, lambda: ports["http"][number // 2 % 2])
            for name in ("a", "b"):
                load.run(load.by_syslog, name, lambda: ports["syslog"][number // 3 % 2])
            story_told = threading.Event()

            def tell_story():
                with installation.sender() as sender:
                    for path in trail.files:
                        reply = sender.post_file(path)
                        assert reply.status == 200 and reply.json()["rejected"] == 0, f"{path}: {reply}"
                story_told.set()
            load.run(tell_story)
            while not story_told.is_set() or number < RELOADS_MIN:
                assert not load.faults, load.faults
                told = reloads(server)
                installation.configuration.write_text(variant(installation, number + 1, ports, second))
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: reloads(server) > told, "it does not reload:\n" + server.log_text())
                number += 1
            load.ending.set()
            for thread in load.threads:
                thread.join(60)
            assert not load.faults, load.faults
            bad = [line for line in server.log if "could not be reloaded" in line or "has errors" in line]
            assert not bad, bad

            def received():
                told = read_metrics(installation.admin().get("/metrics").body.decode())
                return {source: told.get(("straykey_events_received_total", f'source="{source}"'), 0)
                        for source in ["tests", "syslog_tcp", *NOISE_TOKENS]}
            syslog_sent = sum(load.sent["syslog"].values())
            wait_until(lambda: received()["syslog_tcp"] >= syslog_sent, f"syslog: {syslog_sent} sent, {received()}")
            counted = received()
            assert counted == {"tests": trail.events, "syslog_tcp": syslog_sent,
                               **{name: load.sent[name] for name in NOISE_TOKENS}}, (counted, load.sent, trail.events)
            assert load.unanswered == 0, load.unanswered
            sink.wait_for(len(expected), 1, 60)
            assert server.stop() == 0
            assert set(sink.alerts()) == set(expected) == set(installation.stored_alerts())
            assert all(len(posts) == 1 for posts in sink.taken().values()) and not sink.faults
        sink.close()
        print(f"{number} reloads: {trail.events} events of the trail, {sum(load.sent[name] for name in NOISE_TOKENS)} by HTTP "
              f"and {syslog_sent} by syslog arrived, each once; {load.reconnects} connections were told to come again; "
              f"{len(expected)} alerts, each once")


if __name__ == "__main__":
    main()
