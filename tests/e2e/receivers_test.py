#!/usr/bin/env python3
"""The receivers of docs/receivers take what the real server sends, and refuse it when one byte is another. Those whose language is missing are named."""
import base64
import http.client
import json
import os
import secrets
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from init_test import stolen_call
from installation import Installation, write_secret
from manual_stage import listens
from reload_test import free_port, wait_until
from straykey_process import BOUND_TO_PARENT
from webhook_sink import signature

RECEIVERS = Path(__file__).resolve().parents[2] / "docs/receivers"
START_S_MAX = 120
# name: programs that it needs, command without PORT and SECRET_FILE
LANGUAGES = {"python": (("python3",), ["python3", "receive.py"]),
             "node": (("node",), ["node", "receive.mjs"]),
             "go": (("go",), None),
             "java": (("java", "javac"), ["java", "Receive.java"]),
             "shell": (("bash", "openssl"), None)}


class Receiver:
    """One that runs. output: a file with what it printed, or in the shell's case the folder of what it took."""

    def __init__(self, name, folder, secret_file):
        self.folder = folder / name
        self.folder.mkdir()
        self.port = free_port()
        self.name = name
        self.process = self.server = None
        words = LANGUAGES[name][1]
        if name == "shell":
            self.listen_for_a_shell(secret_file)
            return
        if name == "go":
            subprocess.run(["go", "build", "-o", self.folder / "receive", RECEIVERS / "receive.go"], check=True, timeout=START_S_MAX, cwd=self.folder)
            words = [self.folder / "receive"]
        self.output = self.folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen([*BOUND_TO_PARENT, *words, str(self.port), secret_file], cwd=RECEIVERS, stdout=output, stderr=subprocess.STDOUT)
        wait_until(lambda: self.process.poll() is not None or listens(self.port), f"{name} does not listen")
        assert self.process.poll() is None, self.output.read_text()

    def listen_for_a_shell(self, secret_file):
        """As inetd and systemd-socket-activate do: a process for each connection, which has it as standard input and output."""
        taken = self.folder / "taken"

        class Connection(socketserver.BaseRequestHandler):
            def handle(self):
                subprocess.run(["bash", RECEIVERS / "receive.sh", secret_file], stdin=self.request, stdout=self.request, check=False, timeout=START_S_MAX,
                               env={**os.environ, "TAKEN": str(taken)})
        self.taken = taken
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Connection)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def messages(self):
        """(type, id) of each that it took, in no order."""
        if self.name == "shell":
            documents = [json.loads(path.read_text()) for path in self.taken.glob("*/body")] if self.taken.exists() else []
            return sorted((each["type"], each["data"]["id"]) for each in documents)
        return sorted(tuple(line.split()[:2]) for line in self.output.read_text().splitlines())

    def post(self, headers, body):
        """-> status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S_MAX)
        try:
            connection.request("POST", "/", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.server:
            self.server.shutdown()
            self.server.server_close()


class Capture:
    """A receiver that keeps headers and bytes as they came."""

    def __init__(self):
        self.posts = posts = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                posts.append(({name: self.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]


class Receivers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        folder = Path(scratch.name)
        old, new = ("whsec_" + base64.b64encode(secrets.token_bytes(size)).decode() for size in (24, 64))
        write_secret(folder / "old", old)
        write_secret(folder / "new", new)
        both = write_secret(folder / "both", old + "\n" + new)
        cls.old = old
        cls.new_only = folder / "new"
        cls.folder = folder
        cls.capture = Capture()
        cls.addClassCleanup(cls.capture.server.server_close)
        cls.addClassCleanup(cls.capture.server.shutdown)
        cls.here = {}
        for name, (programs, _) in LANGUAGES.items():
            if missing := [program for program in programs if shutil.which(program) is None]:
                print(f"skipped: {name}: {', '.join(missing)} is not installed", file=sys.stderr)
                continue
            cls.here[name] = Receiver(name, folder, both)
            cls.addClassCleanup(cls.here[name].close)
        webhooks = {"capture": cls.capture.port, **{name: receiver.port for name, receiver in cls.here.items()}}
        cls.installation = Installation(folder / "server", more="[detection]\nactivation_days = 0\n" + "".join(
            f'[[webhook]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/"\nsecrets = [{{ file = "{folder}/old" }}, {{ file = "{folder}/new" }}]\n'
            'allow_http = true\nallow_cidrs = ["127.0.0.1/32"]\n' for name, port in webhooks.items()))
        cls.addClassCleanup(cls.installation.server.stop_if_running)
        cls.installation.server.start()
        with cls.installation.sender() as sender:
            assert sender.post(json.dumps(stolen_call()).encode()).status == 200
        wait_until(lambda: cls.capture.posts, "no alert came")
        cls.headers, cls.body = cls.capture.posts[0]
        cls.alert = json.loads(cls.body)["data"]["id"]

    def test_1_each_takes_the_alert_that_the_server_sends_and_a_test(self):
        for name, receiver in self.here.items():
            with self.subTest(name):
                wait_until(lambda receiver=receiver: ("alert.created", self.alert) in receiver.messages(), f"{name} did not take the alert: {receiver.messages()}")
                said = self.installation.command("webhook", "test", name)
                self.assertIn("the test was delivered", said.stdout, said.stderr)
                self.assertIn("endpoint.test", [kind for kind, _ in receiver.messages()])

    def test_2_the_same_message_again_is_answered_well_and_taken_once(self):
        for name, receiver in self.here.items():
            with self.subTest(name):
                wait_until(lambda receiver=receiver: ("alert.created", self.alert) in receiver.messages(), f"{name} did not take the alert")
                before = receiver.messages()
                self.assertEqual(receiver.post(self.headers, self.body), 204)
                self.assertEqual(receiver.messages(), before)

    def test_2a_the_shells_does_not_say_that_it_took_what_it_could_not_keep(self):
        if "shell" not in self.here:
            self.skipTest("no shell")
        head = "".join(f"{name}: {value}\r\n" for name, value in {**self.headers, "content-length": len(self.body)}.items())
        request = f"POST / HTTP/1.1\r\n{head}\r\n".encode() + self.body

        def answer(taken):
            return subprocess.run(["bash", RECEIVERS / "receive.sh", self.folder / "both"], input=request, env={**os.environ, "TAKEN": str(taken)},
                                  stdout=subprocess.PIPE, check=False, timeout=START_S_MAX).stdout.split(b"\r\n")[0]
        self.assertEqual(answer(self.folder / "old/taken"), b"HTTP/1.1 500 Internal Server Error")      # old is a file
        for _ in range(2):
            self.assertEqual(answer(self.folder / "kept"), b"HTTP/1.1 204 No Content")
        self.assertEqual([path.read_bytes() for path in (self.folder / "kept").glob("*/*")], [self.body])

    def test_3_what_is_altered_is_refused_and_not_taken(self):
        flipped = bytearray(self.body)
        flipped[len(flipped) // 2] ^= 1
        late = str(int(time.time()) - 3600)
        late_headers = {**self.headers, "webhook-timestamp": late}
        late_signed = signature(self.old, self.headers["webhook-id"], late, self.body)
        altered = {"one bit of the body": (self.headers, bytes(flipped)), "a byte more": (self.headers, self.body + b" "), "no body": (self.headers, b""),
                   "another id": ({**self.headers, "webhook-id": self.headers["webhook-id"][:-1] + "~"}, self.body),
                   "another time": (late_headers, self.body),
                   "an hour old and well signed": ({**late_headers, "webhook-signature": late_signed}, self.body),
                   "no signature": ({**self.headers, "webhook-signature": ""}, self.body),
                   "a signature of another version": ({**self.headers, "webhook-signature": self.headers["webhook-signature"].replace("v1,", "v2,")}, self.body)}
        for name, receiver in self.here.items():
            before = receiver.messages()
            for what, (headers, body) in altered.items():
                with self.subTest(f"{name}: {what}"):
                    self.assertEqual(receiver.post({key: value for key, value in headers.items() if value}, body), 401)
                    self.assertEqual(receiver.messages(), before)

    def test_4_each_of_two_signatures_is_enough_and_another_secret_is_not(self):
        first, second = self.headers["webhook-signature"].split(" ")
        (self.folder / "one-secret").mkdir()
        for name in self.here:
            with self.subTest(name):
                receiver = Receiver(name, self.folder / "one-secret", self.new_only)
                self.addCleanup(receiver.close)
                self.assertEqual(receiver.post({**self.headers, "webhook-signature": first}, self.body), 401)
                self.assertEqual(receiver.post({**self.headers, "webhook-signature": second}, self.body), 204)
                self.assertEqual(receiver.post(self.headers, self.body), 204)
                self.assertEqual(receiver.messages(), [("alert.created", self.alert)])


if __name__ == "__main__":
    unittest.main()
