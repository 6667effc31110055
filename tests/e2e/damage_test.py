#!/usr/bin/env python3
"""With a damaged partition the server takes nothing and says so; it delivers what it had stored, until a backup is back."""
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from installation import Installation, Trail
from webhook_sink import WebhookSink

ALERTS_S_MAX = 60
START_S_MAX = 60
PAGE_BYTES = 4096


def flip_letters(path, text):
    """The first letter after each occurrence of `text`, in place."""
    content = path.read_bytes()
    assert text in content
    with path.open("r+b") as file:
        at = content.find(text)
        while at >= 0:
            file.seek(at)
            file.write(bytes([text[0] ^ 1]))
            at = content.find(text, at + 1)


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.trail = Trail(cls.folder / "sample")
        cls.half = len(cls.trail.files) // 2

    def served(self, name, fail_share):
        """A server that took the sample, and its sink, which has not taken any alert if fail_share is 1."""
        sink = WebhookSink(fail_share=fail_share)
        self.addCleanup(sink.close)
        installation = Installation(self.folder / name, self.trail, sink, shards=2)
        self.addCleanup(installation.server.stop_if_running)
        installation.server.start()
        with installation.sender() as sender:
            for path in self.trail.files:
                self.assertEqual(sender.post_file(path).status, 200)
        return installation, sink

    def start_damaged(self, server):
        server.launch()
        deadline = time.monotonic() + START_S_MAX
        while not server._said("takes no events until the store is restored"):
            self.assertLess(time.monotonic(), deadline, server.log_text())
            self.assertTrue(server._reading, server.log_text())
            time.sleep(0.05)

    def logged(self, server, words):
        """The line with these words; it may come a little after the state that it tells of."""
        deadline = time.monotonic() + START_S_MAX
        while not (lines := [line for line in server.log if words in line]):
            self.assertLess(time.monotonic(), deadline, server.log_text())
            time.sleep(0.05)
        return lines[0]

    def expect_refusal(self, installation, part, damaged=()):
        """damaged: parts that may be found damaged besides."""
        with installation.sender() as sender:
            reply = sender.post_file(self.trail.files[-1])
            self.assertEqual((reply.status, reply.error_code()), (503, "store_damaged"), reply)
            self.assertIn("retry-after", reply.headers)
            self.assertEqual(sender.get("/healthz").status, 200)
        with installation.admin() as admin:
            ready = admin.get("/readyz")
            self.assertEqual(ready.status, 503)
            reasons = set(ready.json()["reasons"])
            self.assertIn(f"damaged: {part}", reasons)
            self.assertLessEqual(reasons, {f"damaged: {one}" for one in (part, *damaged)})
            self.assertIn(f'straykey_store_damaged{{part="{part}"}} 1', admin.get("/metrics").body.decode())
        line = self.logged(installation.server, "the store is damaged: restore a backup")
        self.assertIn(f"{installation.data_dir}/{part}", line)
        self.assertIn("data.mdb", line)

    def test_damage_found_at_the_start(self):
        installation, sink = self.served("start", fail_share=1.0)
        expected = len(self.trail.labels)
        self.assertEqual(installation.server.stop(), 0)
        taken_before = len(sink.alerts())
        self.assertLess(taken_before, expected)
        backup = self.folder / "copy"
        shutil.copytree(installation.data_dir, backup)
        flip_letters(installation.data_dir / "shard-01/data.mdb", b"aws-sdk")
        sink.heal()
        self.start_damaged(installation.server)
        self.expect_refusal(installation, "shard-01")
        sink.wait_for(expected, 0, ALERTS_S_MAX)
        self.assertEqual(len(sink.alerts()), expected)
        self.assertEqual(installation.server.stop(), 0)

        for damage in ("missing", "no LMDB file"):      # of a whole partition
            path = installation.data_dir / "shard-00/data.mdb"
            path.unlink() if damage == "missing" else path.write_bytes(b"x" * 10 * PAGE_BYTES)
            shutil.rmtree(installation.data_dir / "shard-01")
            shutil.copytree(backup / "shard-01", installation.data_dir / "shard-01")
            self.start_damaged(installation.server)
            self.expect_refusal(installation, "shard-00")
            self.assertEqual(installation.server.stop(), 0)

        shutil.rmtree(installation.data_dir)
        shutil.copytree(backup, installation.data_dir)
        installation.server.start()
        with installation.sender() as sender:
            self.assertEqual(sender.post_file(self.trail.files[-1]).status, 200)
        self.assertEqual(installation.server.stop(), 0)

    def test_a_damaged_alert_store_is_named_and_nothing_else_runs(self):
        installation, _ = self.served("merger", fail_share=0.0)
        self.assertEqual(installation.server.stop(), 0)
        flip_letters(installation.data_dir / "merger/data.mdb", b"remote_service_token")
        self.start_damaged(installation.server)
        self.expect_refusal(installation, "merger")
        self.assertEqual(installation.server.stop(), 0)

    def test_damage_found_while_serving(self):
        installation, sink = self.served("run", fail_share=0.0)
        sink.wait_for(len(self.trail.labels), 0, ALERTS_S_MAX)
        for part in ("shard-00", "shard-01"):      # LMDB maps the file, so the server sees it at once
            flip_letters(installation.data_dir / part / "data.mdb", b"aws-sdk")
        with installation.sender() as sender:
            for path in self.trail.files:
                reply = sender.post_file(path)
                if reply.status == 503:
                    break
            self.assertEqual(reply.status, 503)
            self.assertIn(reply.error_code(), ("not_committed", "store_damaged"))
            for _ in range(100):
                reply = sender.post_file(self.trail.files[-1])
                if reply.error_code() == "store_damaged":
                    break
                time.sleep(0.05)
        with installation.admin() as admin:
            reason = admin.get("/readyz").json()["reasons"][0]
        self.expect_refusal(installation, reason.removeprefix("damaged: "), ("shard-00", "shard-01"))
        self.assertEqual(installation.server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
