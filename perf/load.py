"""Load from bodies that are prepared, over plain sockets: the sender shares the machine and must cost little.

A send returns how many events were acknowledged as accepted; anything but 200 is an error.
"""
import contextlib
import queue
import re
import selectors
import socket
import ssl
import threading
import zlib

ANSWER_S_MAX = 60
RECEIVE_BYTES = 65536
RELP_WINDOW = 128
EVENT_ID = re.compile(rb'"eventID":\s*"([0-9a-f]{8})')


class Bodies:
    """{"Records":[...]} bodies, whose event ids can be made new, so that a server does not know an event for a repeated one."""

    def __init__(self, texts):
        self._texts = [bytearray(text) for text in texts]
        self._ids = [[(found.start(1), int(found.group(1), 16)) for found in EVENT_ID.finditer(text)] for text in texts]
        self._generation = 0
        self.events = [len(ids) for ids in self._ids]

    def first(self, events):
        """-> as many bodies as hold so many events."""
        count = total = 0
        while total < events and count < len(self.events):
            total += self.events[count]
            count += 1
        return count

    def freshen(self):
        self._generation += 1
        turn = self._generation * 0x9E3779B1 & 0xFFFFFFFF
        for text, ids in zip(self._texts, self._ids):
            for at, number in ids:
                text[at:at + 8] = b"%08x" % (number ^ turn)

    def plain(self, count):
        return [bytes(text) for text in self._texts[:count]]

    def gzip(self, count):
        def packed(text):
            packer = zlib.compressobj(6, wbits=31)
            return packer.compress(text) + packer.flush()
        return [packed(text) for text in self._texts[:count]]


def post(body, token, gzip=False, path="/v1/events", key="Authorization: Bearer"):
    """-> the bytes of a request. key: what stands before the token."""
    encoding = "Content-Encoding: gzip\r\n" if gzip else ""
    separator = " " if ":" in key else ": "
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{key}{separator}{token}\r\n{encoding}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


SYSLOG_HEADER = b"<14>1 2025-06-30T00:00:00Z bench.example straykey - - - "


def octet_counted(record):
    message = SYSLOG_HEADER + record
    return b"%d " % len(message) + message


def trusting(certificate):
    return ssl.create_default_context(cafile=str(certificate))


def connect(port, tls=None):
    connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection if tls is None else tls.wrap_socket(connection, server_hostname="localhost")


# Of /v1/events; HEC; _bulk; Firehose. The first alone says how many.
SUCCESS = re.compile(rb'"accepted":(\d+),"rejected":0|"text":"Success","code":0|"errors":false|"timestamp":\d+}$')


def accepted_of(reply):
    """-> how many, or 0 where the protocol does not say."""
    if not reply.startswith(b"HTTP/1.1 200"):
        raise AssertionError(reply[:300].decode(errors="replace"))
    found = SUCCESS.search(reply)
    if not found:
        raise AssertionError(reply[-300:].decode(errors="replace"))
    return int(found.group(1) or 0)


def _reply(connection):
    reply, whole = b"", None
    while whole is None or len(reply) < whole:
        part = connection.recv(RECEIVE_BYTES)
        if not part:
            raise AssertionError("the connection ended before the reply did")
        reply += part
        if whole is None and (head := reply.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"\r\ncontent-length: *(\d+)", reply[:head], re.IGNORECASE)
            whole = head + 4 + int(length.group(1))
    return accepted_of(reply)


def _each_of(requests, connections, work):
    """work(take) in so many threads; take() gives the next request or None. -> the sum of what they return."""
    waiting, sums, errors = queue.SimpleQueue(), [], []
    for request in requests:
        waiting.put(request)

    def take():
        try:
            return waiting.get_nowait()
        except queue.Empty:
            return None

    def run():
        try:
            sums.append(work(take))
        except (AssertionError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return sum(sums)


def send_on(connections, requests):
    """One thread serves all connections, each of which gets the next request after its answer."""
    waiting, under_way, accepted = iter(requests), 0, 0
    with selectors.EpollSelector() as ready:
        for connection, request in zip(connections, waiting):
            ready.register(connection, selectors.EVENT_READ)
            connection.sendall(request)
            under_way += 1
        while under_way > 0:
            events = ready.select(ANSWER_S_MAX)
            assert events, "no answer"
            for key, _ in events:
                accepted += _reply(key.fileobj)
                if (request := next(waiting, None)) is not None:
                    key.fileobj.sendall(request)
                else:
                    under_way -= 1
    return accepted


@contextlib.contextmanager
def connected(port, count, tls=None):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connect(port, tls)) for _ in range(count)]


def send_on_kept(port, requests, count, tls=None):
    with connected(port, count, tls) as connections:
        return send_on(connections, requests)


def send_each_on_new_connection(port, requests, connections, tls=None):
    def work(take):
        accepted = 0
        while (request := take()) is not None:
            with connect(port, tls) as connection:
                connection.sendall(request)
                accepted += _reply(connection)
        return accepted
    return _each_of(requests, connections, work)


def stream(port, pieces, connections, tls=None):
    """Writes all and ends each connection; waits until the other side ended it too."""
    def work(take):
        with connect(port, tls) as connection:
            while (piece := take()) is not None:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(RECEIVE_BYTES):
                pass
        return 0
    _each_of(pieces, connections, work)


def relp(port, messages, connections):
    """Each connection has a window of 128 messages: of what is sent and not answered. -> answers 200."""
    def work(take):
        answered = under_way = 0
        rest = b""
        with connect(port) as connection:
            offer = b"relp_version=0\nrelp_software=straykey-bench\ncommands=syslog"
            connection.sendall(b"1 open %d %s\n" % (len(offer), offer))
            while not rest.endswith(b"syslog\n"):
                rest += connection.recv(RECEIVE_BYTES)
            rest, number, more = b"", 1, True
            while more or under_way > 0:
                frames = []
                while more and under_way + len(frames) < RELP_WINDOW:
                    more = (message := take()) is not None
                    if more:
                        number += 1
                        frames.append(b"%d syslog %d %s\n" % (number, len(message), message))
                connection.sendall(b"".join(frames))
                under_way += len(frames)
                rest += connection.recv(RECEIVE_BYTES) if under_way > 0 else b""
                done = rest.count(b" rsp 6 200 OK\n")
                rest = rest.rpartition(b"\n")[2]
                answered, under_way = answered + done, under_way - done
        return answered
    return _each_of(messages, connections, work)
