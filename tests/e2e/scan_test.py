#!/usr/bin/env python3
"""A trail longer than the baseline's bitmaps gives the same alerts whatever files it lies in and in whatever order they come."""
import datetime
import gzip
import json
import random
import re
import shlex
import tempfile
import unittest
from pathlib import Path

from installation import Trail, pair_of
from straykey_process import run_command


def records_of(path):
    return json.loads(gzip.decompress(path.read_bytes()))["Records"]


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        cls.trail = Trail(cls.scratch / "sample")
        cls.records = [record for path in cls.trail.files for record in records_of(path)]
        days = {record["eventTime"][:10] for record in cls.records}
        assert len(days) > 40, "one block of days would not test it"
        cls.expected = cls.trail.scan()

    def expect_the_same(self, name, files):
        """files: name -> records."""
        folder = self.scratch / name
        folder.mkdir()
        for file, records in files.items():
            (folder / file).write_text("".join(json.dumps(record) + "\n" for record in records))
        self.assertEqual(self.trail.scan(folder).keys(), self.expected.keys())

    def test_files_as_they_are_delivered(self):
        self.assertEqual(sorted(map(pair_of, self.expected.values())), self.trail.labels)

    def test_the_command_that_simulate_prints_judges_what_it_wrote(self):
        trail = Trail(self.scratch / "with a 'space", "--events", 3000)
        command = re.search(r"^To judge it: (straykey scan .*)$", trail.said, re.MULTILINE).group(1)
        said = run_command(*shlex.split(command)[1:])
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertNotIn("note:", said.stderr)
        self.assertEqual({json.loads(line)["id"] for line in said.stdout.splitlines()}, trail.scan().keys())

    def test_files_of_a_day_in_any_order(self):
        days = {}
        for record in self.records:
            days.setdefault(record["eventTime"][:10], []).append(record)
        names = list(range(len(days)))
        random.Random(4).shuffle(names)
        self.expect_the_same("shuffled", {f"{name:03}.jsonl": days[day] for name, day in zip(names, sorted(days))})

    def test_one_file(self):
        self.expect_the_same("one", {"all.jsonl": self.records})

    def test_one_file_that_runs_backwards(self):
        backwards = sorted(self.records, key=lambda record: record["eventTime"], reverse=True)
        self.expect_the_same("backwards", {"all.jsonl": backwards})

    def test_names_that_say_the_wrong_time(self):
        days = {}
        for record in self.records:
            days.setdefault(record["eventTime"][:10], []).append(record)
        newest_first = sorted(days, reverse=True)
        self.expect_the_same("wrong", {f"a_20250{1 + i // 28}{1 + i % 28:02}T0000Z_x.jsonl": days[day]
                                         for i, day in enumerate(newest_first)})

    def test_a_proof_that_comes_in_the_next_block_gives_the_alert_of_the_first_call(self):
        """The first call is of the last days of a block of 30 days, the event that issued its key of the next one."""
        start = datetime.datetime(2026, 5, 1, tzinfo=datetime.timezone.utc)

        def record(day, hour, number, name, source, identity, **more):
            return {"eventVersion": "1.11", "eventTime": f"{start + datetime.timedelta(days=day, hours=hour):%Y-%m-%dT%H:%M:%SZ}",
                    "eventName": name, "eventSource": source, "awsRegion": "eu-west-1", "eventID": f"e-{number}",
                    "userAgent": "Boto3/1.42.97", "recipientAccountId": "111122223333", "userIdentity": identity, **more}

        def person(day):
            return record(day, 9, f"p{day}", "ListBuckets", "s3.amazonaws.com",
                          {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/auditor", "accountId": "111122223333",
                           "accessKeyId": "AKIAAUDITOR000000001", "userName": "auditor"}, sourceIPAddress="10.0.0.1")

        def theft(day, key, **proof):
            return record(day, 12, f"t{day}", "ListBuckets", "s3.amazonaws.com",
                          {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/orders/orders-fn",
                           "accountId": "111122223333", "accessKeyId": key, "sessionContext": {"sessionIssuer": {
                               "type": "Role", "arn": "arn:aws:iam::111122223333:role/orders"}}, **proof},
                          sourceIPAddress="203.0.113.7")

        issue = record(30, 10, "i", "AssumeRole", "sts.amazonaws.com", {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
                       sourceIPAddress="lambda.amazonaws.com",
                       requestParameters={"roleArn": "arn:aws:iam::111122223333:role/orders", "roleSessionName": "orders-fn"},
                       responseElements={"credentials": {"accessKeyId": "ASIAORDERS0000000001"}})
        in_scope = {"inScopeOf": {"issuerType": "AWS::Lambda::Function",
                                  "credentialsIssuedTo": "arn:aws:lambda:eu-west-1:111122223333:function:orders-fn"}}
        trail = [person(day) for day in range(45)] + [theft(28, "ASIAORDERS0000000001"),
                                                      theft(29, "ASIAORDERS0000000002", **in_scope), issue]
        found = []
        for name, records in (("boundary", trail), ("shifted", [person(-10), *trail])):
            folder = self.scratch / f"late-{name}"
            folder.mkdir()
            (folder / "all.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
            said = run_command("scan", folder)
            self.assertEqual(said.returncode, 0, said.stderr)
            found.append([json.loads(line) for line in said.stdout.splitlines()])
        self.assertEqual([[alert["first_seen"][:10] for alert in alerts] for alerts in found], [["2026-05-29"]] * 2)
        self.assertEqual(found[0][0]["id"], found[1][0]["id"])


if __name__ == "__main__":
    unittest.main()
