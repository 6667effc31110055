#!/usr/bin/env python3
"""Rejected records are kept with their reason, across kill -9, and are read again when an operator says so."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import Installation
from metrics_text import read_metrics
from straykey_process import STRAYKEY

RECORD = {"eventVersion": "1.11", "eventName": "ListBuckets", "eventSource": "s3.amazonaws.com",
          "eventID": "00000000-0000-4000-8000-000000000001"}


class Rejects(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "server"
        self.folder.mkdir()
        self.installation = Installation(self.folder)
        self.addCleanup(self.installation.server.stop_if_running)
        self.installation.server.start()

    def rejects(self, *words, text=None):
        return subprocess.run([STRAYKEY, "rejects", *words, "--data-dir", self.installation.data_dir], input=text,
                              capture_output=True, check=False)

    def kept(self, *words):
        said = self.rejects("list", "--json", *words)
        self.assertEqual(said.returncode, 0, said.stderr)
        return [json.loads(line) for line in said.stdout.splitlines()]

    def post(self, body):
        with self.installation.sender() as sender:
            reply = sender.post(body)
        self.assertEqual(reply.status, 200)
        return json.loads(reply.body)

    def wait_kept(self, count):
        for _ in range(500):          # they are written behind the answer
            if len(self.kept()) == count:
                return
        self.fail(f"not {count} are kept: {self.kept()}")

    def test_kept_shown_mended_and_taken(self):
        self.post(json.dumps(RECORD).encode())
        self.post(b'{"a":"\xff"}')
        self.wait_kept(2)
        self.assertEqual([one["reason"] for one in self.kept()], ["missing_event_time", "bad_json"])
        self.assertEqual([one["number"] for one in self.kept("--reason", "bad_json")], [2])
        self.assertEqual(self.rejects("show", "1").stdout, json.dumps(RECORD).encode())
        self.assertEqual(self.rejects("show", "2").stdout, b'{"a":"\xff"}')
        again = self.rejects("replay", "--all", "--json")
        self.assertEqual(again.returncode, 1)
        self.assertEqual([json.loads(line)["why"] for line in again.stdout.splitlines()],
                         ["missing_event_time", "bad_json"])
        self.assertEqual(len(self.kept()), 2)              # replays are not kept a second time
        mended = json.dumps({**RECORD, "eventTime": "2026-05-01T10:00:00Z"}).encode()
        taken = self.rejects("replay", "1", "--from", "-", text=mended)
        self.assertEqual((taken.returncode, taken.stdout), (0, b"1: 1 taken\n"), taken.stderr)
        self.assertEqual([one["number"] for one in self.kept()], [2])
        with self.installation.admin() as admin:
            counted = read_metrics(admin.get("/metrics").body.decode())
        self.assertEqual(counted["straykey_events_received_total", 'source="rejects replay"'], 1)

        server = self.installation.server
        server.kill()
        newest = sorted(Path(self.installation.data_dir, "rejects").iterdir())[-1]
        self.assertEqual(newest.stat().st_mode & 0o777, 0o600)
        with open(newest, "ab") as file:
            file.write(b"rej1 torn")
        server.start()
        server.wait_said("torn end")
        self.assertEqual([one["number"] for one in self.kept()], [2])
        advice = f"1 record was rejected and is kept\n            -> straykey rejects list --data-dir {self.installation.data_dir}\n"
        self.assertIn(advice, self.installation.command("status").stdout)
        self.assertEqual(self.rejects("drop", "2").returncode, 0)
        self.assertNotIn("rejected", self.installation.command("status").stdout)
        server.stop()
        self.assertEqual(self.kept(), [])
        refused = self.rejects("replay", "--all")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"no server runs on it", refused.stderr)
        self.assertNotIn("ListBuckets", "\n".join(server.last_log + server.log))


if __name__ == "__main__":
    unittest.main()
