#!/usr/bin/env python3
"""Start and stop do not wait for thefts that wait to be judged. A server acknowledges thousands at once and is killed; its disk
is so slow that the next one is ready, takes an event and ends on SIGTERM amid them. The one after judges the rest: every
alert is there once. What came first is told by the order of log lines and answers, not by a clock."""
import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from call_control import CallControl                 # noqa: E402
from installation import Installation, scratch_folder    # noqa: E402
from metrics_text import read_metrics                # noqa: E402
from straykey_process import STRAYKEY                # noqa: E402
from webhook_sink import WebhookSink                 # noqa: E402

THEFTS = 4000
SYNC_S = 1              # of each commit, so that the backlog takes a commit for each 500 thefts
FOUND, DONE = "an earlier run left candidates unjudged", "what an earlier run left unjudged is judged"


def theft(number):
    role = f"role-{number}"
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "eventTime": "2026-11-20T10:00:00Z", "eventName": "ListBuckets", "eventSource": "s3.amazonaws.com",
            "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7", "userAgent": "Boto3/1.34.0",
            "recipientAccountId": "111122223333",
            "userIdentity": {"type": "AssumedRole", "accountId": "111122223333", "accessKeyId": f"ASIAEXAMPLE{number:09}",
                             "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/fn-{number}",
                             "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::111122223333:role/{role}"}},
                             "inScopeOf": {"issuerType": "AWS::Lambda::Function"}}}


class Backlog(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(scratch_folder())
        self.sink = WebhookSink()
        self.addCleanup(self.sink.close)
        self.installation = self.enterContext(Installation(
            self.folder / "server", sink=self.sink, shards=2, more="[detection]\nactivation_days = 0\n"))
        self.server = self.installation.server
        self.control = CallControl(self.folder / "control", LIBRARY, STRAYKEY)
        self.control.slow_syncs(SYNC_S)

    def start(self):
        before = dict(os.environ)
        os.environ.update(self.control.environment)
        try:
            self.server.launch()
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.server.wait_ready()

    def post(self, *thefts):
        with self.installation.sender() as sender:
            reply = sender.post("\n".join(map(json.dumps, thefts)).encode())
        self.assertEqual((reply.status, reply.json()["accepted"]), (200, len(thefts)), reply)

    def found(self):
        """How many the run that has just begun found unjudged."""
        return int(re.search(r'unjudged="(\d+)"', next(line for line in self.server.log if FOUND in line)).group(1))

    def unjudged(self):
        with self.installation.admin() as admin:
            ready = admin.get("/readyz")
            metrics = read_metrics(admin.get("/metrics").body.decode())
        self.assertEqual((ready.status, ready.json()["ready"], ready.json()["reasons"]), (200, True, []))
        self.assertLessEqual(metrics["straykey_candidates_unjudged", ""], ready.json()["unjudged"])
        return ready.json()["unjudged"]

    def undelivered(self):
        said = self.installation.command("alerts", "dump")
        self.assertEqual(said.returncode, 0, said.stderr)
        return {line["id"] for line in map(json.loads, said.stdout.splitlines()) if line["deliveries"]}

    def test_start_and_stop_are_bounded_and_every_alert_comes_once(self):
        self.start()
        self.post(*map(theft, range(THEFTS)))
        self.server.kill()

        self.start()
        first_found = self.found()
        self.assertGreater(self.unjudged(), 0)
        self.post(theft(THEFTS))
        self.assertGreater(self.unjudged(), 0)
        self.assertFalse(any(DONE in line for line in self.server.log), "the event waited until all was judged")
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse(any(DONE in line for line in self.server.log), "the end waited until all was judged")

        self.start()
        self.assertGreater(self.found(), 0)
        self.assertLess(self.found(), first_found + 1, "the run before judged nothing")
        self.control.slow_syncs(0)
        self.server.wait_said(DONE)
        self.assertEqual(self.unjudged(), 0)
        self.assertEqual(self.server.stop(), 0)
        alerts = self.installation.stored_alerts()
        roles = sorted(alert["identity"].split("/")[1] for alert in alerts.values())
        self.assertEqual(roles, sorted(f"role-{number}" for number in range(THEFTS + 1)))
        self.assertEqual({alert["occurrences"] for alert in alerts.values()}, {1})
        posted = self.sink.alerts().keys()
        self.assertTrue(posted)
        self.assertEqual(posted | self.undelivered(), alerts.keys())
        self.assertEqual({len(bodies) for bodies in self.sink.bodies().values()}, {1})
        self.assertEqual(self.sink.faults, [])


if __name__ == "__main__":
    LIBRARY = Path(sys.argv.pop(1)).resolve()
    unittest.main()
