#!/usr/bin/env python3
"""A record that crashes the process is brought again by its sender: after two crashes it is refused, and what stood beside
it is taken. Runs the program with the planted bug crashing_record, which three event names set off: in the parser, in the
shard worker and in the merger."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from installation import Installation, scratch_folder  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from sender import NoAnswer  # noqa: E402

ROLE = "arn:aws:iam::111122223333:role/orders"


def record(number, name="ListBuckets"):
    """A Lambda function's call from outside AWS: one that is judged."""
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "eventTime": "2025-06-01T10:00:00Z", "eventName": name, "eventSource": "s3.amazonaws.com",
            "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7", "userAgent": "Boto3/1.34.0",
            "recipientAccountId": "111122223333",
            "userIdentity": {"type": "AssumedRole", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE000000001",
                             "arn": "arn:aws:sts::111122223333:assumed-role/orders/orders-fn",
                             "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
                             "inScopeOf": {"issuerType": "AWS::Lambda::Function"}}}


def body_of(*records):
    return json.dumps({"Records": records}).encode()


class Poison(unittest.TestCase):
    def expect_refusal_after_two_crashes(self, name):
        body = body_of(record(1), record(2, name), record(3))
        with scratch_folder() as folder, Installation(folder, more="[detection]\nactivation_days = 0\n") as server:
            for _ in range(2):
                server.server.start()
                with server.sender() as sender, self.assertRaises(NoAnswer):
                    sender.post(body)
                self.assertEqual(server.server.wait_until_ended(), -6, server.server.log_text())  # SIGABRT
            server.server.start()
            with server.sender() as sender:
                reply = sender.post(body)
            self.assertEqual((reply.status, reply.json()["accepted"]), (200, 2), reply)
            self.assertEqual(reply.json()["rejected"], 1)
            self.assertEqual([error["code"] for error in reply.json()["errors"]], ["crashed_before"])
            with server.admin() as admin:
                metrics = read_metrics(admin.get("/metrics").body.decode())
            self.assertEqual(metrics["straykey_crash_records", 'crashes="2 or more: refused"'], 1)
            self.assertTrue(any("crashed_before" in line for line in server.server.log), server.server.log_text())
            self.assertEqual(server.server.stop(), 0)

    def test_in_the_parser(self):
        self.expect_refusal_after_two_crashes("CrashTheParser")

    def test_in_the_worker(self):
        self.expect_refusal_after_two_crashes("CrashTheWorker")

    def test_in_the_merger_it_is_passed_over_and_the_others_are_judged(self):
        with scratch_folder() as folder, Installation(folder, more="[detection]\nactivation_days = 0\n") as server:
            server.server.start()
            with server.sender() as sender:
                try:
                    sender.post(body_of(record(1, "CrashTheMerger")))
                except NoAnswer:
                    pass    # it is acknowledged before it is judged; the crash may be faster than the reply
            self.assertEqual(server.server.wait_until_ended(), -6, server.server.log_text())
            server.server.launch()  # judges what was left, before anything else comes
            self.assertEqual(server.server.wait_until_ended(), -6, server.server.log_text())
            server.server.start()
            with server.sender() as sender:
                other = record(2)
                other["sourceIPAddress"] = "203.0.113.9"
                self.assertEqual(sender.post(body_of(other)).json()["accepted"], 1)
            self.assertEqual(server.server.stop(), 0)
            alerts = server.stored_alerts()
            self.assertEqual([alert["source"]["address"] for alert in alerts.values()], ["203.0.113.9"])


if __name__ == "__main__":
    unittest.main()
