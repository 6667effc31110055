#!/usr/bin/env python3
"""A store of format 3: its facts are read from storage/FORMAT.md alone, byte by byte; and an older store becomes one like it.

usage: STRAYKEY=build/dev/tools/straykey tests/storage/format_3_test.py
"""
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from store_reader import MERGER_TABLES, PARTITION_TABLES, checked_tables, fact, format_file, sequence, siphash_1_3_128  # noqa: E402
from straykey_process import run_command  # noqa: E402

STORES = Path(__file__).resolve().parent / "stores"
OF_IDENTITIES = {1, 4, 6, 7, 8, 10, 11, 12, 13, 33, 36, 38, 43}


def facts_of(store):
    """kind, scope, value -> days, each under the key that the page gives it."""
    key_text = format_file(store)["hash_key"]
    hash_key = int(key_text[:16], 16), int(key_text[16:], 16)

    def keyed(text):
        return siphash_1_3_128(hash_key, text.encode())

    found = {}
    for key, value in checked_tables(store, "shard-00", PARTITION_TABLES)["facts"].items():
        row = fact(value)
        scope, thing = row["scope"], row["value"]
        if key[0] == 64:
            kind = key[21]
            assert kind in OF_IDENTITIES, kind
            assert key == b"\x40" + keyed(scope.split("/")[0])[:4] + keyed(scope) + bytes([kind]) + keyed(thing)[:8], row
        else:
            kind = key[0]
            assert kind not in OF_IDENTITIES, kind
            assert key == bytes([kind]) + keyed(scope) + keyed(thing), row
        found[kind, scope, thing] = row["days"]
    return found


class Format3(unittest.TestCase):
    def test_the_format_file_and_how_far_the_rows_are(self):
        store = STORES / "format_3"
        self.assertEqual(format_file(store)["format"], "3")
        progress = checked_tables(store, "merger", MERGER_TABLES)["progress"]
        self.assertEqual(sequence(progress[b"format"]), 3)
        self.assertNotIn(b"kept since", progress)

    def test_facts_of_both_sorts_under_their_keys(self):
        kinds = {kind for kind, *_ in facts_of(STORES / "format_3")}
        self.assertGreaterEqual(kinds, {1, 2, 4, 6, 7, 9, 14})

    def test_an_older_store_is_brought_up_and_loses_no_fact(self):
        for name in ("format_1", "format_2"):
            with self.subTest(name), tempfile.TemporaryDirectory(prefix="straykey-format.") as scratch:
                copy = Path(scratch) / "store"
                shutil.copytree(STORES / name, copy)
                before = {(key[0], row["scope"], row["value"]): row["days"]
                          for key, value in checked_tables(copy, "shard-00", PARTITION_TABLES)["facts"].items() for row in [fact(value)]}
                said = run_command("baseline", "dump", "--data-dir", copy)
                self.assertEqual(said.returncode, 0, said.stderr)
                self.assertEqual(facts_of(copy), before)
                self.assertEqual(format_file(copy)["format"], "3")
                said = run_command("check", copy)
                self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)

    def test_the_present_program_reads_it_all(self):
        with tempfile.TemporaryDirectory(prefix="straykey-format.") as scratch:
            copy = Path(scratch) / "store"
            shutil.copytree(STORES / "format_3", copy)
            said = run_command("check", copy)
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)
            said = run_command("baseline", "show", "111122223333/orders/orders-fn", "--json", "--data-dir", copy)
            self.assertEqual(said.returncode, 0, said.stderr)
            shown = {(line["kind"], line["value"]) for line in map(json.loads, said.stdout.splitlines()) if "kind" in line}
            self.assertIn(("identity_network", "AS64496"), shown, said.stdout)


if __name__ == "__main__":
    unittest.main()
