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

from straykey_process import run_command  # noqa: E402

STORE = Path(__file__).resolve().parent / "stores/format_1"
MASK = (1 << 64) - 1
FIXED_KEY = (0x73747261796b6579, 0x31)
ACCOUNT, ROLE, IDENTITY = "111122223333", "111122223333/orders", "111122223333/orders/orders-fn"
FIRST_DAY = 20240          # 2025-06-01, days since 1970
THEFT = FIRST_DAY + 12
PARTITION_TABLES = {"facts": 0, "tokens": 1, "pending": 2, "proposed": 3, "candidates": 4, "activity": 5,
                    "shard_meta": 6}
MERGER_TABLES = {"alerts": 16, "alert_state": 17, "dedup": 18, "hits": 19, "quarantine": 20, "progress": 21,
                 "outbox": 22, "activated": 23, "flood": 24, "alerts_by_time": 25, "alert_pairs": 26,
                 "operator_log": 27}


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def siphash_1_3_128(key, data):
    v = [key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
         key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573]

    def turn(x, bits):
        return (x << bits | x >> (64 - bits)) & MASK

    def round_():
        v[0] = (v[0] + v[1]) & MASK; v[1] = turn(v[1], 13) ^ v[0]; v[0] = turn(v[0], 32)      # noqa: E702
        v[2] = (v[2] + v[3]) & MASK; v[3] = turn(v[3], 16) ^ v[2]                              # noqa: E702
        v[0] = (v[0] + v[3]) & MASK; v[3] = turn(v[3], 21) ^ v[0]                              # noqa: E702
        v[2] = (v[2] + v[1]) & MASK; v[1] = turn(v[1], 17) ^ v[2]; v[2] = turn(v[2], 32)      # noqa: E702

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xff])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        round_()
        v[0] ^= word
    v[2] ^= 0xee
    for _ in range(3):
        round_()
    low = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xdd
    for _ in range(3):
        round_()
    return struct.pack("<QQ", low, v[0] ^ v[1] ^ v[2] ^ v[3])


class Lmdb:
    """The named databases of a data.mdb: pages of 4 KiB, the newer meta page, B+trees."""

    def __init__(self, path):
        self.file = path.read_bytes()
        meta = max((self.file[at + 16:at + 152] for at in (0, 4096)), key=lambda m: struct.unpack_from("<Q", m, 128))
        assert struct.unpack_from("<II", meta) == (0xBEEFC0DE, 1)
        self.tables = {key.decode(): dict(self.rows(struct.unpack_from("<Q", value, 40)[0]))
                       for key, value in self.rows(struct.unpack_from("<Q", meta, 72 + 40)[0])}

    def rows(self, page):
        if page == MASK:
            return
        base = page * 4096
        flags, lower = struct.unpack_from("<HH", self.file, base + 10)
        for index in range((lower - 16) // 2):
            at = base + struct.unpack_from("<H", self.file, base + 16 + 2 * index)[0]
            low, node_flags, key_bytes = struct.unpack_from("<IHH", self.file, at)
            data = at + 8 + key_bytes
            if flags & 1:
                yield from self.rows(low | node_flags << 32)
                continue
            if node_flags & 1:
                data = struct.unpack_from("<Q", self.file, data)[0] * 4096 + 16
            yield self.file[at + 8:at + 8 + key_bytes], self.file[data:data + low]


class Value:
    """Takes a value's fields one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        fields = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return fields[0] if len(fields) == 1 else fields

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take("B")
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        size = self.varint()
        self.at += size
        assert self.at <= len(self.data)
        return self.data[self.at - size:self.at]

    def end(self):
        assert self.at == len(self.data), f"{len(self.data) - self.at} bytes are left"


def sequence(data):
    assert len(data) == 8
    return int.from_bytes(data, "big")


def candidate(data):
    value = Value(data)
    assert value.take("B") == 1
    out = dict(zip(("combination", "time", "last_time", "count", "flags", "family", "proof", "address_class",
                    "tool_kind", "platform", "asn"), value.take("16sqqQBBBBBBI")))
    for name in ("service", "account", "identity", "role_identity", "workload", "must_have_assumed", "address",
                 "source_text", "network", "prefix_network", "as_name", "vpc_endpoint", "endpoint_owner", "tool",
                 "exec_env", "command", "sid", "user_agent_text", "access_key", "event_id", "shared_event_id",
                 "event_name", "event_source", "region", "error_code", "recipient_account", "record"):
        out[name] = value.text().decode()
    value.end()
    return out


def fact(data):
    value = Value(data)
    version, acknowledged, newest, days, first = value.take("BBIQI")
    assert version == 1
    scope, thing = value.text().decode(), value.text().decode()
    value.end()
    return {"acknowledged": acknowledged, "days": {newest - bit for bit in range(64) if days >> bit & 1},
            "first": first, "scope": scope, "value": thing}


def checked_tables(folder, numbers):
    """Every row without its trailer, which must be right."""
    tables = Lmdb(STORE / folder / "data.mdb").tables
    assert tables.keys() == numbers.keys(), tables.keys()
    out = {}
    for name, rows in tables.items():
        out[name] = {}
        for key, stored in rows.items():
            value, hour, crc = stored[:-8], stored[-8:-4], struct.unpack("<I", stored[-4:])[0]
            assert crc == crc32c(bytes([numbers[name]]) + key + value + hour), name
            assert struct.unpack("<I", hour)[0] == 0      # the server ran for seconds
            out[name][key] = value
    return out


class Format1(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.partition = checked_tables("shard-00", PARTITION_TABLES)
        cls.merger = checked_tables("merger", MERGER_TABLES)
        text = (STORE / "format").read_bytes()
        cls.lines = dict(line.split(" ", 1) for line in text.decode().splitlines()[1:])
        assert text.startswith(b"straykey store\n")
        assert cls.lines["crc32c"] == f"{crc32c(text[:text.rindex(b'crc32c')]):08x}"
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
            said = run_command("check", copy)      # after it was opened for writing
            self.assertEqual((said.returncode, said.stderr), (0, ""), said.stdout)


if __name__ == "__main__":
    unittest.main()
