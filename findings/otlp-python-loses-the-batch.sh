#!/usr/bin/env bash
# One whole number beyond 63 bits in one record makes OpenTelemetry's Python exporter drop the whole batch of log
# records.
#
# Guess:  a record that cannot be encoded is left out, or its number sent as a text or a double; the records beside it
#         are sent.
# Seen:   OTLP knows signed 64-bit numbers only. Python reads larger ones out of JSON as they are, and the exporter
#         gives up on the batch that holds one: of three records, of which the second names such a number, none is sent,
#         and one line of the log says that the batch could not be encoded, not which record or field. null, empty
#         objects and nested lists are sent well.
# Why:    a forwarder that reads a trail with json.loads() and emits the records through OpenTelemetry loses up to 512
#         records with one that holds, say, an unsigned 64-bit id in its requestParameters; the receiver sees no request
#         and no error at all. CloudTrail records are best emitted as their text.
# Peers:  opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http 1.45.2 (PyPI), Python 3.11; the receiver is a
#         small server of this script
# Seen on: 2026-11-30
# Run:    findings/otlp-python-loses-the-batch.sh     (python3; about half a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2

cat >session.py <<'PY'
import http.server, json, threading

from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

taken = []


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = ExportLogsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        taken.extend(r for resource in request.resource_logs for scope in resource.scope_logs for r in scope.log_records)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()


def export(*texts):
    taken.clear()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"http://127.0.0.1:{server.server_port}/v1/logs")))
    logger = provider.get_logger("trail")
    for text in texts:
        logger.emit(LogRecord(body=json.loads(text) if text.startswith("{") else text[1:]))
    provider.shutdown()
    return len(taken)


ordinary = '{"eventVersion":"1.08","eventName":"GetItem","requestParameters":{"id":9223372036854775807,"x":{}},"responseElements":null,"resources":[]}'
beyond = ordinary.replace("9223372036854775807", "9223372036854775808")
print("three ordinary records:", export(ordinary, ordinary, ordinary))
print("the second with one number more than 63 bits:", export(ordinary, beyond, ordinary))
print("the same as text:", export(" " + ordinary, " " + beyond, " " + ordinary))
PY
timeout 60 venv/bin/python session.py 2>session.log | tee seen
cat session.log
grep -c 'Failed to encode logs batch' session.log | sed 's/^/lines about it: /' | tee -a seen
cat >stated <<'TEXT'
three ordinary records: 3
the second with one number more than 63 bits: 0
the same as text: 3
lines about it: 1
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the exporter does with such a number is not what this finding states"
    exit 1
fi
echo "as stated: one number beyond 63 bits loses the whole batch"
