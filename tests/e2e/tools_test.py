#!/usr/bin/env python3
"""After a run the operator's commands show it; an acknowledged alert is not raised again, an unanswered one is."""
import copy
import json
import signal
import subprocess
import tempfile
import unittest
from datetime import date, timedelta
from pathlib import Path

from installation import Installation, Trail
from straykey_process import STRAYKEY, run_command
from webhook_sink import WebhookSink

FAILED, USAGE = 1, 2
UNKNOWN_ID = "0" * 32
ALERTS_S_MAX = 60
DAYS_LATER = 6


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.trail = Trail(Path(scratch.name) / "sample")
        cls.sink = WebhookSink()
        cls.addClassCleanup(cls.sink.close)
        cls.installation = Installation(Path(scratch.name) / "server", cls.trail, cls.sink)
        cls.addClassCleanup(cls.installation.server.stop_if_running)
        cls.installation.server.start()
        with cls.installation.sender() as sender:
            for path in cls.trail.files:
                assert sender.post_file(path).status == 200
        cls.installation.server.stop()
        cls.stored = cls.installation.stored_alerts()

    def one_of(self, workload, kind="remote_service_token"):
        """The last alert of the sample's workload."""
        found = [alert for alert in self.stored.values()
                 if alert["identity"].endswith("/" + workload) and alert["analytic"] == kind]
        return max(found, key=lambda alert: alert["first_seen"])

    def said_well(self, *arguments):
        said = self.installation.command(*arguments)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def refused(self, code, *arguments):
        said = self.installation.command(*arguments)
        self.assertEqual((said.returncode, said.stdout), (code, ""), arguments)
        self.assertEqual(said.stderr.count("\n"), 1, said.stderr)
        return said.stderr

    def test_1_list_and_show_say_what_the_webhook_said(self):
        self.assertEqual(len(self.stored), len(self.trail.labels))
        self.assertEqual(self.stored.keys(), self.sink.alerts().keys())
        lines = self.said_well("alerts", "list").splitlines()
        self.assertEqual(sorted(line.split()[0] for line in lines), sorted(self.stored))
        self.assertEqual(lines, sorted(lines, key=lambda line: line.split()[1]))
        for alert_id, alert in self.stored.items():
            line = next(line for line in lines if line.startswith(alert_id))
            for field in ("severity", "variation", "identity"):
                self.assertIn(alert[field], line)
        some_id = next(iter(self.stored))
        self.assertEqual(json.loads(self.said_well("alerts", "show", some_id)), self.stored[some_id])
        self.assertEqual(json.loads(self.said_well("alerts", "show", "msg_" + some_id)), self.stored[some_id])

    def test_1a_search_prints_lines_as_list_does_the_newest_first(self):
        lines = self.said_well("alerts", "search", "--severity", "high").splitlines()
        listed = [line for line in self.said_well("alerts", "list").splitlines() if line.split()[2] == "high"]
        self.assertEqual(sorted(lines), sorted(listed))
        self.assertEqual([line.split()[1] for line in lines], sorted((line.split()[1] for line in lines), reverse=True))
        limited = self.installation.command("alerts", "search", "--limit", "3")
        self.assertEqual((limited.stdout.count("\n"), limited.stderr), (3, "3 alerts\n"))
        both = subprocess.run([STRAYKEY, "alerts", "list", "--data-dir", self.installation.data_dir], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=True).stdout.splitlines()
        self.assertEqual(both[-1], f"{len(both) - 1} alerts")      # not in the middle of a line
        some = self.one_of("orders-api")
        found = self.said_well("alerts", "search", "--json", "--key", some["access_keys"][0])
        self.assertIn(some["id"], [json.loads(line)["id"] for line in found.splitlines()])

    def test_1b_output_that_cannot_be_written_is_a_failure_and_a_reader_that_goes_is_none_of_its_business(self):
        some = next(iter(self.stored.values()))
        at = ("--data-dir", self.installation.data_dir)
        commands = [("version",), ("--version",), ("--help",), ("config", "example"),
                    ("config", "show", "--config", self.installation.configuration),
                    ("check-config", "--config", self.installation.configuration), ("alerts", "list", *at),
                    ("alerts", "dump", *at), ("alerts", "show", some["id"], *at), ("baseline", "report", some["account"], *at),
                    ("baseline", "show", some["identity"], *at), ("baseline", "dump", *at), ("check", self.installation.data_dir),
                    ("ranges", "show", "--file", self.trail.folder / "ip-ranges.json"),
                    ("scan", "--activation-days", 0, self.trail.folder / "trail")]
        for words in commands:
            command = [STRAYKEY, *map(str, words)]
            with self.subTest(words=words):
                with open("/dev/full", "wb") as full:
                    said = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(said.returncode, FAILED, said.stderr)
                self.assertEqual(said.stderr.count("not all of the output could be written"), 1, said.stderr)
                closed = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(closed.returncode, FAILED, closed.stderr)
                for ignored in ("", "trap '' PIPE; "):
                    gone = subprocess.run(["bash", "-c", ignored + '"$@" | true; exit ${PIPESTATUS[0]}', "sh", *command],
                                          stderr=subprocess.PIPE, text=True, check=False)
                    self.assertIn(gone.returncode, (0, FAILED, 128 + signal.SIGPIPE))
                    self.assertNotIn("written", gone.stderr)
        checked = run_command("check", self.installation.data_dir)      # nothing was printed into a file of the store
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_2_unknown_ids_and_identities_are_named(self):
        self.assertIn(UNKNOWN_ID, self.refused(FAILED, "alerts", "show", UNKNOWN_ID))
        self.assertIn(UNKNOWN_ID, self.refused(FAILED, "alerts", "ack", UNKNOWN_ID))
        self.assertIn("32 hexadecimal digits", self.refused(USAGE, "alerts", "show", "12"))
        self.assertIn("is none of informational, low, medium, high", self.refused(USAGE, "alerts", "search", "--severity", "HIGH"))
        self.assertIn("did you mean alerts?", self.refused(USAGE, "alert", "list"))
        self.assertIn("alerts search has it", self.refused(USAGE, "alerts", "list", "--severity", "high"))
        self.assertIn("until: 2020-01-01 is before", self.refused(USAGE, "alerts", "ack", next(iter(self.stored)), "--until", "2020-01-01"))
        self.assertIn("111122223333/nobody", self.refused(FAILED, "baseline", "show", "111122223333/nobody"))
        self.assertIn("111122223333/nobody", self.refused(FAILED, "baseline", "forget", "111122223333/nobody"))
        identity = self.one_of("orders-api")["identity"]
        self.assertIn(identity, self.refused(FAILED, "baseline", "forget", identity, "--network", "AS64511"))

    def test_3_an_acknowledged_pair_raises_nothing_and_an_unanswered_one_does(self):
        ours, unanswered = self.one_of("receipts-archive"), self.one_of("orders-api")
        self.assertIn(ours["id"], self.said_well("alerts", "ack", ours["id"], "--note", "a test of ours"))
        acknowledged = json.loads(self.said_well("alerts", "show", ours["id"]))
        self.assertEqual(acknowledged["status"], "acknowledged")
        self.assertIn("a test of ours", json.dumps(acknowledged))
        before = len(self.sink.alerts())
        self.installation.server.start()
        with self.installation.sender() as sender:
            for alert in (ours, unanswered):
                reply = sender.post(json.dumps({"Records": [self.later(alert)]}).encode())
                self.assertEqual(reply.json(), {"accepted": 1, "rejected": 0, "errors": []})
        self.sink.wait_for(before + 1, 0, ALERTS_S_MAX)
        self.assertEqual(self.installation.server.stop(), 0)
        new = [alert for alert_id, alert in self.installation.stored_alerts().items() if alert_id not in self.stored]
        self.assertEqual([(alert["identity"], alert["network"]) for alert in new],
                         [(unanswered["identity"], unanswered["network"])])
        self.assertEqual({alert["id"] for alert in new}, self.sink.alerts().keys() - self.stored.keys())

    def test_4_a_baseline_is_shown_and_forgotten(self):
        identity = self.one_of("loyalty-points")["identity"]
        shown = self.said_well("baseline", "show", identity)
        self.assertIn("tool", shown)
        self.assertIn("aws-sdk-js", shown)
        self.assertIn("#", shown)
        self.assertIn(identity, self.said_well("baseline", "forget", identity, "--tool", "aws-sdk-js"))
        again = self.said_well("baseline", "show", identity)
        self.assertNotIn("aws-sdk-js", again)
        self.assertIn(identity, self.said_well("baseline", "forget", identity))

    def test_5_the_dumps_hold_every_fact_and_every_body(self):
        dumped = {line["id"]: line for line in map(json.loads, self.said_well("alerts", "dump").splitlines())}
        for message_id, bodies in self.sink.bodies().items():
            line = dumped[message_id.removeprefix("msg_")]
            self.assertEqual({line["body"].encode()}, bodies)
            self.assertEqual(line["deliveries"], [])
        for alert_id, alert in self.installation.stored_alerts().items():
            self.assertEqual(dumped[alert_id]["state"]["occurrences"], alert["occurrences"])
            self.assertEqual(dumped[alert_id]["state"]["status"], alert["status"])
        facts = [json.loads(line) for line in self.said_well("baseline", "dump").splitlines()]
        keys = [(fact["kind"], fact["scope"], fact["value"]) for fact in facts]
        self.assertEqual(len(keys), len(set(keys)))
        for alert in self.stored.values():
            if alert["analytic"] == "remote_service_token" and not alert["identity"].endswith("/loyalty-points"):
                kept = next(fact for fact in facts
                            if (fact["kind"], fact["scope"], fact["value"]) ==
                            ("quarantine_identity_network", alert["identity"], alert["network"]))
                self.assertIn(alert["first_seen"][:10], kept["days"])
        for fact in facts:
            self.assertEqual(fact["days"], sorted(set(fact["days"])))
            self.assertTrue(fact["days"])
            self.assertLessEqual(fact["first_day"], fact["days"][0])

    @staticmethod
    def later(alert):
        """The alert's record, DAYS_LATER days after it, as another event."""
        record = copy.deepcopy(alert["event"])
        day = date.fromisoformat(alert["first_seen"][:10]) + timedelta(days=DAYS_LATER)
        record["eventTime"] = f"{day}T12:00:00Z"
        record["eventID"] = record["eventID"][:-4] + "0123"
        return record


if __name__ == "__main__":
    unittest.main()
