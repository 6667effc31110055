#!/usr/bin/env python3
"""A trail longer than the baseline's bitmaps gives the same alerts whatever files it lies in and in whatever order they come."""
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


if __name__ == "__main__":
    unittest.main()
