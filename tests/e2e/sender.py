"""Posts bodies as a forwarder does: one kept connection, the next request after the answer to the one before."""
import http.client
import json
import socket
import ssl
from dataclasses import dataclass

ANSWER_S_MAX = 60


class NoAnswer(Exception):
    """The connection failed before the whole answer was read: the request has to be sent again."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def error_code(self):
        return self.json()["error"]["code"]


class Sender:
    """certificate: of the server, for HTTPS; None is plain HTTP."""

    def __init__(self, port, certificate=None, token=None):
        if certificate is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
        else:
            context = ssl.create_default_context(cafile=str(certificate))
            self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_S_MAX, context=context)
        self._authorization = {} if token is None else {"Authorization": f"Bearer {token}"}

    def request(self, method, path, body=None, headers=None):
        try:
            self._connection.request(method, path, body, {**self._authorization, **(headers or {})})
            answer = self._connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException, socket.timeout) as error:
            self._connection.close()
            raise NoAnswer(str(error)) from error

    def get(self, path):
        return self.request("GET", path)

    def post(self, body, encoding=None):
        return self.request("POST", "/v1/events", body, {"Content-Encoding": encoding} if encoding else {})

    def post_file(self, path):
        return self.post(path.read_bytes(), "gzip" if path.suffix == ".gz" else None)

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
