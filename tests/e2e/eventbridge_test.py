#!/usr/bin/env python3
"""An EventBridge API destination, to the letter: one event a request, a new TLS connection for each, 5 s for the answer.

What EventBridge does: its own headers and the API key in one that the user names, `Range` and `Connection: close` among
them; no wait for anything but the answer; the same event again after 429, 5xx or silence; nothing again after any other 4xx.
"""
import gzip
import json
import socket
import ssl
import threading
import unittest
import uuid

from installation import TOKEN, Installation, Trail, scratch_folder
from metrics_text import read_metrics
from promises import ACTIVE_ACCOUNTS
from webhook_sink import WebhookSink

PATIENCE_S = 5                # EventBridge's, for the whole answer
SENDINGS_MAX = 20             # of an event; EventBridge goes on for 24 hours
EVENTS = 1_000                # sent so; those before them come in batches
ALERTS_S_MAX = 60
KEY_HEADER = "X-Api-Key"
BYTES_MAX = 2 << 20           # in flight, of a server that is to be full
BYTES_LAST, PIECE_BYTES, PAUSE_S = 256 * 1024, 16 * 1024, 1.5


def envelope(record):
    """As EventBridge wraps what CloudTrail gives it."""
    return json.dumps({
        "version": "0", "id": str(uuid.uuid5(uuid.NAMESPACE_OID, record["eventID"])), "detail-type": "AWS API Call via CloudTrail",
        "source": "aws." + record["eventSource"].partition(".")[0], "account": record["recipientAccountId"],
        "time": record["eventTime"], "region": record["awsRegion"], "resources": [], "detail": record}).encode()


class Destination:
    """One TLS version's worth of connections: each begins with the ticket of the one before."""

    def __init__(self, installation, version):
        self.port = installation.server.port("ingest")
        self.context = ssl.create_default_context(cafile=str(installation.certificate))
        self.context.minimum_version = self.context.maximum_version = version
        self.session = None
        self.connections = self.resumed = self.sent_again = 0
        self.ciphers = set()

    def post(self, body):
        """-> (status, header block), or (0, "") if there is no whole answer in time."""
        request = (f"POST /v1/events HTTP/1.1\r\nHost: straykey.example\r\nUser-Agent: Amazon/EventBridge/ApiDestinations\r\n"
                   f"Content-Type: application/json; charset=utf-8\r\nRange: bytes=0-1048575\r\nAccept-Encoding: gzip,deflate\r\n"
                   f"{KEY_HEADER}: {TOKEN}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as plain, \
                    self.context.wrap_socket(plain, server_hostname="straykey.example", session=self.session) as stream:
                self.connections += 1
                self.resumed += stream.session_reused
                self.ciphers.add(stream.cipher()[0])
                stream.sendall(request)
                answer = b""
                while piece := stream.recv(65536):
                    answer += piece
                self.session = stream.session
        except OSError:
            return 0, ""
        head = answer.partition(b"\r\n\r\n")[0].decode().lower()
        return int(head.split()[1]), head

    def deliver(self, body):
        for _ in range(SENDINGS_MAX):
            status, head = self.post(body)
            if status == 200:
                assert "\r\nconnection: close" in head, head
                return
            assert status == 0 or status == 429 or status >= 500, head
            self.sent_again += 1
        raise AssertionError(f"no 200 in {SENDINGS_MAX} sendings")


class EventBridge(unittest.TestCase):
    def test_the_end_of_the_sample_trail_comes_by_single_events(self):
        with scratch_folder() as folder:
            trail = Trail(folder / "sample", "--events", 1)
            expected = trail.scan()
            texts = [gzip.decompress(path.read_bytes()) for path in trail.files]
            records = [record for text in texts for record in json.loads(text)["Records"]]
            batched, single = records[:-EVENTS], records[-EVENTS:]
            sink = WebhookSink()
            self.addCleanup(sink.close)
            with Installation(folder / "server", trail, sink) as installation:
                installation.server.start()
                with installation.sender() as sender:
                    for at in range(0, len(batched), 500):
                        self.assertEqual(sender.post(json.dumps(batched[at:at + 500]).encode()).status, 200)
                both = [Destination(installation, version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)]
                for number, record in enumerate(single):
                    both[number * 2 // EVENTS].deliver(envelope(record))
                sink.wait_for(len(trail.labels), ACTIVE_ACCOUNTS, ALERTS_S_MAX)
                self.assertEqual(installation.server.stop(), 0)
                self.assertEqual(set(installation.stored_alerts()), set(expected))
            for one in both:
                # Every connection resumes the one before; what had no answer left no ticket.
                self.assertGreaterEqual(one.resumed, one.connections - 1 - one.sent_again)
                self.assertGreaterEqual(one.connections, EVENTS // 2)
            self.assertTrue(all("ECDSA" in name for name in both[0].ciphers), both[0].ciphers)

    def test_a_full_server_answers_within_five_seconds_and_then_takes_the_event(self):
        more = (f'[ingest]\nhttp = "127.0.0.1:0"\nbody_bytes_max = {BYTES_MAX}\nbytes_in_flight_max = {BYTES_MAX}\n')
        with scratch_folder() as folder:
            (folder / "server/conf.d").mkdir(parents=True)
            (folder / "server/conf.d/more.toml").write_text(more)
            with Installation(folder / "server") as installation:
                installation.server.start()
                destination = Destination(installation, ssl.TLSVersion.TLSv1_3)
                body = envelope({"eventVersion": "1.11", "eventTime": "2025-06-01T10:00:00Z", "eventName": "ListBuckets",
                                 "eventSource": "s3.amazonaws.com", "awsRegion": "eu-central-1", "recipientAccountId": "111122223333",
                                 "eventID": "00000000-0000-4000-8000-000000000001"})
                answers = self.answers_while_full(installation, destination, body)
                refused = [head for status, head in answers if status == 503]
                # On a machine that stands still for a second an answer may come too late, and the event comes again.
                self.assertTrue(refused, answers)
                self.assertTrue(all("\r\nretry-after: 1" in head for head in refused), refused)
                destination.deliver(body)

    def answers_while_full(self, installation, destination, body):
        """A slow body holds all bytes that may be in flight. Its last 256 KiB come in pieces: one that stalls gives way."""
        answers = []
        with socket.create_connection(("127.0.0.1", installation.server.port("ingest_http"))) as hog:
            hog.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\n"
                        f"Content-Length: {BYTES_MAX}\r\n\r\n".encode())
            self.assertIn(b" 100 ", hog.recv(1024))
            hog.sendall(b" " * (BYTES_MAX - BYTES_LAST))
            while in_flight(installation) < BYTES_MAX:
                pass
            ended = threading.Event()
            dripping = threading.Thread(target=drip, args=(hog, ended))
            dripping.start()
            while len(answers) < 3 and not any(status == 503 for status, _ in answers):
                answers.append(destination.post(body))
            ended.set()
            dripping.join()
        return answers


def drip(hog, ended):
    for _ in range(BYTES_LAST // PIECE_BYTES - 1):
        if ended.wait(PAUSE_S):
            return
        hog.sendall(b" " * PIECE_BYTES)


def in_flight(installation):
    with installation.admin() as admin:
        return read_metrics(admin.get("/metrics").body.decode()).get(("straykey_bytes_in_flight", ""), 0)


if __name__ == "__main__":
    unittest.main()
