"""Moto as AWS on loopback, with authentication on, and in front of it a proxy that does what S3 and networks do on bad days.

Needs moto and boto3 (PyPI); run_with_moto() starts the test again under the Python that STRAYKEY_AWS_PYTHON names.
"""
import contextlib
import http.client
import http.server
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request

REGION = "eu-central-1"
START_S_MAX = 60
MOTO_MIN = (5, 2, 5)     # 5.2.1 refuses signatures of keys that have to be encoded, those of boto3 too


def run_with_moto():
    """Returns only if moto is there; without it the exit code is 77."""
    python = os.environ.pop("STRAYKEY_AWS_PYTHON", None)
    if python:
        os.execv(python, [python, "-B", *sys.argv])
    try:
        import boto3  # noqa: F401
        import moto
        version = tuple(map(int, moto.__version__.split(".")[:3]))
    except ImportError:
        version = (0,)
    if version < MOTO_MIN:
        print("left out: moto 5.2.5 or newer and boto3 are not there; STRAYKEY_AWS_PYTHON names a Python that has them")
        sys.exit(77)


class Moto:
    """A server process. Its calls need no credentials until close_doors()."""

    def __init__(self):
        self.port = random.SystemRandom().randrange(21_000, 60_000)
        environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-c", "from moto.server import main; main()",
             "-H", "127.0.0.1", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        self.origin = f"http://127.0.0.1:{self.port}"
        until = time.monotonic() + START_S_MAX
        while True:
            try:
                urllib.request.urlopen(self.origin + "/moto-api/data.json", timeout=5).read()
                return
            except OSError:
                assert time.monotonic() < until and self.process.poll() is None, "moto did not start"
                time.sleep(0.1)     # it says nothing when it is ready

    def client(self, service, key=("AKIDTEST", "test"), origin=None):
        import boto3
        return boto3.client(service, region_name=REGION, endpoint_url=origin or self.origin, aws_access_key_id=key[0],
                            aws_secret_access_key=key[1])

    def user(self, name):
        """-> (key id, secret) of a new user who may do everything."""
        import json
        iam = self.client("iam")
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def role(self, name):
        """-> its ARN; whoever asks may assume it, and it may do everything."""
        import json
        iam = self.client("iam")
        trust = {"Version": "2012-10-17",
                 "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        return arn

    def close_doors(self):
        """From now on every call is authenticated and authorised."""
        request = urllib.request.Request(self.origin + "/moto-api/reset-auth", data=b"0", method="POST",
                                         headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=10).read()

    def stop(self):
        self.process.kill()
        self.process.wait()


class BadDay:
    """A proxy to Moto. Shares (0 to 1) of the GETs of objects are throttled, or cut in the middle of their bodies; an access key
    expires after so many requests."""

    def __init__(self, moto, seed, throttled=0.0, cut=0.0, requests_a_key=0):
        self.random = random.Random(seed)
        self.throttled, self.cut, self.requests_a_key = throttled, cut, requests_a_key
        self.done = {"throttled": 0, "cut": 0, "expired": 0, "calls": 0}
        self.uses = {}
        self.lock, self.one_at_a_time = threading.Lock(), threading.Lock()
        day = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fate = day.fate_of(self.command, self.path, self.headers)
                if fate == "throttled":
                    return self.answer(503, b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>")
                if fate == "expired":
                    if "X-Amz-Target" in self.headers:
                        return self.answer(400, b'{"__type":"com.amazon.coral.service#ExpiredTokenException"}')
                    return self.answer(400, b"<Error><Code>ExpiredToken</Code><Message>old</Message></Error>")
                # Moto's S3 is one object for all threads: two requests at once get each other's headers.
                with contextlib.nullcontext() if "X-Amz-Target" in self.headers else day.one_at_a_time:
                    upstream = http.client.HTTPConnection("127.0.0.1", moto.port, timeout=60)
                    upstream.request(self.command, self.path, body, dict(self.headers))
                    reply = upstream.getresponse()
                    content = reply.read()
                    upstream.close()
                self.answer(reply.status, content, reply.getheader("Content-Type", "text/plain"), fate == "cut")

            def answer(self, status, content, kind="application/xml", cut=False):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:len(content) // 2] if cut else content)
                self.close_connection = self.close_connection or cut

            do_GET = do_POST = do_PUT = do_HEAD = forward

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):     # a killed server leaves half a request
                pass

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def fate_of(self, method, path, headers):
        with self.lock:
            self.done["calls"] += 1
            authorization = headers.get("Authorization", "")
            key = authorization.partition("Credential=")[2].partition("/")[0]
            if self.requests_a_key and key.startswith("ASIA"):
                self.uses[key] = self.uses.get(key, 0) + 1
                if self.uses[key] > self.requests_a_key:
                    self.done["expired"] += 1
                    return "expired"
            drawn = self.random.random()
            if method == "GET" and path.count("/") > 2:
                for fate, share in (("throttled", self.throttled), ("cut", self.cut)):
                    if drawn < share:
                        self.done[fate] += 1
                        return fate
                    drawn -= share
            return ""

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()
