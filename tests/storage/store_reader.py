"""Reads a store as storage/FORMAT.md and the description of LMDB's file have it, byte by byte, without our program."""
import struct

MASK = (1 << 64) - 1
FIXED_KEY = (0x73747261796b6579, 0x31)
PARTITION_TABLES = {"facts": 0, "tokens": 1, "pending": 2, "proposed": 3, "candidates": 4, "activity": 5,
                    "shard_meta": 6}
MERGER_TABLES = {"alerts": 16, "alert_state": 17, "dedup": 18, "hits": 19, "quarantine": 20, "progress": 21,
                 "outbox": 22, "activated": 23, "flood": 24, "alerts_by_time": 25, "alert_pairs": 26,
                 "operator_log": 27, "campaigns": 28}


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
    version = value.take("B")
    out = dict(zip(("combination", "time", "last_time", "count", "flags", "family", "proof", "address_class",
                    "tool_kind", "platform", "asn"), value.take("16sqqQBBBBBBI")))
    for name in ("service", "account", "identity", "role_identity", "workload", "must_have_assumed", "address",
                 "source_text", "network", "prefix_network", "as_name", "vpc_endpoint", "endpoint_owner", "tool",
                 "exec_env", "command", "sid", "user_agent_text", "access_key", "event_id", "shared_event_id",
                 "event_name", "event_source", "region", "error_code", "recipient_account", "record",
                 *(("parent_role", "chain", "assumed_role", "evidence") if version == 2 else ())):
        out[name] = value.text().decode()
    value.end()
    assert version in (1, 2)
    return out


def fact(data):
    value = Value(data)
    version, acknowledged, newest, days, first = value.take("BBIQI")
    assert version == 1
    scope, thing = value.text().decode(), value.text().decode()
    value.end()
    return {"acknowledged": acknowledged, "days": {newest - bit for bit in range(64) if days >> bit & 1},
            "first": first, "scope": scope, "value": thing}


def checked_tables(store, folder, numbers):
    """Every row without its trailer, which must be right."""
    tables = Lmdb(store / folder / "data.mdb").tables
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


def format_file(store):
    """The lines of the file `format`, whose checksum must be right."""
    text = (store / "format").read_bytes()
    lines = dict(line.split(" ", 1) for line in text.decode().splitlines()[1:])
    assert text.startswith(b"straykey store\n")
    assert lines["crc32c"] == f"{crc32c(text[:text.rindex(b'crc32c')]):08x}"
    return lines
