#!/usr/bin/env python3
"""The operator's commands say and do the same on a running server as on a stopped one, while events come in."""
import copy
import fcntl
import http.client
import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
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


class LocalConnection(http.client.HTTPConnection):
    """HTTP over the server's admin.sock."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Operators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.trail = Trail(Path(scratch.name) / "sample")
        cls.sink = WebhookSink()
        cls.addClassCleanup(cls.sink.close)
        cls.installation = Installation(Path(scratch.name) / "server", cls.trail, cls.sink, shards=2)
        cls.socket = cls.installation.data_dir / "admin.sock"
        cls.server = cls.installation.server
        cls.addClassCleanup(cls.server.stop_if_running)
        cls.server.start()
        with cls.installation.sender() as sender:
            for path in cls.trail.files:
                assert sender.post_file(path).status == 200
        cls.sink.wait_for(len(cls.trail.labels), 0, ALERTS_S_MAX)
        cls.server.stop()
        cls.stored = cls.installation.stored_alerts()

    def setUp(self):
        if self.server.process is None:
            self.server.start()

    def said(self, *arguments):
        return self.installation.command(*arguments)

    def said_well(self, *arguments):
        said = self.said(*arguments)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def ask(self, method, path, body=None):
        connection = LocalConnection(self.socket)
        connection.request(method, path, body)
        reply = connection.getresponse()
        answer = reply.status, json.loads(reply.read())
        connection.close()
        return answer

    @staticmethod
    def later(alert, days=DAYS_LATER):
        """The alert's record as another event, after the days in which the alert would take it in."""
        record = copy.deepcopy(alert["event"])
        record["eventTime"] = f"{date.fromisoformat(alert['first_seen'][:10]) + timedelta(days=days)}T12:00:00Z"
        record["eventID"] = record["eventID"][:-4] + f"{days:04}"
        return record

    def post(self, records):
        with self.installation.sender() as sender:
            reply = sender.post(json.dumps({"Records": records}).encode())
            self.assertEqual(reply.status, 200)

    def one_of(self, workload):
        found = [alert for alert in self.stored.values()
                 if alert["identity"].endswith("/" + workload) and alert["analytic"] == "remote_service_token"]
        return max(found, key=lambda alert: alert["first_seen"])

    def test_1_every_read_is_the_same_text_from_a_running_and_a_stopped_server(self):
        some = next(iter(self.stored.values()))
        reads = (("alerts", "list"), ("alerts", "list", "--json"), ("alerts", "show", some["id"]), ("alerts", "dump"),
                 ("baseline", "show", some["identity"]), ("baseline", "show", "--json", some["identity"]),
                 ("baseline", "report", some["account"]), ("baseline", "report", "--json", some["account"]),
                 ("baseline", "dump"), ("alerts", "show", UNKNOWN_ID), ("alerts", "show", "12"), ("alerts", "ack", UNKNOWN_ID),
                 ("baseline", "show", "111122223333/no body&+%"), ("baseline", "forget", "111122223333/nobody"),
                 ("baseline", "report", "999999999999"), ("baseline", "report", "12"),
                 ("baseline", "show", "/" * 2048), ("baseline", "show", "x" * 2049), ("baseline", "show", "\udcff"),
                 ("baseline", "show", "\x01\n\x7f\u202e"), ("baseline", "forget", "nobody", "--tool", ""),
                 ("alerts", "ack", UNKNOWN_ID, "--note", "n" * 2049), ("alerts", "ack", UNKNOWN_ID, "--note", "\udcff"))
        running = [self.said(*read) for read in reads]
        self.assertTrue(self.socket.exists())
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse(self.socket.exists())
        for read, before in zip(reads, running):
            after = self.said(*read)
            self.assertEqual((before.returncode, before.stdout, before.stderr), (after.returncode, after.stdout, after.stderr), read)
        link = self.installation.folder / "link"
        link.symlink_to(self.installation.data_dir)
        through_link = run_command("alerts", "list", "--data-dir", link)
        self.assertEqual((through_link.returncode, through_link.stdout), (0, running[0].stdout))
        self.assertEqual([said.returncode for said in running], [0] * 9 + [FAILED, USAGE, FAILED, FAILED, FAILED, FAILED, USAGE,
                                                                                 FAILED, USAGE, USAGE, FAILED, USAGE, USAGE, USAGE])

    def test_2_only_its_owner_may_open_the_socket_and_a_stale_one_is_replaced(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o600)
        self.server.kill()
        self.assertTrue(self.socket.exists())
        self.assertEqual(len(self.said_well("alerts", "list").splitlines()), len(self.stored))   # from the store
        self.server.start()
        self.assertEqual(len(self.said_well("alerts", "list").splitlines()), len(self.stored))

    def test_3_the_api_pages_answers_and_refuses_in_its_words(self):
        status, answer = self.ask("GET", "/api/v1/alerts/list")
        self.assertEqual((status, len(answer["items"]), answer.get("next")), (200, len(self.stored), None))
        facts, after = [], ""
        while after is not None:
            status, page = self.ask("GET", "/api/v1/baseline/dump" + (f"?after={after}" if after else ""))
            self.assertEqual(status, 200)
            facts += page["items"]
            after = page.get("next")
        self.assertEqual(facts, [json.loads(line) for line in self.said_well("baseline", "dump").splitlines()])
        for method, path, body, expected in (("GET", "/api/v1/alerts/show?id=" + UNKNOWN_ID, None, (404, "not_found")),
                                             ("GET", "/api/v1/alerts/show", None, (400, "bad_request")),
                                             ("GET", "/api/v1/alerts/list?after=1&after=2", None, (400, "bad_request")),
                                             ("POST", "/api/v1/alerts/ack", '{"id":1}', (400, "bad_request")),
                                             ("POST", "/api/v1/alerts/ack", json.dumps({"id": UNKNOWN_ID}), (404, "not_found")),
                                             ("GET", "/api/v1/alerts/ack", None, (405, "method_not_allowed")),
                                             ("GET", "/api/v1/alerts/none", None, (404, "unknown_path"))):
            status, answer = self.ask(method, path, body)
            self.assertEqual((status, answer["error"]["code"]), expected, path)

    def test_4_an_acknowledged_pair_raises_nothing_while_the_server_runs(self):
        ours, unanswered = self.one_of("orders-api"), self.one_of("loyalty-points")
        self.assertIn(ours["id"], self.said_well("alerts", "ack", "msg_" + ours["id"], "--note", "a test of ours"))
        shown = json.loads(self.said_well("alerts", "show", ours["id"]))
        self.assertEqual((shown["status"], shown["note"]), ("acknowledged", "a test of ours"))
        for verb, word in (("close", "closed"), ("reopen", "open"), ("false-positive", "false_positive"), ("reopen", "open")):
            self.assertIn(unanswered["id"], self.said_well("alerts", verb, unanswered["id"], "--note", verb))
            shown = json.loads(self.said_well("alerts", "show", unanswered["id"]))
            self.assertEqual((shown["status"], shown["note"]), (word, verb))
        refused = self.said("alerts", "ack", unanswered["id"], "--until", "2020-01-01")
        self.assertEqual(refused.returncode, USAGE)
        self.assertIn("2020-01-01 is before", refused.stderr)
        status, answer = self.ask("POST", "/api/v1/alerts/ack", json.dumps({"id": unanswered["id"], "until": "2020-01-01"}))
        self.assertEqual((status, answer["error"]["code"]), (400, "bad_request"))
        asked = json.loads(self.said_well("alerts", "investigate", unanswered["id"]))
        self.assertEqual((asked["id"], asked["identity"]), (unanswered["id"], unanswered["identity"]))
        self.assertGreaterEqual(asked["now"]["identity_calls"]["calls"], asked["as_of_alert"]["identity_calls"]["calls"])
        before = len(self.sink.alerts())
        self.post([self.later(ours), self.later(unanswered)])
        self.sink.wait_for(before + 1, 0, ALERTS_S_MAX)
        self.assertEqual(self.server.stop(), 0)
        new = [alert for alert_id, alert in self.installation.stored_alerts().items() if alert_id not in self.stored]
        self.assertEqual({alert["identity"] for alert in new}, {unanswered["identity"]})

    def test_5_what_is_forgotten_is_new_again_while_events_come_in_and_the_store_is_whole(self):
        identity = self.one_of("loyalty-points")["identity"]
        self.assertIn("aws-sdk-js", self.said_well("baseline", "show", identity))
        ends = threading.Event()
        failures = []

        def send_on():
            while not ends.is_set():
                try:
                    with self.installation.sender() as sender:
                        for path in self.trail.files[:20]:
                            if sender.post_file(path).status != 200:
                                failures.append(path)
                except Exception as error:      # pylint: disable=broad-except
                    failures.append(error)

        traffic = threading.Thread(target=send_on)
        traffic.start()
        try:
            said = [subprocess.Popen([STRAYKEY, "baseline", *words, "--data-dir", str(self.installation.data_dir)], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for words in (("forget", identity), ("dump",), ("forget", identity), ("show", identity))]   # at once
            ended = [(process.communicate(timeout=60), process.returncode) for process in said]
        finally:
            ends.set()
            traffic.join()
        self.assertEqual(failures, [])
        self.assertIn(f"facts of {identity} are forgotten", ended[0][0][0] + ended[2][0][0])
        for (out, err), code in ended:
            self.assertTrue(code == 0 or "is known of" in err, (out, err, code))
        # Nothing comes any more: forgotten once more, nothing is left of it on disk or in memory.
        self.said("baseline", "forget", identity)
        self.assertEqual(self.said("baseline", "show", identity).returncode, FAILED)
        before = self.said("alerts", "list").stdout.count(identity)
        record = self.later(self.one_of("loyalty-points"), 2 * DAYS_LATER)
        self.post([record])
        deadline = time.monotonic() + ALERTS_S_MAX
        while self.said("alerts", "list").stdout.count(identity) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertGreater(self.said("alerts", "list").stdout.count(identity), before)
        self.assertEqual(self.server.stop(), 0)
        checked = run_command("check", self.installation.data_dir)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_6_a_command_that_waits_when_the_server_stops_hears_so(self):
        os.kill(self.server.pid, signal.SIGSTOP)
        waiting = subprocess.Popen([STRAYKEY, "alerts", "dump", "--data-dir", str(self.installation.data_dir)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.5)
        self.assertIsNone(waiting.poll())
        self.server.process.send_signal(signal.SIGTERM)
        os.kill(self.server.pid, signal.SIGCONT)
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(self.server.wait_until_ended(), 0)
        # It came in time to be answered, or it hears in one sentence why not.
        if waiting.returncode == 0:
            self.assertGreaterEqual(len(out.splitlines()), len(self.stored))
        else:
            self.assertEqual((waiting.returncode, err.count("\n")), (FAILED, 1), err)

    def test_6b_a_server_with_too_many_connections_is_busy_and_answers_when_there_is_room(self):
        idle = []
        try:
            for _ in range(300):
                idle.append(socket.socket(socket.AF_UNIX))
                idle[-1].connect(str(self.socket))
            busy = self.said("alerts", "list")
            self.assertEqual((busy.returncode, busy.stdout, busy.stderr.count("\n")), (FAILED, "", 1))
            self.assertIn("the server is busy: too many connections", busy.stderr)
            waiting = subprocess.Popen([STRAYKEY, "alerts", "list", "--data-dir", str(self.installation.data_dir)], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        finally:
            for one in idle:
                one.close()
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, err)
        self.assertGreaterEqual(len(out.splitlines()), len(self.stored))

    def test_7_a_directory_in_use_by_something_that_does_not_answer_is_named(self):
        self.server.stop()
        with open(self.installation.data_dir / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = self.said("alerts", "list")
        self.assertEqual((said.returncode, said.stdout, said.stderr.count("\n")), (FAILED, "", 1))
        self.assertIn(f"in use by another straykey (process {os.getpid()})", said.stderr)
        self.assertIn("admin.sock", said.stderr)

    def test_7_a_test_that_no_webhook_took_is_a_failure_in_words_and_as_json(self):
        self.assertIn("the test was delivered", self.said_well("webhook", "test", "sink"))
        for option in ((), ("--json",)):
            self.sink.fail_next()
            said = self.said("webhook", "test", "sink", *option)
            self.assertEqual(said.returncode, FAILED, said)
            self.assertIn('"delivered":false' if option else "the test was not delivered", said.stdout if option else said.stderr)
        self.sink.fail_next(410)
        self.assertIn("pauses the webhook until it is resumed", self.said("webhook", "test", "sink").stderr)
        self.sink.heal()

    def test_7_the_command_that_acknowledges_says_no_reason_of_its_own(self):
        some = next(iter(self.stored.values()))
        shown = json.loads(self.said_well("alerts", "show", some["id"]))
        words = shlex.split(shown["respond"]["acknowledge_command"])
        # It finds this server, whose data directory is not the default, from anywhere.
        said = run_command(*words[1:], folder=Path("/"))
        self.assertEqual((said.returncode, said.stdout), (USAGE, ""))
        self.assertIn("in place of the placeholder", said.stderr)
        words[-1] = "our own job"
        done = run_command(*words[1:], folder=Path("/"))
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(self.said_well("alerts", "show", some["id"]))["note"], "our own job")
        self.said_well("alerts", "reopen", some["id"])

    def test_8_commands_on_a_stopped_store_wait_for_each_other_and_a_server_waits_for_a_command(self):
        self.server.stop()
        alerts = len(self.installation.stored_alerts())
        command = [STRAYKEY, "alerts", "list", "--data-dir", str(self.installation.data_dir)]
        at_once = [subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
        for process in at_once:
            out, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, err, len(out.splitlines())), (0, f"{alerts} alerts\n", alerts))
        with open(self.installation.data_dir / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            waiting = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.server.launch()
            said = self.server.wait_said("waiting for it")
            self.assertIn(f'process="{os.getpid()}"', said)
        out, err = waiting.communicate(timeout=60)      # from the store, or from the server that came first
        self.assertEqual((waiting.returncode, err, len(out.splitlines())), (0, f"{alerts} alerts\n", alerts))
        self.server.wait_ready()
        self.assertEqual(self.server.log_text().count("waiting for it"), 1)

    def test_9_a_server_that_waits_for_a_store_ends_at_a_signal(self):
        self.server.stop()
        with open(self.installation.data_dir / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.server.launch()
            self.server.wait_said("waiting for it")
            self.assertEqual(self.server.stop(), FAILED)
            self.assertIn("in use by another straykey", "\n".join(self.server.log))


if __name__ == "__main__":
    unittest.main()
