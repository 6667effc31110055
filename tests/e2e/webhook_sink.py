"""A webhook endpoint on loopback that checks Standard Webhooks signatures by itself and can fail some of the posts."""
import base64
import hashlib
import hmac
import json
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "whsec_" + base64.b64encode(b"a secret that only tests know 32").decode()
CLOCK_DIFFERENCE_S_MAX = 300


def signature(secret, message_id, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


# A check vector that straykey did not compute.
assert signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", "1700000000", b'{"a":1}') == \
    "v1,hVsFLpmw4Ib/Xm0eZLt3KqYBZdt0U8gdGeuz0EsGv78="


@dataclass(frozen=True)
class Post:
    message_id: str
    kind: str      # alert.created, account.activated
    body: bytes
    status: int
    life: int      # which start of the server was the present one, or the number at the end of the path


class WebhookSink:
    """fail_share of the posts are answered 503; only the first of a message's, for a third attempt would wait
    five minutes, and no two in a row, for after five the server tries one every few minutes."""

    def __init__(self, seed=1, fail_share=0.0):
        self.life = 0
        self.posts = []
        self.clock_difference_s_max = CLOCK_DIFFERENCE_S_MAX
        self.faults = []      # what no webhook may ever look like
        self._random = random.Random(seed)
        self._fail_share = fail_share
        self._known = set()
        self._failed_last = False
        self._fail_status = 503
        self._changed = threading.Condition(threading.RLock())
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                self.send_response(sink.take(self.headers, body, self.path))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Endpoint(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):      # a killed server leaves half a request
                pass

        self._server = Endpoint(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, headers, body, path="/hook"):
        number = path.rpartition("/")[2]
        message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signed = hmac.compare_digest(headers.get("webhook-signature", ""), signature(SECRET, message_id, stamp, body))
        with self._changed:
            if not signed:
                self.faults.append(f"{message_id}: wrong signature")
            elif abs(time.time() - int(stamp)) > self.clock_difference_s_max:
                self.faults.append(f"{message_id}: timestamp {stamp} is not this attempt's")
            elif not message_id.startswith("msg_"):
                self.faults.append(f"{message_id}: not an id")
            failed = message_id not in self._known and not self._failed_last and self._random.random() < self._fail_share
            self._known.add(message_id)
            self._failed_last = failed
            status = 401 if not signed else self._fail_status if failed else 204
            self.posts.append(Post(message_id, json.loads(body)["type"], body, status,
                                   int(number) if number.isdigit() else self.life))
            self._changed.notify_all()
            return status

    def fail_next(self, status=503):
        """The next post of a message that was never posted fails."""
        with self._changed:
            self._fail_share, self._failed_last, self._fail_status = 1.0, False, status

    def heal(self):
        """From now on no post is made to fail."""
        self._fail_share = 0.0

    def taken(self):
        """message id -> posts answered 2xx."""
        with self._changed:
            posts = list(self.posts)
        taken = defaultdict(list)
        for post in posts:
            if post.status == 204:
                taken[post.message_id].append(post)
        return taken

    def bodies(self):
        """message id -> the different bodies that came with it."""
        bodies = defaultdict(set)
        for post in self.posts:
            bodies[post.message_id].add(post.body)
        return bodies

    def alerts(self):
        """alert id -> document, of the posts answered 2xx."""
        return self._documents("alert.created")

    def activations(self):
        """message id -> document of the reports that an account is active."""
        return self._documents("account.activated")

    def wait_for(self, alerts, accounts, timeout_s):
        """Until so many different alerts and activated accounts were told, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.alerts()) >= alerts and
                                   len(self.activations()) >= accounts, timeout_s)

    def _documents(self, kind):
        return {message_id.removeprefix("msg_"): json.loads(posts[0].body)["data"]
                for message_id, posts in self.taken().items() if posts[0].kind == kind}

    def close(self):
        self._server.shutdown()
        self._server.server_close()
