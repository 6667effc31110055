#!/usr/bin/env python3
"""A server with syslog alone, no HTTP listener, no certificate, no token, takes events and counts them."""
import json
import socket
import time

from installation import scratch_folder
from metrics_text import read_metrics
from sender import Sender
from straykey_process import Server, run_command

RECORDS = 3
COUNTED_S_MAX = 30


def record(number):
    return json.dumps({
        "eventVersion": "1.08", "eventTime": f"2025-06-30T12:00:0{number}Z", "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets", "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "aws-cli/2",
        "eventID": f"00000000-0000-4000-8000-00000000000{number}", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "someone",
                         "arn": "arn:aws:iam::111122223333:user/someone", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}})


def message(text, count=len):
    """RFC 5424 in octet counting; `count` is asked for the octets of the message's bytes."""
    body = f"<134>1 2025-06-30T12:00:00Z host cloudtrail - - - {text}".encode()
    return str(count(body)).encode() + b" " + body


def characters(body):
    return len(body.decode())


def write_configuration(folder, syslog):
    path = folder / "straykey.toml"
    path.write_text(f"""data_dir = "{folder}/store"
[ingest]
https = ""
[admin]
listen = "127.0.0.1:0"
open_metrics = true
[networks]
aws_ranges = "builtin"
[syslog]
{syslog}
""")
    return path


def received(server):
    with Sender(server.port("admin")) as admin:
        series = read_metrics(admin.get("/metrics").body.decode())
    return series.get(("straykey_events_received_total", 'source="syslog_tcp"'), 0)


def main():
    with scratch_folder() as folder:
        said = run_command("check-config", "--config", write_configuration(folder, ""))
        assert said.returncode == 78, said
        assert "nothing can come in: turn on one of ingest.https, ingest.http, syslog.udp" in said.stdout, said

        server = Server(write_configuration(folder, 'tcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.1/32"]'))
        server.start()
        try:
            assert not any('listener="ingest' in line for line in server.log), server.log_text()
            with socket.create_connection(("127.0.0.1", server.port("syslog_tcp"))) as sender:
                sender.sendall(b"".join(message(record(number)) for number in range(RECORDS)))
            deadline = time.monotonic() + COUNTED_S_MAX
            while received(server) < RECORDS and time.monotonic() < deadline:
                time.sleep(0.05)
            assert received(server) == RECORDS, server.log_text()
            with socket.create_connection(("127.0.0.1", server.port("syslog_tcp"))) as sender:
                sender.sendall(b"900 " + message(record(7)).partition(b" ")[2][:250] + message(record(8)))
            deadline = time.monotonic() + COUNTED_S_MAX
            while received(server) < RECORDS + 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            # Whoever counts characters has every record cut, and is told of the counts alone: 1,100 bytes are no limit of his.
            with socket.create_connection(("127.0.0.1", server.port("syslog_tcp"))) as sender:
                long = record(9).replace("someone", "\N{LATIN SMALL LETTER E WITH ACUTE}" * 300)
                sender.sendall(b"".join(message(long, characters) for _ in range(4)) + message(record(9)))
                sender.shutdown(socket.SHUT_WR)
                assert sender.recv(1) == b""        # all that was sent is read
            assert server.stop() == 0
            hints = [line for line in server.log + server.last_log if "change=" in line]
            assert len(hints) == 2 and all("octet count" in hint for hint in hints), hints     # one connection, one cause
        finally:
            server.stop_if_running()
        print(f"{RECORDS} records came in by syslog alone")


if __name__ == "__main__":
    main()
