"""S3, SQS and Secrets Manager, as far as deploy/aws calls them, on loopback: objects, one queue, one secret, and what was asked for."""
import http.server
import json
import threading
import urllib.parse

NO_SUCH_KEY = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = urllib.parse.unquote(self.path.partition("?")[0]).lstrip("/")
        aws = self.server.aws
        if "list-type=2" in self.path:
            return self.answer(200, listing(aws.objects, name.rstrip("/")), "application/xml")
        with aws.lock:
            aws.fetched += [name] if self.command == "GET" else []
        body = aws.objects.get(name)
        return self.answer(404 if body is None else 200, NO_SUCH_KEY if body is None else body, "application/xml")

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.aws.answer(self.headers["X-Amz-Target"], asked)
        kind = "application/x-amz-json-1.1"
        if answer is None:
            return self.answer(400, b'{"__type":"UnknownOperationException"}', kind)
        return self.answer(200, json.dumps(answer).encode(), kind)

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Mon, 30 Jun 2025 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def log_message(self, *_):
        pass


def listing(objects, bucket):
    keys = sorted(name.partition("/")[2] for name in objects if name.partition("/")[0] == bucket)
    contents = "".join(f"<Contents><Key>{key}</Key><Size>{len(objects[f'{bucket}/{key}'])}</Size>"
                       "<LastModified>2025-06-30T12:00:00.000Z</LastModified></Contents>" for key in keys)
    return f"<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode()


class FakeAws:
    """objects: "bucket/key" -> bytes. queue: id of a message -> its text."""

    def __init__(self, secret):
        self.secret, self.secrets_asked = secret, 0
        self.objects, self.fetched = {}, []
        self.queue, self.received = {}, set()
        self.lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.aws = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, target, asked):
        with self.lock:
            if target == "secretsmanager.GetSecretValue":
                self.secrets_asked += 1
                return {"SecretString": self.secret}
            if target == "AmazonSQS.ReceiveMessage":
                ids = [id for id in self.queue if id not in self.received][:asked["MaxNumberOfMessages"]]
                self.received.update(ids)
                messages = [{"MessageId": id, "ReceiptHandle": f"receipt-{id}", "Body": self.queue[id]} for id in ids]
                return {"Messages": messages} if messages else {}
            if target == "AmazonSQS.DeleteMessageBatch":
                for entry in asked["Entries"]:
                    del self.queue[entry["ReceiptHandle"].removeprefix("receipt-")]
                return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
