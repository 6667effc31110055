#!/usr/bin/env python3
"""Takes straykey's webhooks: receive.py PORT SECRET_FILE. Python 3.9 or newer, nothing besides.

SECRET_FILE has one whsec_ secret a line. While one replaces another, have both.
"""
import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLOCK_DIFFERENCE_S_MAX = 300
BODY_BYTES_MAX = 256 * 1024
IDS_MAX = 100_000


def is_genuine(secrets, headers, body):
    """body: the bytes as they came. Whoever parses them first checks something else."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(time.time() - int(timestamp)) > CLOCK_DIFFERENCE_S_MAX:
        return False                 # somebody sends an old message again
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()) for secret in secrets]
    for word in headers.get("webhook-signature", "").split(" "):
        version, _, value = word.partition(",")
        if version == "v1" and any(hmac.compare_digest(value.encode(), each) for each in expected):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 15
    secrets = []
    taken = {}      # ids that came; yours belong into your database, so that a restart does not forget them

    def do_POST(self):
        length = int(self.headers.get("content-length") or -1)
        if not 0 <= length <= BODY_BYTES_MAX:
            self.answer(413)
            return
        body = self.rfile.read(length)
        if not is_genuine(self.secrets, self.headers, body):
            self.answer(401)
            return
        message_id = self.headers["webhook-id"]
        if message_id not in self.taken:
            self.take(json.loads(body))
            self.taken[message_id] = True
            if len(self.taken) > IDS_MAX:
                self.taken.pop(next(iter(self.taken)))
        self.answer(204)             # only now: after any other answer, or none, it comes again

    def take(self, message):
        """What you want done. Be quick: straykey waits 15 s."""
        document = message["data"]
        print(message["type"], document["id"], document.get("severity", ""), document.get("title", ""), flush=True)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with open(sys.argv[2], encoding="ascii") as lines:
        Receiver.secrets = [base64.b64decode(line.strip().removeprefix("whsec_")) for line in lines if line.strip()]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
