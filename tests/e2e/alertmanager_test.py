#!/usr/bin/env python3
"""A real Alertmanager (Debian's prometheus-alertmanager) takes every alert of the sample trail, shows it firing with its labels, and answers 400
for one bad alert of several while it keeps the others. Skipped, by name, where it is not installed."""
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time

from installation import Installation, Trail, scratch_folder
from straykey_process import BOUND_TO_PARENT

PROGRAM = "prometheus-alertmanager"
START_S_MAX, DELIVERIES_S_MAX = 30, 90
SKIPPED = 77


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Alertmanager:
    def __init__(self, folder):
        (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\nglobal: {resolve_timeout: 120h}\n")
        self.port = free_port()
        self.process = subprocess.Popen(
            [*BOUND_TO_PARENT, PROGRAM, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        answer = reply.status, reply.read()
        connection.close()
        return answer

    def wait_ready(self):
        end = time.monotonic() + START_S_MAX
        while True:
            try:
                if self.ask("GET", "/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            assert time.monotonic() < end and self.process.poll() is None, self.process.stderr.read(2000)
            time.sleep(0.05)

    def alerts(self):
        status, body = self.ask("GET", "/api/v2/alerts")
        assert status == 200, body
        return {alert["labels"].get("alert_id", ""): alert for alert in json.loads(body)}

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


def check_bad_among_good(peer):
    """What our format relies on: a POST of ours holds one alert, so a 400 is about that one."""
    good = {"labels": {"alertname": "good", "alert_id": "good"}}
    status, _ = peer.ask("POST", "/api/v2/alerts", json.dumps([good, {"labels": {"alertname": ""}}]))
    assert status == 400 and "good" in peer.alerts(), (status, peer.alerts())


def check_alerts(peer, expected):
    end = time.monotonic() + DELIVERIES_S_MAX
    while not set(expected) <= set(shown := peer.alerts()):
        assert time.monotonic() < end, f"Alertmanager lacks {set(expected) - set(shown)}"
        time.sleep(0.1)
    for alert_id, document in expected.items():
        alert = shown[alert_id]
        assert alert["status"]["state"] == "active", alert
        assert alert["labels"]["alertname"] == document["variation"] and alert["labels"]["severity"] == document["severity"], alert
        assert alert["labels"]["account"] == document["account"], alert
        assert alert["annotations"]["summary"] == document["title"], alert
        acknowledge = alert["annotations"]["respond_acknowledge"]
        assert acknowledge.startswith(f"straykey alerts ack {alert_id} --data-dir=/") and acknowledge.endswith(" --note '<why it is ours>'"), alert


def main():
    if shutil.which(PROGRAM) is None:
        print(f"skipped: {PROGRAM} is not installed")
        sys.exit(SKIPPED)
    with scratch_folder() as folder:
        trail = Trail(folder / "sample")
        expected = trail.scan()
        peer = Alertmanager(folder)
        try:
            peer.wait_ready()
            check_bad_among_good(peer)
            webhook = (f'[[webhook]]\nname = "alertmanager"\nformat = "alertmanager_api"\nallow_http = true\n'
                       f'url = "http://127.0.0.1:{peer.port}/api/v2/alerts"\nallow_cidrs = ["127.0.0.1/32"]\nrate_per_s = 1000\n')
            with Installation(folder / "server", trail, None, 1, webhook) as installation:
                installation.server.start()
                with installation.sender() as sender:
                    for path in trail.files:
                        assert sender.post_file(path).status == 200
                check_alerts(peer, expected)
                assert installation.server.stop() == 0, installation.server.log_text()
        finally:
            peer.stop()
        print(f"Alertmanager shows {len(expected)} alerts")


if __name__ == "__main__":
    main()
