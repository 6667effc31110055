#!/usr/bin/env python3
"""With every way in on, the server does all of its work within what its unit allows: any other system call kills it."""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from installation import Installation, Trail, scratch_folder  # noqa: E402
from straykey_process import run_command  # noqa: E402
from syslog_alone_test import message, record  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402

CONFINED = Path(__file__).resolve().parent / "confined.py"
SHARDS = 2
WAIT_S_MAX = 120
SKIPPED = 77


def why_not():
    """What is missing here; empty: nothing."""
    if os.geteuid() != 0:
        return "only root may mount and filter"
    if shutil.which("systemd-analyze") is None:
        return "systemd-analyze is not installed (systemd)"
    tried = subprocess.run([sys.executable, "-B", CONFINED, "/tmp", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"this machine does not let us confine a program: {tried.stderr.strip().splitlines()[-1:]}"


def wait_until(condition, what):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < WAIT_S_MAX, what
        time.sleep(0.05)


def every_way_in(folder, certificate, key):
    """All that can be turned on. The queue and the ranges are asked for on a port where nobody answers."""
    (folder / "credentials").write_text("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n")
    (folder / "credentials").chmod(0o600)
    return f"""
[[s3_source]]
name = "bucket"
queue_url = "http://127.0.0.1:9/111122223333/straykey"
region = "eu-central-1"
endpoint = "http://127.0.0.1:9"
credentials_file = "{folder}/credentials"
[syslog]
udp = "127.0.0.1:0"
tcp = "127.0.0.1:0"
tls = "127.0.0.1:0"
relp = "127.0.0.1:0"
relp_tls = "127.0.0.1:0"
certificate = "{certificate}"
key = "{key}"
allow_cidrs = ["127.0.0.1/32"]
"""


class Run:
    def __init__(self, folder):
        self.sink = WebhookSink()
        self.trail = Trail(folder / "sample")
        self.at = Installation(folder / "server", self.trail, self.sink, shards=SHARDS)
        text = self.at.configuration.read_text()
        text = text.replace("[admin]", 'http = "127.0.0.1:0"\nsns_topics = ["arn:aws:sns:eu-central-1:111122223333:trail"]\n[admin]')
        text = text.replace(f'aws_ranges = "{self.trail.folder}/ip-ranges.json"',
                            'aws_ranges = "auto"\naws_ranges_url = "https://localhost:9/ip-ranges.json"')
        self.at.configuration.write_text(text + every_way_in(self.at.folder, self.at.certificate, self.at.key))
        self.at.data_dir.mkdir(mode=0o700)
        shutil.copy(self.trail.folder / "ip-ranges.json", self.at.data_dir)     # as if it had been fetched before
        self.server = self.at.server
        self.server.prefix = [sys.executable, "-B", str(CONFINED), str(self.at.data_dir)]

    def received(self, source):
        with self.at.admin() as admin:
            text = admin.get("/metrics").body.decode()
        found = re.search(r'^straykey_events_received_total\{source="%s"\} (\d+)' % source, text, re.M)
        return int(found.group(1)) if found else 0

    def send_syslog(self):
        context = ssl.create_default_context(cafile=str(self.at.certificate))
        with socket.create_connection(("127.0.0.1", self.server.port("syslog_tcp"))) as plain:
            plain.sendall(message(record(1)))
        with socket.create_connection(("127.0.0.1", self.server.port("syslog_tls"))) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as encrypted:
            encrypted.sendall(message(record(2)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(message(record(3)).partition(b" ")[2], ("127.0.0.1", self.server.port("syslog_udp")))
        for name, wrap in (("syslog_relp", lambda plain: plain),
                           ("syslog_relp_tls", lambda plain: context.wrap_socket(plain, server_hostname="localhost"))):
            with socket.create_connection(("127.0.0.1", self.server.port(name))) as plain, wrap(plain) as sender:
                sender.sendall(b"1 open 30 relp_version=0\ncommands=syslog\n")
                assert b"200 OK" in sender.recv(4096)
                body = message(record(4)).partition(b" ")[2]
                sender.sendall(b"2 syslog %d %s\n" % (len(body), body))
                assert b"200 OK" in sender.recv(4096)
        for source in ("syslog_tcp", "syslog_tls", "syslog_udp", "syslog_relp", "syslog_relp_tls"):
            wait_until(lambda source=source: self.received(source) > 0, f"{source}: nothing was received")

    def said_well(self, *arguments):
        said = self.at.command(*arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def operate(self):
        """All that operators do to a running server."""
        listed = [json.loads(line) for line in self.said_well("alerts", "list", "--json").splitlines()]
        assert len(listed) == len(self.trail.labels), f"{len(listed)} alerts, {len(self.trail.labels)} thefts"
        self.said_well("alerts", "ack", listed[0]["id"], "--note", "ours")
        self.said_well("webhook", "test", "sink")
        assert self.said_well("rejects", "list")
        backup = run_command("backup", self.at.folder / "backup", "--config", self.at.configuration)
        assert backup.returncode == 0, backup.stderr

    def workers_cpus(self):
        """Name -> CPUs that it may run on."""
        cpus = {}
        for task in Path(f"/proc/{self.server.pid}/task").iterdir():
            said = (task / "status").read_text()
            name = re.search(r"Name:\s*(\S+)", said).group(1)
            if name.startswith("worker-"):
                cpus[name] = re.search(r"Cpus_allowed_list:\s*(\S+)", said).group(1)
        return cpus


def main():
    missing = why_not()
    if missing:
        print(f"not tried: {missing}")
        sys.exit(SKIPPED)
    with scratch_folder() as folder:
        run = Run(folder)
        try:
            run.server.start()
            assert run.workers_cpus() == {f"worker-{i}": str(i % os.cpu_count()) for i in range(SHARDS)}, run.workers_cpus()
            with run.at.sender() as sender:
                for path in run.trail.files:
                    assert sender.post_file(path).status == 200
                assert sender.post(b'{"Records":[{"eventVersion":"1.08"}]}').json()["rejected"] == 1
            run.send_syslog()
            wait_until(lambda: len(run.sink.taken()) >= len(run.trail.labels), "the webhook did not get its alerts")
            run.operate()
            run.server.process.send_signal(signal.SIGHUP)
            run.server.wait_said('msg="reloaded')
            assert run.server.stop() == 0, run.server.log_text()
            run.server.start()      # on a store that is there
            assert run.server.stop() == 0
            status = [line for line in run.server.log + run.server.last_log if "Operation not permitted" in line or "EPERM" in line]
            assert not status, status
        finally:
            run.server.stop_if_running()
        print(f"{run.trail.events} events by HTTPS and five kinds of syslog, {len(run.trail.labels)} alerts, within the unit's limits")


if __name__ == "__main__":
    main()
