"""S3 and Secrets Manager, as far as the forwarder calls them, on loopback: objects and one secret, and what was asked for."""
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
        with aws.lock:
            aws.fetched.append(name)
        body = aws.objects.get(name)
        self.answer(404 if body is None else 200, NO_SUCH_KEY if body is None else body, "application/xml")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        aws = self.server.aws
        if self.headers["X-Amz-Target"] != "secretsmanager.GetSecretValue":
            return self.answer(400, b'{"__type":"UnknownOperationException"}', "application/x-amz-json-1.1")
        with aws.lock:
            aws.secrets_asked += 1
        return self.answer(200, json.dumps({"SecretString": aws.secret}).encode(), "application/x-amz-json-1.1")

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FakeAws:
    """objects: "bucket/key" -> bytes."""

    def __init__(self, secret):
        self.secret, self.secrets_asked = secret, 0
        self.objects, self.fetched = {}, []
        self.lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.aws = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
