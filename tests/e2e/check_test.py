#!/usr/bin/env python3
"""`straykey check` finds nothing in a store that the server wrote, and names the file of every kind of damage."""
import shutil
import tempfile
import unittest
from pathlib import Path

from installation import Installation, Trail
from straykey_process import run_command

FAILED, CONFIGURATION = 1, 78
PAGE_BYTES = 4096


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.trail = Trail(cls.folder / "sample")
        cls.installation = Installation(cls.folder / "server", cls.trail, shards=2)
        cls.addClassCleanup(cls.installation.server.stop_if_running)
        cls.installation.server.start()
        with cls.installation.sender() as sender:
            for path in cls.trail.files:
                assert sender.post_file(path).status == 200
        cls.installation.server.kill()
        cls.store = cls.installation.data_dir

    def damaged(self, change):
        """A copy of the store, changed."""
        copy = self.folder / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.store, copy, ignore=shutil.ignore_patterns("admin.sock"))
        change(copy)
        return copy

    def findings(self, store):
        said = run_command("check", store)
        self.assertEqual(said.returncode, FAILED, said.stdout + said.stderr)
        return said.stderr

    @staticmethod
    def flip(path, text):
        """The first letter after each occurrence of `text`: unused room of pages may hold stale ones."""
        content = path.read_bytes()
        assert text in content
        path.write_bytes(content.replace(text, bytes([text[0] ^ 1]) + text[1:]))

    def test_a_killed_server_leaves_nothing_wrong(self):
        said = run_command("check", self.store)
        self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)
        lines = said.stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines[:3]], ["merger", "shard-00", "shard-01"])
        self.assertTrue(all(line.endswith("sound") for line in lines[:3]), said.stdout)
        self.assertIn("nothing is wrong", lines[3])
        same = run_command("check", "--config", self.installation.configuration)
        self.assertEqual(same.stdout, said.stdout)

    def test_a_changed_value_is_a_failed_checksum(self):
        store = self.damaged(lambda copy: self.flip(copy / "shard-01/data.mdb", b"aws-sdk"))
        self.assertIn(f"{store}/shard-01/data.mdb: a value of table", self.findings(store))

    def test_a_page_that_is_gone(self):
        def clear(copy):
            path = copy / "merger/data.mdb"
            content = bytearray(path.read_bytes())
            content[5 * PAGE_BYTES:] = bytes(len(content) - 5 * PAGE_BYTES)
            path.write_bytes(content)
        store = self.damaged(clear)
        self.assertIn(f"{store}/merger/data.mdb: page ", self.findings(store))

    def test_a_file_that_is_no_store_a_missing_one_and_an_older_partition(self):
        store = self.damaged(lambda copy: (copy / "shard-00/data.mdb").write_bytes(b"x" * 100_000))
        self.assertIn(f"{store}/shard-00/data.mdb: ", self.findings(store))
        store = self.damaged(lambda copy: (copy / "shard-00/data.mdb").unlink())
        self.assertIn(f"{store}/shard-00/data.mdb is missing", self.findings(store))
        with Installation(self.folder / "new", self.trail) as new:
            new.server.start()
            new.server.stop()
            store = self.damaged(lambda copy: shutil.copy(new.data_dir / "shard-00/data.mdb", copy / "shard-01"))
        self.assertIn(f"{store}/shard-01: candidates up to", self.findings(store))

    def test_a_format_file_that_was_changed(self):
        store = self.damaged(lambda copy: self.flip(copy / "format", b"shards"))
        self.assertIn("format is damaged", self.findings(store))

    def test_a_store_that_is_in_use_or_not_there(self):
        said = run_command("check", self.folder / "nowhere")
        self.assertEqual((said.returncode, said.stderr),
                         (FAILED, f"straykey: {self.folder}/nowhere: no store is there\n"))
        self.assertFalse((self.folder / "nowhere").exists())
        with Installation(self.folder / "other", self.trail) as running:
            running.server.start()
            self.assertIn("in use by another straykey", self.findings(running.data_dir))


if __name__ == "__main__":
    unittest.main()
