"""The real straykey, on fixed ports of loopback. While it is made busy it answers 503 with Retry-After
after its usual wait for room, as under overload.

Each trial has a receiver with a folder of its own. stop() and start() keep the ports, so that a client can come back.
"""
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from installation import TOKEN, write_secret  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from sender import Sender  # noqa: E402
from straykey_process import BOUND_TO_PARENT, Server, run_command  # noqa: E402

import records  # noqa: E402

WAYS = ("http", "https", "syslog_tcp", "syslog_udp", "syslog_tls", "syslog_relp", "syslog_relp_tls")
START_S_MAX = 30
BUSY_BYTES_MAX = 2 << 20      # in flight, of a receiver that is to be made busy: one body of all records fits
# The request that makes it busy holds its whole length once all but the last 256 KiB have come. They come slowly, for 25 s,
# because a body that stalls gives way to others.
HOG_LAST_BYTES, HOG_PIECE_BYTES, HOG_PAUSE_S = 256 * 1024, 16 * 1024, 1.6


def free_port(given=set()):
    """Free for TCP and UDP at this moment, above 20,000 and below those that the kernel gives to clients; never one twice."""
    for _ in range(1000):
        port = random.randrange(20_000, 32_000)
        if port in given:
            continue
        try:
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            given.add(port)
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")


def until(condition, wait_s_max=START_S_MAX):
    deadline = time.monotonic() + wait_s_max
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the receiver did not become what the trial needs")
        time.sleep(0.02)


class Certificates:
    """An authority and a server's certificate of it for localhost and 127.0.0.1 (rustls takes no self-signed one)."""

    def __init__(self, folder):
        self.authority, self.certificate, self.key = (folder / name for name in ("ca.pem", "server.pem", "server-key.pem"))
        authority_key, request, names = folder / "ca-key.pem", folder / "request.pem", folder / "names"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl("req", "-x509", *curve, "-subj", "/CN=authority of the clients' table", "-days", "2",
                      "-addext", "keyUsage=critical,keyCertSign", "-keyout", authority_key, "-out", self.authority)
        self._openssl("req", *curve, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        self._openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", authority_key, "-CAcreateserial",
                      "-days", "2", "-extfile", names, "-out", self.certificate)
        self.key.chmod(0o600)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Receiver:
    def __init__(self, folder, certificates, in_flight_bytes_max=256 << 20):
        folder.mkdir(parents=True)
        self.in_flight_bytes_max = in_flight_bytes_max
        self.folder = folder
        self.certificates = certificates
        self.ports = {way: free_port() for way in WAYS}
        self.data_dir = folder / "store"
        configuration = folder / "straykey.toml"
        configuration.write_text(self._configuration())
        self.server = Server(configuration)
        self._before = {}      # counts of the processes before the present one
        self._hog = None
        self._hog_ends = threading.Event()

    def start(self):
        self.server.start()

    def make_busy(self):
        """One slow request takes all bytes that may be in flight: everybody else waits, and then hears 503."""
        self._hog = socket.create_connection(("127.0.0.1", self.ports["http"]))
        self._hog.sendall(f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
                          f"Expect: 100-continue\r\nContent-Length: {self.in_flight_bytes_max}\r\n\r\n".encode())
        assert b" 100 " in self._hog.recv(1024)      # what came with the head would move the steps by which it is given room
        self._hog.sendall(b" " * (self.in_flight_bytes_max - HOG_LAST_BYTES))
        until(lambda: self.counts().get(("straykey_bytes_in_flight", ""), 0) >= self.in_flight_bytes_max)
        threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self):
        for _ in range(HOG_LAST_BYTES // HOG_PIECE_BYTES - 1):
            if self._hog_ends.wait(HOG_PAUSE_S):
                return
            try:
                self._hog.sendall(b" " * HOG_PIECE_BYTES)
            except OSError:
                return

    def make_free(self):
        self._end_hog()
        with Sender(self.ports["http"], None, TOKEN) as sender:
            until(lambda: sender.post(b"[]").status != 503)

    def stop(self):
        self._before = self.counts()
        self.server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end_hog()
        self.server.stop_if_running()

    def _end_hog(self):
        self._hog_ends.set()
        if self._hog is not None:
            self._hog.close()

    def counts(self):
        """(metric, labels) -> value, over all starts."""
        total = dict(self._before)
        if self.server.process is not None:
            with Sender(self.server.port("admin")) as admin:
                for series, value in read_metrics(admin.get("/metrics").body.decode()).items():
                    total[series] = total.get(series, 0) + value
        return total

    def taken(self):
        """Records that were taken, and again if they came again."""
        return int(sum(value for (name, _), value in self.counts().items() if name == "straykey_events_processed_total"))

    def rejected(self):
        return self._by_label("straykey_events_rejected_total", "reason")

    def replies(self):
        """Status -> how many, of the ways in."""
        found = {}
        for (name, labels), value in self.counts().items():
            if name == "straykey_http_requests_total" and 'listener="ingest' in labels and value:
                status = int(labels.rpartition('code="')[2].rstrip('"'))
                found[status] = found.get(status, 0) + int(value)
        return found

    def answered_within(self):
        """-> how many requests of the ways in over HTTP, and the bounds in seconds of the faster half and of 99 %."""
        buckets = {}
        for (name, labels), value in self.counts().items():
            if name == "straykey_http_request_seconds_bucket" and 'listener="ingest' in labels:
                bound = float(labels.partition('le="')[2].partition('"')[0])
                buckets[bound] = buckets.get(bound, 0) + value
        count = buckets.get(float("inf"), 0)
        return int(count), *(min((bound for bound, value in buckets.items() if value >= share * count), default=0) for share in (0.5, 0.99))

    def arrived(self):
        """Numbers of the records whose facts are in the store."""
        said = run_command("baseline", "dump", "--data-dir", self.data_dir)
        if said.returncode != 0:
            raise AssertionError(f"baseline dump: {said.stderr}")
        return records.numbers_in(said.stdout)

    def wait_stored(self):
        """What was taken a moment ago may wait for its commit. -> arrived()"""
        for _ in range(10):
            found = self.arrived()
            if len(found) >= self.taken():
                break
            time.sleep(0.2)
        return found

    def wait_taken(self, count, quiet_s, wait_s_max, ended=lambda: False):
        """Until so many were taken or refused, or nothing has changed for quiet_s since the first, or `ended` says so."""
        began = changed = time.monotonic()
        last = 0
        while True:
            now, done = time.monotonic(), self.taken() + sum(self.rejected().values())
            if done != last or done == 0:
                last, changed = done, now
            if done >= count or now - changed > quiet_s or now - began > wait_s_max or ended():
                return
            time.sleep(0.1)

    def _by_label(self, metric, label):
        return {labels.partition(f'{label}="')[2].partition('"')[0]: int(value)
                for (name, labels), value in self.counts().items() if name == metric and value}

    def _configuration(self):
        at = {way: f"127.0.0.1:{port}" for way, port in self.ports.items()}
        keys = f'certificate = "{self.certificates.certificate}"\nkey = "{self.certificates.key}"'
        return f"""data_dir = "{self.data_dir}"
[ingest]
https = "{at['https']}"
http = "{at['http']}"
{keys}
body_bytes_max = {min(32 << 20, self.in_flight_bytes_max)}
bytes_in_flight_max = {self.in_flight_bytes_max}
[admin]
listen = "127.0.0.1:0"
open_metrics = true
[networks]
aws_ranges = "builtin"
[storage]
shards = 1
map_bytes = "1 GiB"
[syslog]
tcp = "{at['syslog_tcp']}"
udp = "{at['syslog_udp']}"
tls = "{at['syslog_tls']}"
relp = "{at['syslog_relp']}"
relp_tls = "{at['syslog_relp_tls']}"
allow_cidrs = ["127.0.0.1/32"]
{keys}
[[token]]
name = "tests"
file = "{write_secret(self.folder / 'token', TOKEN)}"
"""
