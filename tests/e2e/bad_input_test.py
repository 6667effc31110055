#!/usr/bin/env python3
"""What a sender sends wrongly gets the status and the code that net/API.md names, and the server goes on."""
import gzip
import json
import tempfile
import time
import unittest
from pathlib import Path

from installation import ADMIN_TOKEN, TOKEN, Installation
from metrics_text import read_metrics


def record(number):
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "eventTime": "2025-06-01T10:00:00Z", "eventName": "ListBuckets", "eventSource": "s3.amazonaws.com",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "accessKeyId": "AKIAEXAMPLEEXAMPLE00",
                             "arn": "arn:aws:iam::111122223333:user/tests", "principalId": "AIDAEXAMPLE",
                             "userName": "tests"}}


def body_of(records):
    return json.dumps({"Records": records}).encode()


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.installation = Installation(Path(cls.scratch.name) / "server")
        cls.installation.server.start()
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        cls.installation.server.stop_if_running()
        cls.scratch.cleanup()

    def tearDown(self):
        with self.installation.sender() as sender:
            self.assertEqual(sender.post(body_of([record(1)])).json()["accepted"], 1, "the server does not go on")

    def expect_error(self, reply, status, code):
        self.assertEqual(reply.status, status, reply)
        error = reply.json()["error"]
        self.assertEqual(error["code"], code)
        self.assertTrue(error["message"] and error["request_id"])

    def test_events_from_the_future_are_taken_and_the_log_speaks_of_the_clock(self):
        ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
        with self.installation.sender() as sender:
            reply = sender.post(body_of([dict(record(number), eventTime=ahead) for number in range(3)]))
        self.assertEqual(reply.json()["accepted"], 3)
        line = self.installation.server.wait_said("NTP")
        for words in ("level=warning", 'events="3"', 'from_future="3"', ahead):
            self.assertIn(words, line)

    def test_without_a_token_401(self):
        with self.installation.sender(token=None) as sender:
            self.expect_error(sender.post(body_of([record(1)])), 401, "missing_token")

    def test_with_a_wrong_token_401(self):
        for wrong in ("x" * 40, TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
            with self.installation.sender(token=wrong) as sender:
                self.expect_error(sender.post(body_of([record(1)])), 401, "unknown_token")

    def test_with_an_admin_token_403(self):
        with self.installation.sender(token=ADMIN_TOKEN) as sender:
            self.expect_error(sender.post(body_of([record(1)])), 403, "wrong_scope")

    def test_bodies_that_cannot_be_read_400(self):
        whole = gzip.compress(body_of([record(1)]))
        with self.installation.sender() as sender:
            self.expect_error(sender.post(b"this is not JSON"), 400, "unreadable_body")
            self.expect_error(sender.post(b""), 400, "empty_body")
            self.expect_error(sender.post(whole[:-9], "gzip"), 400, "bad_compression")
            self.expect_error(sender.post(body_of([record(1)]), "gzip"), 400, "bad_compression")

    def test_a_body_that_ends_early_is_not_taken_as_whole(self):
        with self.installation.sender() as sender:
            reply = sender.post(body_of([record(1), record(2)])[:-10])
        if reply.status == 200:
            self.assertGreaterEqual(reply.json()["rejected"], 1, reply)
        else:
            self.expect_error(reply, 400, "unreadable_body")

    def test_an_unknown_encoding_415(self):
        with self.installation.sender() as sender:
            self.expect_error(sender.post(body_of([record(1)]), "br"), 415, "unsupported_encoding")

    def test_an_unknown_address_404_and_another_method_405(self):
        with self.installation.sender() as sender:
            self.expect_error(sender.get("/v1/nothing"), 404, "unknown_path")
            self.expect_error(sender.get("/v1/events"), 405, "method_not_allowed")
            self.assertEqual(sender.request("HEAD", "/v1/events").status, 200)

    def test_one_bad_record_among_999_is_named_by_its_place(self):
        records = [record(number) for number in range(1000)]
        del records[617]["eventTime"]
        with self.installation.sender() as sender:
            reply = sender.post(body_of(records))
        self.assertEqual(reply.status, 200)
        named = [{"index": 617, "code": "missing_event_time"}]
        self.assertEqual(reply.json(), {"accepted": 999, "rejected": 1, "errors": named})

    def test_health_needs_no_token(self):
        for listener in (self.installation.sender(token=None), self.installation.admin(token=None)):
            with listener:
                self.assertEqual(listener.get("/healthz").status, 200)
                ready = listener.get("/readyz")
                self.assertEqual((ready.status, ready.json()["ready"], ready.json()["reasons"]), (200, True, []))

    def test_metrics_need_the_admin_token(self):
        for token, status in ((None, 401), ("x" * 40, 401), (TOKEN, 403), (ADMIN_TOKEN, 200)):
            with self.installation.admin(token) as sender:
                self.assertEqual(sender.get("/metrics").status, status, token)
        with self.installation.sender() as sender:
            self.assertEqual(sender.get("/metrics").status, 404)

    def test_metrics_are_well_formed_and_count(self):
        with self.installation.sender() as sender, self.installation.admin() as admin:
            before = read_metrics(admin.get("/metrics").body.decode())
            sender.post(body_of([record(1), record(2)]))
            after = read_metrics(admin.get("/metrics").body.decode())
        received = ("straykey_events_received_total", 'source="tests"')
        self.assertEqual(after[received] - before.get(received, 0), 2)


if __name__ == "__main__":
    unittest.main()
