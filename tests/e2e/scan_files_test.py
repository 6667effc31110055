#!/usr/bin/env python3
"""What scan and backfill read, what they leave, and that their exit code and their last lines say so."""
import gzip
import json
import os
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

import straykey_process
from bad_input_test import record
from installation import Trail
from straykey_process import run_command

HOSTILE = "\x1b[2J\u009b31m\u202e\u2066"      # clears a screen, colours it, turns the writing round
HOSTILE_BYTES = [b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae", b"\xe2\x81\xa6"]


def lines_of(records):
    return "".join(json.dumps(one) + "\n" for one in records)


class ScanFiles(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "objects"
        self.folder.mkdir()
        self.store = Path(scratch.name) / "store"

    def scan(self, *arguments):
        return run_command("scan", *(arguments or [self.folder]), timeout_s=60)

    def expect(self, said, code, *texts):
        self.assertEqual(said.returncode, code, said.stderr)
        for text in texts:
            self.assertIn(text, said.stderr)
        return said

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def test_a_folder_of_objects_as_firehose_names_them(self):
        objects = "".join(json.dumps(record(number)) for number in range(4))
        self.write("central-logs-1-2026-11-28-10-00-00-00000000-0000-4000-8000-000000000001", gzip.compress(objects.encode()))
        self.write("central-logs-1-2026-11-28-10-05-00-00000000-0000-4000-8000-000000000002", objects)
        self.write("TRAIL.JSON", json.dumps({"Records": [record(7)]}, indent=2))
        self.write("trail.log", lines_of([record(8)]))
        self.write("trail.gz", gzip.compress(lines_of([record(9)]).encode()))
        self.expect(self.scan(), 0, "5 files, 11 events")
        self.expect(self.scan("--backfill", self.store, self.folder), 0, "5 files, 11 events")

    def test_what_lies_beside_the_records_is_named_and_no_failure(self):
        self.write("trail.json.gz", gzip.compress(json.dumps({"Records": [record(1)]}).encode()))
        for number in range(5):
            self.write(f"digest-{number}.json.gz", gzip.compress(json.dumps(
                {"awsAccountId": "111122223333", "digestStartTime": "2025-06-01T09:00:00Z", "digestS3Bucket": "trail",
                 "logFiles": []}).encode()))
        self.write("snapshot.json.gz", gzip.compress(
            b'{"fileVersion":"1.0","configSnapshotId":"0","configurationItems":[]}'))
        self.write("flow.log.gz", gzip.compress(b"version account-id interface-id srcaddr dstaddr\n"))
        self.write("insight.json.gz", gzip.compress(json.dumps({"Records": [
            {"eventVersion": "1.07", "eventTime": "2025-06-01T10:00:00Z", "awsRegion": "us-east-1", "eventID": "1",
             "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight"}]}).encode()))
        self.write("notes.md", "# about these\n")
        os.mkfifo(self.folder / "pipe")
        said = self.expect(self.scan(), 0, "1 file, 1 event", "10 files skipped, 0 rejected",
                           "skipped 5 files: a CloudTrail digest: ", "and 2 more", "an AWS Config snapshot: ",
                           "a VPC flow log: ", "ignored insight: 1", "Insights events, aggregated events or digests of CloudTrail, which hold no call: ", "text without JSON: ",
                           "a pipe, socket or device: ")
        self.assertNotIn("rejected digest", said.stderr)

    def test_gzip_that_inflates_to_gigabytes_takes_little_memory(self):
        spaces = gzip.compress(b" " * (16 << 20))
        first, last = (gzip.compress(lines_of([record(number)]).encode()) for number in (1, 2))
        self.write("spaces.json.gz", first + spaces * 40 + gzip.compress(b"\n") + last)
        command = [*straykey_process.BOUND_TO_PARENT, straykey_process.STRAYKEY, "scan", str(self.folder)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            said = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, said)
        self.assertIn("1 file, 2 events", said)
        self.assertLess(used.ru_maxrss, 640 << 10)

    def test_events_that_cannot_be_judged_are_said(self):
        stripped = [{key: value for key, value in record(number).items() if key not in ("userIdentity", "sourceIPAddress")}
                    for number in range(3)]
        self.write("events.jsonl", lines_of([record(9), *stripped]))
        self.expect(self.scan(), 0, "4 events", "3 without identity, not judged")

    def test_nothing_read_is_a_failure_unless_that_is_allowed(self):
        self.expect(self.scan(), 1, "nothing was read")
        self.write("notes.md", "# about these\n")
        for paths in ([self.folder], [self.folder / "notes.md"]):
            self.expect(self.scan(*paths), 1, "nothing was read", "notes.md")
            self.expect(self.scan("--allow-empty", *paths), 0)
            self.expect(self.scan("--backfill", self.store, *paths), 1, "nothing was read")

    def test_of_a_cut_gzip_file_the_whole_records_are_taken_and_the_cut_is_said(self):
        noise = random.Random(1)
        records = [dict(record(number), requestID=noise.randbytes(40).hex()) for number in range(200)]
        for name, text in (("lines", lines_of(records)), ("file.json", json.dumps({"Records": records}))):
            whole = gzip.compress(text.encode())
            path = self.write(name, whole[:len(whole) * 3 // 4])
            said = self.expect(self.scan(path), 1, f"damaged {path}: the gzip file is cut short; ")
            taken = int(said.stderr.split(" events", 1)[0].rsplit(" ", 1)[1])
            self.assertTrue(100 < taken < 200, said.stderr)
            self.assertIn(f"{taken} whole records of it are taken", said.stderr)
            self.expect(self.scan("--backfill", self.store, path), 1, f"{taken} events")

    def test_of_a_cut_plain_file_the_whole_records_are_taken_and_the_cut_is_said(self):
        records = [record(number) for number in range(20)]
        for name, text in (("lines", lines_of(records)), ("file.json", json.dumps({"Records": records})),
                           ("pretty.json", json.dumps({"Records": records}, indent=1))):
            self.expect(self.scan(self.write(name, text)), 0, "20 events")
            for size in (len(text) * 3 // 4 - 30, text.rindex("}", 0, len(text) * 3 // 4)):
                path = self.write(name, text[:size])
                said = self.expect(self.scan(path), 1, f"damaged {path}: the file is cut short; ")
                taken = int(said.stderr.split(" events", 1)[0].rsplit(" ", 1)[1])
                self.assertTrue(10 < taken < 16, said.stderr)
                self.assertIn(f"{taken} whole records of it are taken", said.stderr)
                self.expect(self.scan("--backfill", self.store, path), 1, f"{taken} events")
        self.expect(self.scan(self.write("between.json", json.dumps({"Records": records[:3]})[:-2])), 1, "3 events", "cut short")
        # A line that its writer cut is a bad record of a whole file.
        self.expect(self.scan(self.write("lines", lines_of(records[:2]) + json.dumps(record(3))[:50] + "\n")), 0, "1 rejected")

    def test_a_damaged_gzip_file_is_a_failure_beside_whole_ones(self):
        damaged = bytearray(gzip.compress(lines_of(record(number) for number in range(50)).encode()))
        damaged[-6] ^= 1
        self.write("damaged.gz", bytes(damaged))
        self.write("whole.gz", gzip.compress(lines_of([record(60)]).encode()))
        self.expect(self.scan(), 1, "1 event", "damaged.gz: the gzip file is damaged; 0 whole records")
        self.expect(self.scan("--allow-empty", self.folder), 1)

    def test_what_cannot_be_read_is_named_and_the_rest_is_judged(self):
        self.write("trail.jsonl", lines_of([record(1), record(2)]))
        (self.folder / "sick").symlink_to("/proc/self/mem")       # reading it is an I/O error, also for root
        (self.folder / "loop").symlink_to("loop")
        for arguments in ([self.folder], ["--backfill", self.store, self.folder]):
            self.expect(self.scan(*arguments), 1, "1 file, 2 events", f"not read {self.folder}/sick: cannot be read: Input/output error",
                        f"not read {self.folder}/loop: Too many levels", "straykey: 2 paths could not be read: ")

    def test_rejects_are_explained_and_alone_change_nothing_while_one_record_is_taken(self):
        wrong = dict(record(2), eventTime="yesterday" + HOSTILE)
        path = self.write("some.jsonl", lines_of([record(1), wrong, {"a": 1}]))
        said = self.expect(self.scan("--explain-rejects", 1, path), 0, "2 rejected",
                           f"reject {path}: line 2, record 2: bad_event_time: eventTime is \"yesterday",
                           "expected a time in UTC")
        self.assertEqual(said.stderr.count("  reject "), 1)
        path = self.write("some.jsonl", lines_of([wrong]))
        self.expect(self.scan(path), 1, "no event was taken")
        self.expect(self.scan("--allow-empty", path), 1)

    def test_names_of_files_cannot_fool_a_terminal(self):
        self.write("evil" + HOSTILE, gzip.compress(lines_of([record(1)]).encode())[:40])
        self.write("evil" + HOSTILE + ".md", "nothing")
        self.write("evil" + HOSTILE + ".json", lines_of([{"a": 1}]))
        for arguments in ([self.folder], ["--explain-rejects", 5, self.folder], [str(self.folder / "none") + HOSTILE],
                          ["--" + HOSTILE, self.folder]):
            said = self.scan(*arguments)
            self.assertNotEqual(said.returncode, 0)
            for bytes_ in HOSTILE_BYTES:
                self.assertNotIn(bytes_, (said.stdout + said.stderr).encode(), said.stderr)


class HostileText(unittest.TestCase):
    """Alerts and baselines about calls whose user agents are made to fool a terminal."""

    def test_nothing_of_it_reaches_the_terminal_and_json_still_means_it(self):
        with tempfile.TemporaryDirectory(prefix="straykey-e2e.") as scratch:
            scratch = Path(scratch)
            trail = Trail(scratch / "sample")
            records = [one for path in trail.files for one in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
            for one in records:
                if "userAgent" in one:
                    one["userAgent"] = (one["userAgent"] or "") + HOSTILE
            events = scratch / "hostile.jsonl"
            events.write_text(lines_of(records))
            networks = ["--aws-ranges", trail.folder / "ip-ranges.json", "--asn", trail.folder / "asn.csv",
                        "--trusted", trail.trusted]
            store = ["--data-dir", scratch / "store"]
            scanned = run_command("scan", *networks, events)
            filled = run_command("scan", *networks, "--backfill", scratch / "store", events)
            listed = run_command("alerts", "list", *store)
            as_json = run_command("alerts", "list", "--json", *store)
            self.assertEqual([scanned.returncode, filled.returncode, listed.returncode, as_json.returncode], [0] * 4)
            alerts = [json.loads(line) for line in as_json.stdout.splitlines()]
            self.assertGreater(len(alerts), 5)
            self.assertGreater(sum(HOSTILE in json.dumps(alert, ensure_ascii=False) or
                                   HOSTILE[1:] in alert["user_agent"]["raw"] for alert in alerts), 5)
            self.assertEqual(len(alerts), len([json.loads(line) for line in scanned.stdout.splitlines()]))
            shown = run_command("alerts", "show", alerts[0]["id"], *store)
            known = run_command("baseline", "show", alerts[0]["identity"], *store)
            dumped = run_command("alerts", "dump", *store)
            for said in (scanned, filled, listed, as_json, shown, known, dumped):
                self.assertEqual(said.returncode, 0, said.stderr)
                for bytes_ in HOSTILE_BYTES:
                    self.assertNotIn(bytes_, (said.stdout + said.stderr).encode(), said.args)


class PipeInStore(unittest.TestCase):
    def test_a_pipe_in_the_data_directory_is_named_and_not_waited_for(self):
        with tempfile.TemporaryDirectory(prefix="straykey-e2e.") as scratch:
            events, store = Path(scratch) / "events", Path(scratch) / "store"
            events.write_text(lines_of([record(1)]))
            self.assertEqual(run_command("scan", "--backfill", store, events).returncode, 0)
            for name in ("format", "merger/data.mdb", "shard-00/lock.mdb"):
                (store / name).rename(Path(scratch) / "kept")
                os.mkfifo(store / name)
                for command in (["alerts", "list", "--data-dir", store], ["check", store],
                                ["backup", Path(scratch) / "copy", "--data-dir", store],
                                ["scan", "--backfill", store, events]):
                    said = run_command(*command, timeout_s=20)
                    self.assertEqual(said.returncode, 1, said)
                    self.assertIn(f"{store}/{name} is a pipe", said.stderr)
                (store / name).unlink()
                (Path(scratch) / "kept").rename(store / name)


if __name__ == "__main__":
    unittest.main()
