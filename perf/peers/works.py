"""The works that straykey and its rivals are given: one sample trail, each time with new event ids."""
import gzip
import json
from dataclasses import dataclass
from typing import Callable

import load
from installation import TOKEN
from workloads import BATCH_CONNECTIONS, SMALL_CONNECTIONS, Material

SYSLOG_HEADER = b"<134>Jun 30 12:00:00 trail cloudtrail: @cee:"
SINGLES_SHARE = 0.25


class NoResult(Exception):
    """Records were lost, refused or not counted: what was measured is not a result."""


@dataclass(frozen=True)
class Work:
    """send(port): sends all records, and returns when the last is written or answered."""
    name: str
    records: int
    passed: int        # of them, by the rivals' filter
    send: Callable


def role_and_address(record):
    """What the rivals count; None: their filter stops the record."""
    identity = record["userIdentity"]
    if identity.get("type") != "AssumedRole":
        return None
    return identity["sessionContext"]["sessionIssuer"]["arn"], record["sourceIPAddress"]


class Sample:
    def __init__(self, trail):
        self.trail = trail
        texts = [gzip.decompress(path.read_bytes()) for path in trail.files]
        self._material = Material.of(texts)
        self._pairs = [role_and_address(record) for text in texts for record in json.loads(text)["Records"]]
        self.records, self.passed, self.pairs = len(self._pairs), self._passed(), len(set(self._pairs) - {None})

    def _passed(self, first=None):
        return sum(pair is not None for pair in self._pairs[:first])

    def works(self):
        self._material.freshen()
        files, singles = self._material.batches, self._material.singles
        lines = [SYSLOG_HEADER + record + b"\n" for record in singles.plain(self.records)]
        few = max(1, int(self.records * SINGLES_SHARE))
        return [Work("syslog TCP", self.records, self.passed, lambda port: load.stream(port, [b"".join(lines)], 1)),
                self._posts("HTTP batches", files.plain(len(files.events)), self.records, BATCH_CONNECTIONS),
                self._posts("HTTP gzip batches", files.gzip(len(files.events)), self.records, BATCH_CONNECTIONS, True),
                self._posts("HTTP, one event a request", singles.plain(few), few, SMALL_CONNECTIONS)]

    def _posts(self, name, bodies, records, connections, packed=False):
        def send(port):
            try:
                taken = load.send_on_kept(port, [load.post(body, TOKEN, packed) for body in bodies], connections)
            except AssertionError as refused:
                raise NoResult(str(refused)) from refused
            if taken != records:
                raise NoResult(f"{taken:,} of {records:,} records were taken")
        return Work(name, records, self._passed(records), send)
