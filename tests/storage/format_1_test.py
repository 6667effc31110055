#!/usr/bin/env python3
"""The store that format 1 began with: read from storage/FORMAT.md and the description of LMDB's file alone, byte by byte,
and read by the present program. Both find what make_format_store.py put into it.

usage: STRAYKEY=build/dev/tools/straykey tests/storage/format_1_test.py
"""
import json
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from store_reader import (FIXED_KEY, MERGER_TABLES, PARTITION_TABLES, Value, candidate, checked_tables, fact,  # noqa: E402
                          format_file, sequence, siphash_1_3_128)
from straykey_process import run_command  # noqa: E402

STORE = Path(__file__).resolve().parent / "stores/format_1"
ACCOUNT, ROLE, IDENTITY = "111122223333", "111122223333/orders", "111122223333/orders/orders-fn"
FIRST_DAY = 20240          # 2025-06-01, days since 1970
THEFT = FIRST_DAY + 12


class Format1(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.partition = checked_tables(STORE, "shard-00", PARTITION_TABLES)
        tables = {name: number for name, number in MERGER_TABLES.items() if name != "campaigns"}    # came with format 2
        cls.merger = checked_tables(STORE, "merger", tables)
        cls.lines = format_file(STORE)
        cls.key = int(cls.lines["hash_key"][:16], 16), int(cls.lines["hash_key"][16:], 16)

    def keyed(self, text):
        return siphash_1_3_128(self.key, text.encode())

    def one(self, table):
        (key, value), = table.items()
        return key, value

    def test_the_format_file(self):
        self.assertEqual((self.lines["format"], self.lines["shards"], self.lines["partitions"]), ("1", "1", "1"))

    def test_every_table_has_rows(self):
        for name, rows in {**self.partition, **self.merger}.items():
            self.assertTrue(rows, name)

    def test_facts(self):
        found = {}
        for key, value in self.partition["facts"].items():
            row = fact(value)
            self.assertEqual(key[1:], self.keyed(row["scope"]) + self.keyed(row["value"]))
            self.assertEqual((row["acknowledged"], row["first"]), (0, min(row["days"])))
            found[key[0], row["scope"], row["value"]] = row["days"]
        twelve = set(range(FIRST_DAY, THEFT))
        self.assertEqual(found[1, IDENTITY, "AS64496"], twelve)
        self.assertEqual(found[1, IDENTITY, "198.51.100.0/24"], {THEFT})
        self.assertEqual(found[2, "AS64511", ROLE], {THEFT})
        self.assertEqual(found[3, "203.0.113.5", ROLE], {THEFT - 1})
        self.assertEqual(found[4, IDENTITY, "boto3"], twelve)
        self.assertEqual(found[5, "aws-cli", IDENTITY], {THEFT})
        self.assertIn((6, IDENTITY, "linux "), found)
        self.assertEqual(found[7, ROLE, "lambda"], twelve)
        self.assertEqual(found[8, ROLE, "lambda.amazonaws.com"], twelve)
        self.assertEqual(found[9, ACCOUNT, ""], twelve | {THEFT})

    def test_tokens_and_pending(self):
        key, value = self.one(self.partition["tokens"])
        self.assertEqual(key, self.keyed("ASIAZZZZZZZZZZZZZZZZ"))
        row = Value(value)
        self.assertEqual((row.take("B"), row.text(), row.text(), row.take("I")), (1, b"lambda", b"", FIRST_DAY))
        row.end()
        key, value = self.one(self.partition["pending"])
        row = Value(value)
        self.assertEqual(row.text(), b"orders-fn")
        call = candidate(row.text())
        row.end()
        self.assertEqual(key, self.keyed("ASIAYYYYYYYYYYYYYYYY") + key[16:])
        self.assertEqual((call["role_identity"], call["address"], call["identity"]), (ROLE, "203.0.113.5", ""))

    def test_candidates_and_what_was_proposed(self):
        numbers = {sequence(value) for value in self.partition["proposed"].values()}
        key, value = self.one(self.partition["shard_meta"])
        self.assertEqual(key, b"next_sequence")
        self.assertEqual(numbers, set(range(1, sequence(value))))
        calls = {sequence(key): candidate(value) for key, value in self.partition["candidates"].items()}
        theft = next(call for call in calls.values() if call["address"] == "198.51.100.7")
        self.assertIn(theft["combination"], self.partition["proposed"])
        expected = {"time": THEFT * 86400 + 9 * 3600 + 1, "count": 1, "flags": 8, "family": 0, "proof": 0, "address_class": 5,
                    "tool_kind": 2, "platform": 1, "asn": 64511, "service": "lambda", "account": ACCOUNT,
                    "identity": IDENTITY, "network": "AS64511", "prefix_network": "198.51.100.0/24",
                    "as_name": "Example Hosting", "tool": "aws-cli", "access_key": "ASIAQQQQQQQQQQQQQQQQ",
                    "event_name": "ListBuckets", "recipient_account": ACCOUNT}
        self.assertEqual({name: theft[name] for name in expected}, expected)
        self.assertEqual(json.loads(theft["record"])["sourceIPAddress"], "198.51.100.7")

    def test_activity(self):
        row = Value(self.partition["activity"][self.keyed("identity " + IDENTITY)])
        version, calls, errors, other = row.take("B"), row.varint(), row.varint(), row.varint()
        first, last = row.take("qq")
        self.assertEqual((version, calls, errors, other, first), (1, 13, 0, 0, FIRST_DAY * 86400 + 9 * 3600 + 1))
        self.assertEqual(row.varint(), 1)
        api = row.text(), row.text(), row.varint(), row.varint(), *row.take("qq")
        self.assertEqual(api, (b"s3.amazonaws.com", b"ListBuckets", 13, 0, first, last))
        lists = [{row.text(): row.varint() for _ in range(row.varint())} for _ in range(2)]
        row.end()
        self.assertEqual(lists[0], {b"192.0.2.10": 12, b"198.51.100.7": 1})
        self.assertEqual(sorted(lists[1].values()), [1, 12])
        self.assertIn(self.keyed("ASIAQQQQQQQQQQQQQQQQ"), self.partition["activity"])

    def bodies(self):
        out = {}
        for key, value in self.merger["alerts"].items():
            row = Value(value)
            row.take("B"), row.varint(), row.varint()
            out[key] = row.text()
        return out

    def alerts(self):
        out = {}
        for key, value in self.merger["alerts"].items():
            row = Value(value)
            version, at, size, body = row.take("B"), row.varint(), row.varint(), row.text()
            row.end()
            self.assertEqual(version, 1)
            out[key] = json.loads(body)
            self.assertEqual(json.loads(body[at:at + size]), out[key]["data"])
            self.assertEqual(out[key]["data"]["id"], key.hex())
        return out

    def test_alerts_their_state_pairs_times_and_rows_of_the_outbox(self):
        alerts = self.alerts()
        raised = {key: body["data"] for key, body in alerts.items() if body["type"] == "alert.created"}
        self.assertEqual(sorted(alert["analytic"] for alert in raised.values()),
                         ["remote_service_token", "serverless_cli"])
        self.assertEqual(self.merger["alert_state"].keys(), raised.keys())
        statuses = []
        for value in self.merger["alert_state"].values():
            row = Value(value)
            version, occurrences = row.take("B"), row.varint()
            first, last, status, status_at = row.take("qqBq")
            note = row.text()
            lists = [[row.text() for _ in range(row.varint())] for _ in range(2)]
            row.end()
            self.assertEqual((version, occurrences, first), (1, 1, last))
            self.assertEqual(lists, [[b"198.51.100.7"], [b"ASIAQQQQQQQQQQQQQQQQ"]])
            statuses.append((status, note, status_at > 0))
        self.assertEqual(sorted(statuses), [(0, b"", False), (1, b"a note", True)])
        self.assertEqual({key[8:] for key in self.merger["alerts_by_time"]}, raised.keys())
        self.assertEqual({sequence(key[:8]) for key in self.merger["alerts_by_time"]}, {THEFT * 86400 + 9 * 3600 + 1})
        self.assertEqual(set(self.merger["alerts_by_time"].values()), {b""})
        for value in self.merger["alert_pairs"].values():
            row = Value(value)
            self.assertEqual(row.take("I"), THEFT)
            for _ in range(row.varint()):
                self.assertIn(row.take("B"), (17, 18, 19))
                row.text(), row.text()
            row.end()
        for key, value in self.merger["outbox"].items():
            row = Value(value)
            self.assertEqual((row.take("B"), row.text()), (1, b"sink"))
            row.take("IqB")
            row.text()
            row.end()
            self.assertEqual(key[:16], siphash_1_3_128(FIXED_KEY, b"sink"))
            self.assertIn(key[16:], alerts)

    def test_dedup_hits_quarantine_and_the_small_tables(self):
        ids = self.merger["alert_state"].keys()
        for value in self.merger["dedup"].values():
            row = Value(value)
            self.assertEqual((row.take("B"), row.varint()), (1, 1))
            alert, day, tier = row.take("16sIB")
            row.end()
            self.assertIn(alert, ids)
            self.assertEqual(day, THEFT)
            self.assertIn(tier, (0, 1))
        (hit,) = self.merger["hits"].values()
        self.assertEqual({hit[at:at + 16] for at in range(0, len(hit), 16)}, set(ids))
        kinds = {key[0] for key in self.merger["quarantine"]}
        self.assertEqual(kinds, {17, 18, 19})
        for key, value in self.merger["quarantine"].items():
            row = fact(value)
            self.assertEqual(key[1:], self.keyed(row["scope"]) + self.keyed(row["value"]))
            self.assertEqual(row["days"], {THEFT})
        self.assertEqual({key: sequence(value) for key, value in self.merger["activated"].items()},
                         {ACCOUNT.encode(): FIRST_DAY + 3})
        for key, value in self.merger["flood"].items():
            self.assertEqual(struct.unpack("<BI", key)[1], THEFT)
            row = Value(value)
            self.assertEqual((row.varint(), row.varint()), (1, 0))
            row.end()
        (mark,) = [value for key, value in self.merger["progress"].items() if key == bytes(8)]
        self.assertEqual(sequence(mark), sequence(self.partition["shard_meta"][b"next_sequence"]) - 1)
        key, text = self.one(self.merger["operator_log"])
        self.assertEqual(len(key), 16)
        self.assertIn(b"acknowledged", text)

    def test_the_present_program_reads_it_all(self):
        with tempfile.TemporaryDirectory(prefix="straykey-format.") as scratch:
            copy = Path(scratch) / "store"
            shutil.copytree(STORE, copy)
            said = run_command("check", copy)
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)
            said = run_command("alerts", "list", "--json", "--data-dir", copy)
            self.assertEqual({json.loads(line)["id"] for line in said.stdout.splitlines()},
                             {key.hex() for key in self.merger["alert_state"]}, said.stderr)
            said = run_command("baseline", "dump", "--data-dir", copy)
            lines = [json.loads(line) for line in said.stdout.splitlines()]
            self.assertEqual(len(lines), len(self.partition["facts"]) + len(self.merger["quarantine"]), said.stderr)
            said = run_command("check", copy)      # after it was opened for writing, and so brought to format 2
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)
            self.assertEqual(format_file(copy)["format"], "3")
            said = run_command("alerts", "dump", "--data-dir", copy)
            bodies = {json.loads(line)["id"]: json.loads(line)["body"] for line in said.stdout.splitlines()}
            self.assertEqual({key.hex(): body.decode() for key, body in self.bodies().items()}, bodies, said.stderr)


if __name__ == "__main__":
    unittest.main()
