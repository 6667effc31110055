#!/usr/bin/env bash
# relppy, a RELP client, never sends again what was unanswered when the connection broke, though RELP is there for just
# that.
#
# Guess:  after a new connection the client sends every unanswered message again, so that each arrives at least once.
# Seen:   relppy keeps unanswered messages under their transaction number, and numbers begin anew with each connection.
#         The messages sent after the reconnect take the places of those that wait, so these are forgotten: of four
#         messages in flight, of which one was answered before the server closed, three never arrive. No error is
#         raised, and the futures that the caller got for them stay open.
# Why:    a receiver that withholds its answer and closes (the right way to say "busy" in RELP, and what each restart
#         does) loses records with this client. The receiver can keep its promise only by answering what it has
#         committed before it closes.
# Peers:  relppy 0.4 (PyPI), Python 3.11; the server is forty lines of this script, with the answers that librelp 1.11
#         gives
# Seen on: 2026-11-30
# Run:    findings/relppy-loses-after-reconnect.sh     (python3; about half a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install relppy==0.4

cat >session.py <<'PY'
import os, socket, sys, threading, time

from relppy.client import RelpTCPClient

arrived = []


def frames(stream):
    """Each frame of RELP: number, command, length, and data where the length is not 0, closed by a line feed."""
    while True:
        head = b""
        while head.count(b" ") < 3 and not head.endswith(b"\n"):
            byte = stream.read(1)
            if not byte:
                return
            head += byte
        number, command, length = head.split()[:3]
        data = b""
        if int(length):
            data = stream.read(int(length))
            stream.read(1)
        yield number, command, data


def answer(connection, number, text):
    connection.sendall(b"%s rsp %d %s\n" % (number, len(text), text))


def serve(connection, is_first):
    messages = 0
    for number, command, data in frames(connection.makefile("rb")):
        if command == b"open":
            answer(connection, number, b"200 OK\nrelp_version=0\nrelp_software=example\ncommands=syslog")
        elif command == b"syslog":
            messages += 1
            arrived.append(("first" if is_first else "second", data[-2:].decode()))
            if not is_first or messages == 1:
                answer(connection, number, b"200 OK")
            elif messages == 4:
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
                return


def listen(listener):
    is_first = True
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, is_first), daemon=True).start()
        is_first = False


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=listen, args=(listener,), daemon=True).start()
client = RelpTCPClient(listener.getsockname())
futures = [client.send_command(b"syslog", b"<134>host app: record-%02d" % i) for i in range(4)]
time.sleep(1)
for i in range(4, 10):
    futures.append(client.send_command(b"syslog", b"<134>host app: record-%02d" % i))
    time.sleep(2)
print("in flight when the server closed:", *[name for where, name in arrived if where == "first"])
print("arrived on the new connection:", *[name for where, name in arrived if where == "second"])
print("never answered:", *[f"{i:02d}" for i, future in enumerate(futures) if not future.done()])
sys.stdout.flush()
os._exit(0)
PY
timeout 60 venv/bin/python session.py 2>session.log | tee seen
cat >stated <<'TEXT'
in flight when the server closed: 00 01 02 03
arrived on the new connection: 04 05 06 07 08 09
never answered: 01 02 03
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the client sends after a reconnect is not what this finding states"
    exit 1
fi
echo "as stated: three unanswered messages are not sent again"
