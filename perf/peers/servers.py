"""Servers to measure: straykey, and the rivals as children in a folder of their own."""
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from installation import Installation
from measured_process import cpu_ns
from metrics_text import read_metrics
from sender import Sender
from straykey_process import BOUND_TO_PARENT
from works import NoResult

HERE = Path(__file__).resolve().parent
FETCHED = HERE.parents[1] / "build/peers"
DEBIAN = FETCHED / "debian/usr"
SYSLOG = "syslog TCP"
STALL_S_MAX = 15      # no more will come
SETTLE_S = 0.3


def run(target, work):
    """-> CPU seconds that the target spent on the work, up to the last record and what followed it at once."""
    expected = target.seen() + target.expected(work)
    before = cpu_ns(target.pid)
    work.send(target.port(work))
    seen, seen_at = target.seen(), time.monotonic()
    while seen < expected and time.monotonic() - seen_at < STALL_S_MAX:
        time.sleep(0.05)
        last, seen = seen, target.seen()
        if seen != last:
            seen_at = time.monotonic()
    time.sleep(SETTLE_S)
    used = (cpu_ns(target.pid) - before) / 1e9
    if target.seen() != expected:
        raise NoResult(f"{target.seen():,} seen, {expected:,} expected")
    return used


class Straykey:
    """Its full work: verdicts, facts, durable acknowledgement, metrics, alerts to a webhook."""
    name = "straykey"

    def __init__(self, folder, trail, sink):
        self._installation = Installation(folder, trail, sink, more="""[syslog]
tcp = "127.0.0.1:0"
allow_cidrs = ["127.0.0.1/32"]
""")
        path = self._installation.configuration
        path.write_text(path.read_text().replace("[ingest]", '[ingest]\nhttp = "127.0.0.1:0"', 1))

    def start(self):
        self._installation.server.start()

    def stop(self):
        self._installation.server.stop_if_running()

    @property
    def pid(self):
        return self._installation.server.pid

    def port(self, work):
        return self._installation.server.port("syslog_tcp" if work.name == SYSLOG else "ingest_http")

    def expected(self, work):
        return work.records

    def seen(self):
        with self._installation.admin() as admin:
            return int(sum(value for (name, _), value in read_metrics(admin.get("/metrics").body.decode()).items()
                           if name == "straykey_events_processed_total"))


class Rival:
    """name; program: a file that must be there; command(): with arguments, listening on free_port."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.free_port = free.getsockname()[1]

    def start(self):
        libraries = [DEBIAN / "lib/x86_64-linux-gnu", DEBIAN.parent / "lib/x86_64-linux-gnu", DEBIAN / "lib/syslog-ng"]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen([*BOUND_TO_PARENT, *map(str, self.command())], cwd=self.folder,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env={**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))})
        for _ in range(200):
            try:
                return socket.create_connection(("127.0.0.1", self.free_port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise NoResult(f"{self.name} does not listen: " + (self.folder / "log").read_text()[-500:])

    @property
    def pid(self):
        return self._process.pid

    def port(self, _work):
        return self.free_port

    def expected(self, work):
        return work.passed

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class SyslogDaemon(Rival):
    """Writes a line for each record that passes its filter."""

    def __init__(self, folder):
        super().__init__(folder)
        text = (HERE / f"{self.name}.conf").read_text()
        self.configuration = folder / "configuration"
        self.configuration.write_text(text.replace("@folder@", str(folder)).replace("@port@", str(self.free_port)))
        self._read = self._lines = 0

    def seen(self):
        path = self.folder / "pairs"
        if path.exists():
            with path.open("rb") as file:
                file.seek(self._read)
                text = file.read()
            self._read, self._lines = self._read + len(text), self._lines + text.count(b"\n")
        return self._lines


class Rsyslog(SyslogDaemon):
    name, program = "rsyslog", DEBIAN / "sbin/rsyslogd"

    def command(self):
        return [self.program, "-n", "-M", DEBIAN / "lib/x86_64-linux-gnu/rsyslog", "-f", self.configuration,
                "-i", self.folder / "pid"]


class SyslogNg(SyslogDaemon):
    name, program = "syslog-ng", DEBIAN / "sbin/syslog-ng"

    def command(self):
        return [self.program, "-F", "--no-caps", "-f", self.configuration,
                f"--module-path={DEBIAN / 'lib/syslog-ng/3.38'}", f"--persist-file={self.folder / 'persist'}",
                f"--pidfile={self.folder / 'pid'}", f"--control={self.folder / 'control'}"]


class NodeServer(Rival):
    name, program = "Node.js", "node"

    def command(self):
        return [self.program, HERE / "http_server.mjs", self.free_port]

    def seen(self):
        with Sender(self.free_port) as sender:
            return json.loads(sender.get("/").body)["passed"]
