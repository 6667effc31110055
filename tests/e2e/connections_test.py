#!/usr/bin/env python3
"""Senders that say nothing, at every limit: those who have something to send, operators and webhooks go on."""
import json
import os
import resource
import socket
import tempfile
import time
import unittest
from pathlib import Path

from installation import TOKEN, Installation, Trail
from metrics_text import read_metrics
from sender import Sender
from webhook_sink import WebhookSink

DESCRIPTORS = "1024:2600"      # soft and hard limit of the server: too few for two listeners of 4,096 connections
SILENT = 1_500                 # more than one listener gets of them
SILENT_OF_AN_ADDRESS = 200
PATIENCE_S = 60
RECORD = json.dumps({"eventVersion": "1.11", "eventTime": "2025-06-01T10:00:00Z", "eventName": "ListBuckets",
                     "eventSource": "s3.amazonaws.com", "eventID": "00000000-0000-4000-8000-000000000001"})


def series(installation):
    with installation.admin() as admin:
        return read_metrics(admin.get("/metrics").body.decode())


class Connections(unittest.TestCase):
    def start(self, more, trail=None, sink=None, prefix=()):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        folder = Path(scratch.name) / "server"
        (folder / "conf.d").mkdir(parents=True)
        (folder / "conf.d" / "more.toml").write_text(more)
        installation = Installation(folder, trail, sink)
        installation.server.prefix = list(prefix)
        self.addCleanup(installation.server.stop_if_running)
        installation.server.start()
        return installation

    def test_silent_connections_stop_neither_senders_nor_operators_nor_webhooks(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        trail = Trail(Path(scratch.name) / "sample")
        sink = WebhookSink()
        self.addCleanup(sink.close)
        installation = self.start('[ingest]\nhttp = "127.0.0.1:0"\n', trail, sink,
                                  ["prlimit", f"--nofile={DESCRIPTORS}"])
        server = installation.server
        line = server.wait_said('msg="descriptors"')
        self.assertIn('limit="2600" limit_before="1024"', line)
        self.assertIn("LimitNOFILE=", server.wait_said("limit of descriptors is too low"))
        port, silent = server.port("ingest_http"), []
        for number in range(SILENT):
            silent.append(socket.create_connection(
                ("127.0.0.1", port), source_address=(f"127.0.1.{1 + number // SILENT_OF_AN_ADDRESS}", 0)))
        for asked in (installation.admin(), installation.sender(), Sender(port)):
            with asked:
                self.assertEqual(asked.get("/readyz").status, 200)
        with Sender(port, None, TOKEN) as sender:
            for path in trail.files:
                self.assertEqual(sender.post_file(path).status, 200)
        sink.wait_for(len(trail.labels), 0, PATIENCE_S)
        counted = series(installation)
        labels = 'listener="ingest_http",reason="%s"'
        self.assertGreater(counted["straykey_connections_refused_total", labels % "gave_way"], 0)
        self.assertEqual(counted["straykey_connections_refused_total", labels % "connections"], 0)
        self.assertEqual(counted["straykey_accept_errors_total", 'listener="ingest_http"'], 0)
        for one in silent:
            one.close()

    def test_a_connection_too_many_of_one_address_is_told_by_the_log_over_tls_too(self):
        installation = self.start('[ingest]\nconnections_per_address_max = 2\n[syslog]\ntcp = "127.0.0.1:0"\n'
                                  'allow_cidrs = ["127.0.0.0/8"]\n')
        server = installation.server
        for listener in ("ingest", "syslog_tcp"):
            held = [socket.create_connection(("127.0.0.1", server.port(listener))) for _ in range(3)]
            self.assertEqual(held[-1].recv(1), b"")
            line = server.wait_said(f'listener="{listener}" peer="127.0.0.1" limit=')
            self.assertIn('limit="ingest.connections_per_address_max = 2"', line)
            for one in held:
                one.close()

    def test_running_out_of_descriptors_is_an_error_in_the_log_and_ends_with_its_cause(self):
        server = self.start('[ingest]\nhttp = "127.0.0.1:0"\n').server
        soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{server.pid}/fd")) + 1, hard))
        held = [socket.create_connection(("127.0.0.1", server.port("ingest_http"))) for _ in range(4)]
        line = server.wait_said("no connection can be accepted")
        self.assertIn("level=error", line)
        self.assertIn('why="Too many open files"', line)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
        with Sender(server.port("ingest_http"), None, TOKEN) as sender:
            self.assertEqual(sender.post(RECORD).status, 200)
        for one in held:
            one.close()

    def stalled(self, installation):
        """A connection that holds nearly all memory of HTTP, with a body whose end does not come."""
        stalled = socket.create_connection(("127.0.0.1", installation.server.port("ingest_http")))
        self.addCleanup(stalled.close)
        stalled.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n"
                        "Content-Length: 1040000\r\n\r\n".encode() + b" " * 1_030_000)
        while series(installation).get(("straykey_bytes_in_flight", ""), 0) < 1_000_000:
            pass
        return stalled

    def test_a_sender_waits_for_the_memory_of_one_that_stalls_and_hears_nothing_of_it(self):
        installation = self.start('[ingest]\nhttp = "127.0.0.1:0"\nbody_bytes_max = "1 MiB"\nbytes_in_flight_max = "1 MiB"\n'
                                  'overload_wait_ms = 30000\n')
        stalled = self.stalled(installation)
        with Sender(installation.server.port("ingest_http"), None, TOKEN) as sender:
            self.assertEqual(sender.post(b" " * 500_000 + RECORD.encode()).status, 200)
        self.assertEqual(stalled.recv(1), b"")
        self.assertEqual(series(installation)["straykey_http_waits_total", 'for="body"'], 1)

    def test_bodies_that_fill_the_memory_of_http_leave_syslog_its_own(self):
        installation = self.start('[ingest]\nhttp = "127.0.0.1:0"\nbody_bytes_max = "1 MiB"\nbytes_in_flight_max = "1 MiB"\n'
                                  'overload_wait_ms = 0\n[syslog]\ntcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.0/8"]\n')
        server = installation.server
        stalled = self.stalled(installation)
        body = b" " * 500_000 + RECORD.encode()
        statuses = set()
        syslog = socket.create_connection(("127.0.0.1", server.port("syslog_tcp")))
        self.addCleanup(syslog.close)
        deadline = time.monotonic() + PATIENCE_S
        while statuses != {200, 503} and time.monotonic() < deadline:
            with Sender(server.port("ingest_http"), None, TOKEN) as sender:
                reply = sender.post(body)
            if reply.status == 503 and 503 not in statuses:
                self.assertEqual((reply.error_code(), reply.headers["retry-after"]), ("busy", "1"))
                syslog.sendall(b"<14>1 2025-06-01T10:00:00Z host app - - - " + RECORD.encode() + b"\n")
                while not series(installation).get(("straykey_events_received_total", 'source="syslog_tcp"')):
                    self.assertLess(time.monotonic(), deadline)
            statuses.add(reply.status)
        # The body that stalls has given way.
        self.assertEqual(statuses, {200, 503})
        self.assertEqual(stalled.recv(1), b"")


if __name__ == "__main__":
    unittest.main()
