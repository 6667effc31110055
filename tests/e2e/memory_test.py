#!/usr/bin/env python3
"""The worst bodies of a megabyte that gzip makes, at default limits: a server's peak memory stays under 400 MB.

Each comes to a server that has learned nothing: what a server remembers (keys, signatures) is bounded by other limits.
"""
import base64
import gzip
import tempfile
import unittest
from pathlib import Path

from installation import Installation

BODY_BYTES_MAX = 1_000_000
PEAK_BYTES_MAX = 400_000_000
INFLATED_BYTES_MAX = 128 << 20      # ingest.inflated_bytes_max
RECORDS_MAX = 1_000_000             # ingest.records_max
COPIES_BYTES_MAX = 32 << 20         # of one inner layer

TAKEN = '{"eventVersion":"1","eventTime":"2025-06-01T10:00:00Z","eventName":"a"}'      # hardly anything is smaller
ESCAPED = TAKEN.replace('"a"', '"a","userIdentity":{"arn":"\\u0061","accessKeyId":"\\u0061"}')
REJECTED = "{}"


def packed(text):
    return gzip.compress(text.encode(), 9)


def as_string(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def nested(text, depth):
    for _ in range(depth):
        text = '{"message":"%s"}' % as_string(text)
    return text


def firehose(parts):
    return '{"requestId":"1","records":[%s]}' % ",".join(
        '{"data":"%s"}' % base64.b64encode(part).decode() for part in parts)


def new_keys(count):
    """Records of which each teaches something: another access key, another name."""
    return "\n".join(TAKEN.replace('"a"', '"a%d","userIdentity":{"type":"IAMUser","accessKeyId":"AKIA%d",'
                                   '"arn":"arn:aws:iam::111122223333:user/%d"}' % (i, i, i)) for i in range(count))


def filled(text, size):
    return text + " " * (size - len(text))


def with_a_lie(text):
    """Two members, the second of which is short: the size that the stream claims at its end is that of the second."""
    return packed(text) + packed(" ")


SHAPES = {
    "as many as allowed, smallest that are taken": lambda: packed("\n".join([TAKEN] * RECORDS_MAX)),
    "the same with escapes": lambda: packed("\n".join([ESCAPED] * (RECORDS_MAX - 1))),
    "the same in one array": lambda: packed("[" + ",".join([TAKEN] * RECORDS_MAX) + "]"),
    "more than allowed": lambda: packed("\n".join([TAKEN] * (INFLATED_BYTES_MAX // (len(TAKEN) + 1)))),
    "each of them teaches something": lambda: packed(new_keys(110_000)),
    "smallest that are rejected": lambda: packed("{}\n" * RECORDS_MAX),
    "the same in one array ": lambda: packed("[" + ",".join([REJECTED] * RECORDS_MAX) + "]"),
    "spaces": lambda: packed(filled(TAKEN, INFLATED_BYTES_MAX)),
    "spaces, by a stream that lies about its size": lambda: with_a_lie(filled(TAKEN, INFLATED_BYTES_MAX - 1)),
    "one long string of records": lambda: packed(nested("\n".join([TAKEN] * RECORDS_MAX), 1)),
    "one long string of spaces": lambda: packed(nested(filled(TAKEN, INFLATED_BYTES_MAX - 100), 1)),
    "five strings, each in the other": lambda: packed(nested(filled(TAKEN, COPIES_BYTES_MAX), 5)),
    "Firehose: layers as large as allowed": lambda: packed(firehose(
        [packed(filled(TAKEN, COPIES_BYTES_MAX))] * 4)),
    "Firehose: layers of the smallest records": lambda: packed(firehose(
        [packed("\n".join([TAKEN] * (RECORDS_MAX // 5)))] * 5)),
    "Firehose: layers in layers": lambda: packed(filled(firehose([packed(filled(firehose([packed(filled(
        firehose([packed(filled(TAKEN, COPIES_BYTES_MAX))]), COPIES_BYTES_MAX))]), COPIES_BYTES_MAX))]), INFLATED_BYTES_MAX)),
    "Firehose: plain, as large as allowed": lambda: packed(firehose([filled(TAKEN, 95 << 20).encode()])),
}


def peak_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


class Peak(unittest.TestCase):
    def test_of_the_worst_megabyte(self):
        for name, make in SHAPES.items():
            body = make()
            with self.subTest(name), tempfile.TemporaryDirectory(prefix="straykey-e2e.") as scratch, \
                    Installation(Path(scratch) / "server") as installation:
                self.assertLessEqual(len(body), BODY_BYTES_MAX)
                installation.server.start()
                with installation.sender() as sender:
                    reply = sender.post(body, "gzip")
                peak = peak_bytes(installation.server.pid)
                print(f"{peak / 1e6:6.0f} MB  {len(body):7} bytes  {reply.status} {reply.body[:60]}  {name}", flush=True)
                self.assertIn(reply.status, (200, 413))
                self.assertLess(peak, PEAK_BYTES_MAX)


if __name__ == "__main__":
    unittest.main()
