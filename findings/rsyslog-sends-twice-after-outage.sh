#!/usr/bin/env bash
# rsyslog sends the first 16 KB of what it held back during an outage twice, over plain TCP.
#
# Guess:  TCP syslog has no acknowledgement, so an outage of the receiver loses messages and repeats none.
# Seen:   the receiver takes 200 records, closes its connection and its port, and opens the port again three seconds later;
#         100 more records are written meanwhile. None is lost. The second connection brings records 200 to 221 at its
#         beginning, and then 200 to 299: the first 16 KB of what was held back come twice, in line framing and with octet
#         counting. If less than 16 KB was held back, nothing comes twice.
# Why:    omfwd collects 16 KB before it writes. The write that finds the connection gone leaves its bytes in that buffer,
#         the queue gives the same records again after the reconnect, and both are sent. Whoever counts what arrives by
#         TCP syslog counts an outage as activity; a receiver must know a record again (eventID) also where its protocol
#         seems unable to repeat one.
# Peers:  rsyslog 8.2302.0-1+deb12u2 (Debian 12), the receiver is a socket of this script
# Seen on: 2026-11-30
# Run:    findings/rsyslog-sends-twice-after-outage.sh     (Debian 12 on amd64; nothing is installed on the machine; about 25 s)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download rsyslog=8.2302.0-1+deb12u2 libestr0=0.1.11-1 libfastjson4=1.2304.0-1 liblognorm5=2.0.6-4
for package in *.deb; do dpkg -x "$package" root; done

cat >session.py <<'PY'
import os
import re
import socket
import subprocess
import time

HELD, BEFORE = 100, 200
ROOT = os.path.abspath("root")
COUNTED = 'TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"'


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    listener.settimeout(20)
    return listener


def read(connection, quiet_s):
    """Numbers of the records, until nothing comes for so long."""
    connection.settimeout(quiet_s)
    text = b""
    try:
        while piece := connection.recv(65536):
            text += piece
    except TimeoutError:
        pass
    return [int(number) for number in re.findall(rb'"eventID":"(\d+)"', text)]


def session(name, framing, held):
    folder = os.path.abspath(name)
    os.mkdir(folder)
    listener = listen(0)
    port = listener.getsockname()[1]
    trail, configuration = f"{folder}/trail", f"{folder}/rsyslog.conf"

    def write(first, end):
        with open(trail, "a") as file:
            for number in range(first, end):
                file.write('{"eventName":"ListBuckets","requestParameters":"%s","eventID":"%d"}\n' % ("x" * 640, number))

    write(0, BEFORE)
    with open(configuration, "w") as file:
        file.write(f'''global(workDirectory="{folder}")
module(load="imfile" mode="polling" pollingInterval="1")
input(type="imfile" file="{trail}" tag="trail:" ruleset="send")
ruleset(name="send" queue.type="linkedList") {{
  action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" {framing} action.resumeRetryCount="-1" action.resumeInterval="1")
}}
''')
    libraries = f"{ROOT}/usr/lib/x86_64-linux-gnu:{ROOT}/lib/x86_64-linux-gnu"
    with open(f"{folder}/log", "w") as log:
        daemon = subprocess.Popen([f"{ROOT}/usr/sbin/rsyslogd", "-n", "-M", f"{ROOT}/usr/lib/x86_64-linux-gnu/rsyslog", "-f", configuration,
                                   "-i", f"{folder}/pid"], env={**os.environ, "LD_LIBRARY_PATH": libraries}, stdout=log, stderr=log)
    try:
        connection, _ = listener.accept()
        first = read(connection, 2)
        listener.close()
        connection.close()
        write(BEFORE, BEFORE + held)
        time.sleep(3)
        connection, _ = listen(port).accept()
        second = read(connection, 4)
    finally:
        daemon.kill()
        daemon.wait()
    assert first == list(range(BEFORE)), first
    lost = sorted(set(range(BEFORE + held)) - set(first) - set(second))
    twice = [number for number in range(BEFORE, BEFORE + held) if second.count(number) == 2]
    if twice:
        kilobytes = len(twice) * 740 / 1024      # the header's length depends on the host's name
        first_16 = twice == list(range(BEFORE, twice[-1] + 1)) and 14 < kilobytes < 17
    print(f"{name}, {held} held back: lost {len(lost)}, twice: {'none' if not twice else 'the first 16 KB' if first_16 else twice}")


session("lines", "", HELD)
session("octet-counted", COUNTED, HELD)
session("few", "", 10)
PY
timeout 120 python3 session.py | tee seen
cat >stated <<'TEXT'
lines, 100 held back: lost 0, twice: the first 16 KB
octet-counted, 100 held back: lost 0, twice: the first 16 KB
few, 10 held back: lost 0, twice: none
TEXT
if ! diff stated seen; then
    echo "CHANGED: what rsyslog sends after an outage is not what this finding states"
    exit 1
fi
echo "as stated: the first 16 KB held back come twice"
