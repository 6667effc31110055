#!/usr/bin/env bash
# rfc5424-logging-handler over TCP makes a backslash and an n of each line feed, so JSON that spans lines is none any more.
#
# Guess:  framed by line feeds, which is the handler's way over TCP, a message that has some is cut there or has them
#         replaced by blanks; framed by its length, or in a datagram, it goes as it is.
# Seen:   the second half is so. Framed by line feeds, each one inside the message becomes the two characters \ and n.
#         In a JSON document they then stand between the members, where JSON knows no backslash: the record arrives
#         whole, as one frame, and cannot be read. A byte order mark stands before each message, unless
#         msg_as_utf8=False.
# Why:    a record written with an indent is refused by the receiver as damaged, though nothing is cut, and the same
#         program over UDP is read. Set framing=FRAMING_OCTET_COUNTING, or write records without an indent. A receiver
#         has to step over the mark before it looks for a brace.
# Peers:  rfc5424-logging-handler 1.4.3 (PyPI), Python 3.11
# Seen on: 2026-12-01
# Run:    findings/rfc5424-handler-writes-backslashes.sh     (python3; a quarter of a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install rfc5424-logging-handler==1.4.3

cat >send.py <<'PY'
import json, logging, socket

from rfc5424logging import Rfc5424SysLogHandler
from rfc5424logging.transport import FRAMING_NON_TRANSPARENT, FRAMING_OCTET_COUNTING

record = {"eventName": "GetCallerIdentity", "eventSource": "sts.amazonaws.com"}


def tell(name, kind, indent, **options):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        server.listen()
    handler = Rfc5424SysLogHandler(address=server.getsockname(), socktype=kind, hostname="host", appname="app", procid=1, **options)
    logger = logging.Logger("example", logging.INFO)
    logger.addHandler(handler)
    logger.info(json.dumps(record, indent=indent))
    handler.close()
    if kind == socket.SOCK_STREAM:
        connection, _ = server.accept()
        content = connection.makefile("rb").read()
    else:
        content = server.recv(65535)
    framing = "counted" if content[:1].isdigit() else "line feed" if content.endswith(b"\n") else "datagram"
    if framing == "counted":
        length, content = content.split(b" ", 1)
        framing += " rightly" if int(length) == len(content) else " wrongly"
    message = content.rstrip(b"\n").split(b" - - ", 1)[1]
    mark = "mark" if message.startswith(b"\xef\xbb\xbf") else "no mark"
    try:
        kept = "the record" if json.loads(message.decode("utf-8-sig")) == record else "another record"
    except ValueError:
        kept = "no JSON, begins " + message.decode("utf-8-sig")[:5]
    print(f"{name}, indent {indent}: {framing}, {mark}, {kept}")


for indent in (None, 1):
    tell("tcp", socket.SOCK_STREAM, indent, framing=FRAMING_NON_TRANSPARENT)
    tell("tcp octet counting", socket.SOCK_STREAM, indent, framing=FRAMING_OCTET_COUNTING)
    tell("tcp octet counting, no utf8", socket.SOCK_STREAM, indent, framing=FRAMING_OCTET_COUNTING, msg_as_utf8=False)
    tell("udp", socket.SOCK_DGRAM, indent)
PY
timeout 60 venv/bin/python send.py | tee seen
cat >stated <<'TEXT'
tcp, indent None: line feed, mark, the record
tcp octet counting, indent None: counted rightly, mark, the record
tcp octet counting, no utf8, indent None: counted rightly, no mark, the record
udp, indent None: datagram, mark, the record
tcp, indent 1: line feed, mark, no JSON, begins {\n "
tcp octet counting, indent 1: counted rightly, mark, the record
tcp octet counting, no utf8, indent 1: counted rightly, no mark, the record
udp, indent 1: datagram, mark, the record
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the handler makes of line feeds is not what this finding states"
    exit 1
fi
echo "as stated: a record that spans lines is no JSON any more where line feeds frame it"
