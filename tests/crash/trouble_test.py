#!/usr/bin/env python3
"""A full disk, a disk that fails or is slow, a read-only one, a clock that jumps: nothing acknowledged is lost, no alert is wrong.

Usage: trouble_test.py LIBRARY (libcall_faults.so). What needs a file system of its own is skipped where it cannot be mounted.
"""
import subprocess
import sys
import time
import unittest
from pathlib import Path

import scenario as scenario_module
from scenario import Scenario
from installation import scratch_folder
from sender import NoAnswer, Sender

DAY_S = 86_400
READY_S_MAX = 20
DELIVERED_S_MAX = 20
IDLE_S = 2.5         # what was done with keys is written after a second


class Trouble(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(scratch_folder())
        self.scenario = Scenario(self.folder, LIBRARY, seed=3)
        self.addCleanup(self.scenario.close)
        self.server, self.control = self.scenario.server, self.scenario.control

    def start(self):
        self.scenario.launch(faulty=True)
        self.server.wait_ready()

    def reply_to(self, request):
        request.sent = True
        with Sender(self.server.port("ingest_http"), None, scenario_module.TOKEN) as sender:
            reply = sender.post(request.body)
        request.answered = request.answered or reply.status == 200
        return reply

    def expect_refusal(self, request):
        reply = self.reply_to(request)
        self.assertEqual((reply.status, reply.error_code()), (503, "not_committed"),
                         f"{reply}\n{self.server.log_text()}")
        self.assertGreaterEqual(int(reply.headers["retry-after"]), 1)

    def expect_all_taken(self, requests):
        for request in requests:
            self.assertEqual(self.reply_to(request).status, 200)

    def readiness(self):
        with Sender(self.server.port("admin")) as admin:
            said = admin.get("/readyz").json()
        return said["ready"], said["reasons"]

    def end_well(self):
        """-> the alerts, which are those of the model."""
        self.assertEqual(self.server.stop(), 0, self.server.log_text())
        alerts = self.scenario.check.check()
        self.assertTrue(alerts)
        return alerts

    def mount(self, path, options):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], capture_output=True, check=False).returncode:
            self.skipTest("a file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)
        self.addCleanup(self.scenario.close)      # before it

    def test_writes_that_find_no_space_are_503_until_there_is_some(self):
        self.start()
        requests = self.scenario.requests
        self.expect_all_taken(requests[:2])
        time.sleep(IDLE_S)      # a commit that fails between its pages and its meta page ends the process
        self.control.fail_from_now_on("pwrite")
        for request in requests[2:4] * 2:
            self.expect_refusal(request)
        self.assertEqual(self.readiness(), (False, ["store"]))
        self.control.heal()
        self.expect_all_taken(requests)
        deadline = time.monotonic() + READY_S_MAX      # the merger tries again every second
        while not self.readiness()[0] and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.readiness(), (True, []))
        self.end_well()

    def test_a_full_disk_is_503_and_named_until_there_is_space(self):
        store = self.scenario.installation.data_dir
        store.mkdir(mode=0o700)
        self.mount(store, "size=80m,mode=0700")
        self.start()
        requests = self.scenario.requests
        self.expect_all_taken(requests[:2])
        ballast = store / "ballast"
        ballast.write_bytes(bytes(20 << 20))      # less than 64 MiB are left: a commit that needs more pages is refused
        statuses = {self.reply_to(request).status for request in requests[2:]}
        self.assertIn(503, statuses)
        self.assertLessEqual(statuses, {200, 503})
        self.assertTrue(any("the disk is full" in line for line in self.server.log), self.server.log_text())
        ballast.unlink()
        self.expect_all_taken(requests)
        self.end_well()

    def test_a_disk_that_fills_up_to_the_last_byte_loses_nothing(self):
        store = self.scenario.installation.data_dir
        store.mkdir(mode=0o700)
        self.mount(store, "size=80m,mode=0700")
        text = self.scenario.installation.configuration.read_text()
        self.start()
        requests = self.scenario.requests
        self.expect_all_taken(requests[:2])
        ballast = store / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 12)):
                    pass
            except OSError:
                pass
        for request in requests[2:4]:
            try:
                self.assertIn(self.reply_to(request).status, (200, 503))
            except (NoAnswer, OSError):
                break
        ballast.unlink()
        if self.server.process.poll() is not None:
            self.assertEqual(self.server.stop(), 75, self.server.log_text())
            self.start()
        self.expect_all_taken(requests)
        self.end_well()
        self.assertEqual(text, self.scenario.installation.configuration.read_text())

    def test_a_sync_that_fails_ends_acknowledging_and_the_process_with_75(self):
        self.start()
        requests = self.scenario.requests
        self.expect_all_taken(requests[:2])
        self.control.fail_from_now_on("fdatasync")
        try:
            self.assertEqual(self.reply_to(requests[2]).status, 503)
        except (NoAnswer, OSError):
            pass
        self.assertEqual(self.server.process.wait(READY_S_MAX), 75)
        self.server.stop()
        self.assertTrue(any("restart me" in line for line in self.server.log), self.server.log_text())
        self.control.heal()
        self.start()
        self.expect_all_taken(requests)
        self.end_well()

    def test_a_meta_page_that_cannot_be_written_once_leaves_a_store_that_starts(self):
        self.start()
        requests = self.scenario.requests
        for request in requests[:-1]:
            self.expect_all_taken([request])
        time.sleep(IDLE_S)
        self.control.fail("meta_write", self.control.calls("meta_write") + 1)
        try:
            self.assertEqual(self.reply_to(requests[-1]).status, 503)
        except (NoAnswer, OSError):
            pass
        self.assertEqual(self.server.process.wait(READY_S_MAX), 75)
        self.server.stop()
        self.control.heal()
        self.start()
        self.expect_all_taken(requests)
        self.end_well()

    def test_a_read_only_disk_is_named(self):
        store = self.scenario.installation.data_dir
        store.mkdir(mode=0o700)
        self.mount(store, "size=80m,mode=0700")
        self.start()
        self.expect_all_taken(self.scenario.requests)
        self.assertEqual(self.server.stop(), 0)
        subprocess.run(["mount", "-o", "remount,ro", store], check=True)
        self.scenario.launch(faulty=False)
        self.assertFalse(self.scenario.is_ready())
        self.assertEqual(self.server.stop(), 1)
        self.assertIn("read-only", self.server.log_text())
        self.assertEqual(len(self.server.log), 1, self.server.log_text())

    def test_a_slow_disk_is_slow_and_right(self):
        self.start()
        self.control.slow_syncs(0.15)
        self.expect_all_taken(self.scenario.requests)
        self.end_well()

    def test_a_clock_that_jumps_changes_no_alert(self):
        self.scenario.sink.clock_difference_s_max = 50 * DAY_S
        self.start()
        requests = self.scenario.requests
        steps = [lambda: self.control.shift_clock(40 * DAY_S), lambda: self.control.shift_clock(-3 * DAY_S),
                 lambda: self.control.freeze_clock(time.time()), lambda: self.control.shift_clock(0)]
        for number, request in enumerate(requests):
            steps[number % len(steps)]()
            self.expect_all_taken([request])
            self.expect_all_taken([requests[number // 2]])
        certain, _ = self.scenario.model.update()
        alerts = self.scenario.model.alerts_of(certain)
        self.scenario.sink.wait_for(len(alerts), 0, DELIVERED_S_MAX)
        self.assertEqual(self.end_well(), alerts)
        self.assertEqual(self.scenario.check.undelivered(), [])


if __name__ == "__main__":
    LIBRARY = Path(sys.argv.pop(1)).resolve()
    unittest.main()
