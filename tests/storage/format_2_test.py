#!/usr/bin/env python3
"""A store of format 2: what differs from format 1 is read from storage/FORMAT.md alone, byte by byte, and all of it by the
present program. Both find what make_format_store.py put into it.

usage: STRAYKEY=build/dev/tools/straykey tests/storage/format_2_test.py
"""
import json
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from store_reader import (FIXED_KEY, MERGER_TABLES, PARTITION_TABLES, Value, candidate, checked_tables, format_file,  # noqa: E402
                          sequence, siphash_1_3_128)
from straykey_process import run_command  # noqa: E402

STORE = Path(__file__).resolve().parent / "stores/format_2"
ACCOUNT, IDENTITY = "111122223333", "111122223333/orders/orders-fn"
THEFT = 20240 + 12         # 2025-06-13, days since 1970


def calls_of(row):
    out = {"calls": row.varint(), "errors": row.varint(), "times": row.take("qq")}
    out["apis"] = [(row.text(), row.varint(), row.varint(), row.take("qq")) for _ in range(row.varint())]
    out["others"] = row.varint()
    out["sources"], out["agents"] = ({row.text(): row.varint() for _ in range(row.varint())} for _ in range(2))
    return out


def alert_of(row):
    out = {"id": row.take("16s"), "variation": row.text().decode()}
    out["severity"], out["source_class"] = row.take("BB")
    out["dedup_days"], out["network"], out["hosting"] = row.varint(), row.text().decode(), row.take("B")
    out["why"], out["limits"] = ([row.text().decode() for _ in range(row.varint())] for _ in range(2))
    out["call"] = candidate(row.text())
    out["key_calls"], out["identity_calls"] = calls_of(row), calls_of(row)
    out["assumed_by"] = [(row.text(), row.varint(), *row.take("II")) for _ in range(row.varint())]
    out["related"] = [(row.take("16s"), row.text()) for _ in range(row.varint())]
    out["campaign"] = (row.take("16s"), row.text(), row.take("I"), row.varint(), *row.take("BB"))
    row.end()
    return out


def report_of(row):
    out = {"id": row.take("16s"), "account": row.text().decode(), "day": row.take("I"), "time": row.take("q"),
           "total": row.varint()}
    out["pairs"] = [(row.text(), row.text(), row.varint(), *row.take("II")) for _ in range(row.varint())]
    row.end()
    return out


class Format2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.partition = checked_tables(STORE, "shard-00", PARTITION_TABLES)
        cls.merger = checked_tables(STORE, "merger", MERGER_TABLES)
        cls.alerts, cls.reports = {}, []
        for key, value in cls.merger["alerts"].items():
            row = Value(value)
            assert row.take("B") == 2
            kind = row.take("B")
            if kind == 1:
                cls.alerts[key] = alert_of(row)
            else:
                assert kind == 2
                cls.reports.append(report_of(row))

    def test_the_format_file_and_how_far_the_rows_are(self):
        self.assertEqual(format_file(STORE)["format"], "2")
        self.assertEqual(sequence(self.merger["progress"][b"format"]), 2)
        self.assertNotIn(b"kept since", self.merger["progress"])

    def test_every_table_has_rows(self):
        for name, rows in {**self.partition, **self.merger}.items():
            self.assertTrue(rows, name)

    def test_the_facts_of_alerts(self):
        self.assertEqual(self.alerts.keys(), self.merger["alert_state"].keys())
        found = {alert["variation"]: alert for alert in self.alerts.values()}
        remote = found["remote_service_token.suspicious"]
        self.assertEqual((remote["severity"], remote["source_class"], remote["dedup_days"], remote["network"],
                          remote["hosting"]), (3, 5, 5, "AS64511", 0))
        self.assertIn("AS64511", remote["why"][0])
        self.assertEqual((remote["call"]["identity"], remote["call"]["time"] // 86400), (IDENTITY, THEFT))
        self.assertEqual((remote["key_calls"]["calls"], remote["key_calls"]["others"]), (13, 0))
        self.assertEqual(remote["key_calls"]["sources"], {b"192.0.2.10": 12, b"198.51.100.7": 1})
        self.assertIn(b"lambda", {by for by, *_ in remote["assumed_by"]})
        for alert in self.alerts.values():      # one event raised them all
            self.assertEqual({other for other, _ in alert["related"]}, self.alerts.keys() - {alert["id"]})
            self.assertEqual({relation for _, relation in alert["related"]}, {b"same_event"})

    def test_campaigns_count_their_alerts(self):
        rows = {key: Value(value) for key, value in self.merger["campaigns"].items() if len(key) == 16}
        members = [(key[:16], key[32:]) for key, value in self.merger["campaigns"].items() if len(key) == 48]
        self.assertEqual({alert for _, alert in members}, self.alerts.keys())
        for key, row in rows.items():
            self.assertEqual((row.take("B"), row.text(), row.take("I")), (1, b"AS64511", THEFT))
            subject = b"\x08campaign" + b"\x07AS64511" + struct.pack("<I", THEFT)
            self.assertEqual(key, siphash_1_3_128(FIXED_KEY, subject))
            strong = sum(alert["variation"] != "misused_service_token.pasted" for alert in self.alerts.values())
            self.assertEqual((row.varint(), row.varint(), row.varint()), (len(members), strong, 1))
            row.end()
            for alert in self.alerts.values():
                self.assertEqual(alert["campaign"][:4], (key, b"AS64511", THEFT, 1))
        self.assertEqual(sorted(alert["campaign"][4:] for alert in self.alerts.values()),
                         [(0, 0)] * (len(members) - 1) + [(1, 1)])

    def test_the_facts_of_the_activation_report(self):
        (report,) = self.reports
        self.assertEqual((report["account"], report["total"]), (ACCOUNT, len(report["pairs"])))
        self.assertEqual(report["time"] // 86400, report["day"])

    def test_rows_of_the_outbox_hold_their_bodies(self):
        self.assertTrue(self.merger["outbox"])
        for key, value in self.merger["outbox"].items():
            row = Value(value)
            self.assertEqual((row.take("B"), row.text()), (2, b"sink"))
            row.take("IqB")
            row.text()
            body = json.loads(row.text())
            row.end()
            self.assertEqual(key[:16], siphash_1_3_128(FIXED_KEY, b"sink"))
            self.assertEqual(body["data"]["id"], key[16:].hex())

    def test_states_and_acknowledgements(self):
        ends = set()
        for value in self.merger["alert_state"].values():
            row = Value(value)
            version, _, (*_, status, _), _ = row.take("B"), row.varint(), row.take("qqBq"), row.text()
            for _ in range(2):
                [row.text() for _ in range(row.varint())]
            ends.add((version, status, row.take("I")))
            row.end()
        self.assertEqual(ends, {(2, 0, 0), (2, 1, 0)})

    def test_counts_of_the_caps(self):
        for key, value in self.merger["flood"].items():
            self.assertIn(len(key), (5, 22))
            self.assertEqual(struct.unpack_from("<I", key, 1)[0], THEFT)
            row = Value(value)
            self.assertEqual((row.varint(), row.varint()), (1, 0))
            row.end()

    def test_the_present_program_reads_it_all(self):
        with tempfile.TemporaryDirectory(prefix="straykey-format.") as scratch:
            copy = Path(scratch) / "store"
            shutil.copytree(STORE, copy)
            said = run_command("check", copy)
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)
            said = run_command("alerts", "list", "--json", "--data-dir", copy)
            self.assertEqual({json.loads(line)["id"] for line in said.stdout.splitlines()},
                             {key.hex() for key in self.alerts}, said.stderr)
            said = run_command("alerts", "dump", "--data-dir", copy)
            self.assertEqual(len(said.stdout.splitlines()), len(self.merger["alerts"]), said.stderr)
            said = run_command("baseline", "dump", "--data-dir", copy)
            self.assertEqual(len(said.stdout.splitlines()), len(self.partition["facts"]) + len(self.merger["quarantine"]),
                             said.stderr)
            said = run_command("check", copy)
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)


if __name__ == "__main__":
    unittest.main()
