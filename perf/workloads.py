"""The ways in, what each is compared with, and how the two are driven alike."""
import base64
import json
import zlib
from dataclasses import dataclass
from typing import Callable

import load
from installation import TOKEN

RECORDS_A_BATCH = 500
BATCH_CONNECTIONS, SMALL_CONNECTIONS, NEW_CONNECTIONS = 4, 32, 4
SYSLOG_PIECE_BYTES = 256 * 1024
FIREHOSE_RECORDS = 10


@dataclass
class Material:
    """The same events in batches as AWS writes them, and one by one."""
    batches: load.Bodies
    pieces: load.Bodies
    singles: load.Bodies
    events: int

    @classmethod
    def of(cls, files):
        """files: {"Records":[...]}."""
        records = [json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
                   for text in files for record in json.loads(text)["Records"]]
        def of_size(size):
            return load.Bodies([b'{"Records":[' + b",".join(records[at:at + size]) + b"]}"
                                for at in range(0, len(records), size)])
        return cls(of_size(RECORDS_A_BATCH), of_size(RECORDS_A_BATCH // FIREHOSE_RECORDS), load.Bodies(records), len(records))

    def freshen(self):
        self.batches.freshen()
        self.singles.freshen()


@dataclass(frozen=True)
class Workload:
    """requests: of material, as bytes to send. listener: of the server. send: (port, requests, tls) -> acknowledged.
    limits: modes of perf/limits, whose sum is the limit; the one that has a socket is sent to by send_to_limit.
    beside: in place of limits, the way in whose cost in the same round is the limit.
    share: of the events that the bench was asked for. tls: the certificate is wanted. goal: of server to limit."""
    name: str
    states: tuple
    requests: Callable
    listener: str
    send: Callable
    limits: tuple
    goal: float
    share: float = 1.0
    tls: bool = False
    answered: bool = True       # the answers say how many events were taken
    beside: str = ""
    limited_by: str = "batches"  # what of the material the limits without a socket work on


def _batches(gzip):
    def requests(material, events):
        count = material.batches.first(events)
        bodies = material.batches.gzip(count) if gzip else material.batches.plain(count)
        return [load.post(body, TOKEN, gzip) for body in bodies], sum(material.batches.events[:count])
    return requests


def _singles(material, events):
    return [load.post(body, TOKEN) for body in material.singles.plain(events)], events


def _syslog(material, events):
    pieces, piece = [], b""
    for record in material.singles.plain(events):
        piece += load.octet_counted(record)
        if len(piece) > SYSLOG_PIECE_BYTES:
            pieces.append(piece)
            piece = b""
    return pieces + [piece], events


def _in_groups(wrap):
    """wrap(group of records) -> a request."""
    def requests(material, events):
        records = material.singles.plain(events)
        return [wrap(records[at:at + RECORDS_A_BATCH]) for at in range(0, len(records), RECORDS_A_BATCH)], events
    return requests


def _firehose(records):
    """Ten of Firehose's records, each a gzip of CloudTrail's."""
    def packed(part):
        packer = zlib.compressobj(6, wbits=31)
        return base64.b64encode(packer.compress(b'{"Records":[' + b",".join(part) + b"]}") + packer.flush())
    size = -(-len(records) // FIREHOSE_RECORDS)
    data = b",".join(b'{"data":"' + packed(records[at:at + size]) + b'"}' for at in range(0, len(records), size))
    body = b'{"requestId":"ed4acda5-034f-9f42-bba1-f29aea6d7d8f","timestamp":1750000000000,"records":[' + data + b"]}"
    return load.post(body, TOKEN, path="/firehose", key="X-Amz-Firehose-Access-Key")


def _hec(records):
    body = b"".join(b'{"time":1750000000,"sourcetype":"aws:cloudtrail","event":' + record + b"}" for record in records)
    return load.post(body, TOKEN, path="/services/collector/event", key="Authorization: Splunk")


def _bulk(records):
    body = b"".join(b'{"create":{"_index":"trail"}}\n' + record + b"\n" for record in records)
    return load.post(body, TOKEN, path="/_bulk")


def _relp(material, events):
    return [load.SYSLOG_HEADER + record for record in material.singles.plain(events)], events


def _send_relp(port, requests, tls):
    return load.relp(port, requests, BATCH_CONNECTIONS)


def _send_on_kept(connections):
    return lambda port, requests, tls: load.send_on_kept(port, requests, connections, tls)


def _send_new(port, requests, tls):
    return load.send_each_on_new_connection(port, requests, NEW_CONNECTIONS, tls)


def _stream(port, requests, tls):
    load.stream(port, requests, BATCH_CONNECTIONS, tls)


BOTH, STEADY = ("steady", "learning"), ("steady",)
WORKLOADS = (
    Workload("http", BOTH, _batches(False), "ingest_http", _send_on_kept(BATCH_CONNECTIONS), ("discard", "extract"), 1.1),
    Workload("gzip", BOTH, _batches(True), "ingest_http", _send_on_kept(BATCH_CONNECTIONS), ("discard", "inflate", "extract"), 1.15),
    Workload("https", BOTH, _batches(False), "ingest", _send_on_kept(BATCH_CONNECTIONS), ("tls", "extract"), 1.2, tls=True),
    Workload("single", BOTH, _singles, "ingest_http", _send_on_kept(SMALL_CONNECTIONS), ("beast",), 1.5, share=0.25),
    Workload("single_tls", STEADY, _singles, "ingest", _send_new, ("beast_tls",), 1.2, share=0.02, tls=True),
    Workload("syslog", BOTH, _syslog, "syslog_tcp", _stream, ("discard", "extract"), 1.1, answered=False),
    Workload("firehose", STEADY, _in_groups(_firehose), "ingest_http", _send_on_kept(BATCH_CONNECTIONS), ("base64", "inflate", "extract"),
             1.5, answered=False, limited_by="pieces"),
    Workload("hec", STEADY, _in_groups(_hec), "ingest_http", _send_on_kept(BATCH_CONNECTIONS), (), 1.2, answered=False, beside="http"),
    Workload("bulk", STEADY, _in_groups(_bulk), "ingest_http", _send_on_kept(BATCH_CONNECTIONS), (), 1.2, answered=False, beside="http"),
    Workload("relp", STEADY, _relp, "syslog_relp", _send_relp, (), 1.3, beside="syslog"),
)


def send_to_limit(workload):
    """The limit is fed as the server is; one that only discards is fed without waiting for answers."""
    return workload.send if workload.limits[0].startswith("beast") else _stream
