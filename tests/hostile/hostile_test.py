#!/usr/bin/env python3
"""Sends the rows of table.py to a server: whole, byte by byte and in two pieces; over HTTP and HTTPS, syslog and RELP.

Usage: hostile_test.py [--pieces N] [ID...]
After each row a well-formed request is taken, and no memory of bodies is held. The last line counts rows that passed.
"""
import argparse
import json
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from installation import Installation  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from table import ENDS, ONE, TABLE, post  # noqa: E402

BYTEWISE_MAX = 1_200       # longer texts are sent in two pieces only
PATIENCE_S = 20
MORE = """[syslog]
tcp = "127.0.0.1:0"
udp = "127.0.0.1:0"
relp = "127.0.0.1:0"
allow_cidrs = ["127.0.0.0/8"]
"""


class Failed(Exception):
    pass


class Peer:
    """One connection that sends bytes as they are."""

    def __init__(self, port, certificate=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if certificate is not None:
            context = ssl.create_default_context(cafile=str(certificate))
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""

    def send(self, pieces):
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except OSError:
            pass                       # it was refused before its end; the answer may still be there

    def end_sending(self):
        try:
            # Of TLS the connection below, so that answers can still be read.
            socket.socket.shutdown(self.socket, socket.SHUT_WR)
        except OSError:
            pass

    def more(self):
        try:
            got = self.socket.recv(65_536)
        except (ConnectionError, ssl.SSLError):
            got = b""
        self.received += got
        return bool(got)

    def answer(self, headless):
        """-> (status, body), or ENDS."""
        while b"\r\n\r\n" not in self.received:
            if not self.more():
                return ENDS
        head, _, rest = self.received.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        if status == 100 or headless:
            length = 0
        self.received = rest
        while len(self.received) < length and self.more():
            pass
        body, self.received = self.received[:length], self.received[length:]
        return self.answer(headless) if status == 100 else (status, body)

    def close(self):
        self.socket.close()


def pieces_of(text, places):
    """-> [(how, pieces)]"""
    ways = [("whole", [text])]
    if len(text) <= BYTEWISE_MAX:
        ways.append(("byte by byte", [text[i:i + 1] for i in range(len(text))]))
    step = max(1, len(text) // (places + 1))
    ways += [(f"split at {at}", [text[:at], text[at:]]) for at in range(step, len(text), step)][:places + 1]
    return ways


class Site:
    def __init__(self, folder):
        more = folder / "server" / "conf.d"
        more.mkdir(parents=True)
        (more / "more.toml").write_text('[ingest]\nhttp = "127.0.0.1:0"\nfailures_per_second_max = 1000000\n' + MORE)
        self.installation = Installation(folder / "server")
        self.server = self.installation.server
        self.server.start()

    def counters(self):
        with self.installation.admin() as admin:
            return read_metrics(admin.get("/metrics").body.decode())

    def sums(self):
        """(events received, records rejected, framing errors)"""
        series = self.counters()
        total = lambda name: int(sum(value for (one, _), value in series.items() if one == name))
        return (total("straykey_events_received_total"), total("straykey_events_rejected_total"),
                total("straykey_syslog_framing_errors_total"))

    def wait_until(self, what, holds):
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                raise Failed(f"not within {PATIENCE_S} s: {what}")

    def check_well(self):
        peer = Peer(self.server.port("ingest_http"))
        peer.send([post(ONE)])
        answer = peer.answer(False)
        peer.close()
        if answer == ENDS or answer[0] != 200 or json.loads(answer[1])["accepted"] != 1:
            raise Failed(f"a well-formed request afterwards got {answer}")
        self.wait_until("memory in flight is 0", lambda: self.bytes_in_flight() == 0)

    def bytes_in_flight(self):
        return sum(value for (name, _), value in self.counters().items() if name.endswith("bytes_in_flight"))


def matches(expected, got):
    if expected == ENDS or got == ENDS:
        return expected == got
    status, body = got
    if isinstance(expected, int):
        return status == expected
    if status != expected[0]:
        return False
    if isinstance(expected[1], str):
        return json.loads(body)["error"]["code"] == expected[1]
    said = json.loads(body)
    return all(value is None or said[name] == value for name, value in zip(("accepted", "rejected"), expected[1:]))


def try_http(site, row, text, places, tls):
    port = site.server.port("ingest" if tls else "ingest_http")
    for how, pieces in [("whole", [text])] if row.whole_only else pieces_of(text, places):
        peer = Peer(port, site.installation.certificate if tls else None)
        peer.send(pieces)
        if ENDS in row.expects or "end of sending" in row.says:
            peer.end_sending()
        for expected in row.expects:
            got = peer.answer(row.headless)
            if not matches(expected, got):
                raise Failed(f"{how}, {'HTTPS' if tls else 'HTTP'}: expected {expected}, got {got} for {text[:300]}")
        peer.close()


def try_stream(site, row, text, places):
    port = site.server.port("syslog_relp" if row.over == "relp" else "syslog_tcp")
    for how, pieces in [("whole", [text])] if row.whole_only else pieces_of(text, min(places, 4)):
        before = site.sums()
        peer = Peer(port)
        peer.send(pieces)
        peer.end_sending()
        while peer.more():
            pass
        peer.close()
        wanted = tuple(a + b for a, b in zip(before, (*row.expects, 0)))
        try:
            site.wait_until("", lambda: site.sums() == wanted)
        except Failed:
            raise Failed(f"{how}: the counters grew by {[a - b for a, b in zip(site.sums(), before)]}, "
                         f"expected {row.expects} for {text[:200]}") from None


def try_datagram(site, row, text):
    before = site.sums()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(text, ("127.0.0.1", site.server.port("syslog_udp")))
    wanted = tuple(a + b for a, b in zip(before, (*row.expects, 0)))
    site.wait_until(f"the counters grow by {row.expects}", lambda: site.sums() == wanted)


def try_row(site, row, places):
    if row.held_by is not None:
        path, claim = row.held_by
        if claim not in (ROOT / path).read_text():
            raise Failed(f"{path} holds no test of that name")
        return
    for text in row.sends:
        if row.over in ("http", "plain"):
            try_http(site, row, text, places, tls=False)
            if row.over == "http":
                try_http(site, row, text, places // 4, tls=True)
        elif row.over == "udp":
            try_datagram(site, row, text)
        else:
            try_stream(site, row, text, places)
    site.check_well()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pieces", type=int, default=8, help="at how many places each text is split")
    options.add_argument("ids", nargs="*", metavar="ID")
    given = options.parse_args()
    rows = [row for row in TABLE if not given.ids or row.id in given.ids]
    passed = 0
    with tempfile.TemporaryDirectory(prefix="straykey-hostile.") as scratch:
        site = Site(Path(scratch))
        try:
            for row in rows:
                try:
                    try_row(site, row, given.pieces)
                    passed += 1
                except Failed as failure:
                    print(f"{row.id} {row.says}\n    {failure}", flush=True)
        finally:
            site.server.stop_if_running()
    sent = sum(row.held_by is None for row in rows)
    print(f"{passed} of {len(rows)} rows passed ({sent} sent here, {len(rows) - sent} held by other tests); "
          f"{len({row.id for row in rows})} ids")
    return 0 if passed == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
