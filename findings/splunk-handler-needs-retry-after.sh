#!/usr/bin/env bash
# splunk_handler throws a batch away after a 429 without Retry-After, and makes of a record that is a dictionary no
# JSON.
#
# Guess:  a HEC client tries again after each "busy" answer, 429 like 503, and sends a dictionary as JSON, as the log
#         handlers beside it do.
# Seen:   after 503 the same batch comes again, with Retry-After or without. After 429 it comes again only when the
#         answer has Retry-After; otherwise the error is printed and the next batch is sent as if nothing were. A record
#         handed over as a dictionary is sent as Python prints it, with single quotes, True and None; as a JSON text it
#         arrives as JSON.
# Why:    a receiver, or a proxy before it, that limits each token by a plain 429 loses whole batches of this client for
#         good. And a Lambda that logs records with it as they come from json.loads() sends thousands of events that no
#         reader of CloudTrail can take, each answered with success, while Splunk's search shows text that looks right.
# Peers:  splunk-handler 3.0.0 (PyPI), Python 3.11; the receiver is a small server of this script
# Seen on: 2026-11-30
# Run:    findings/splunk-handler-needs-retry-after.sh     (python3; about half a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install splunk-handler==3.0.0 requests==2.32.3 urllib3==2.2.3

cat >session.py <<'PY'
import http.server, json, logging, sys, threading, time

from splunk_handler import SplunkHandler

busy_status, has_retry_after = int(sys.argv[1]), sys.argv[2] == "with"
posts = []


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = busy_status if not posts else 200
        posts.append((status, json.loads(body)["event"]))
        answer = b'{"text":"Success","code":0}' if status == 200 else b'{"text":"Server is busy","code":9}'
        self.send_response(status)
        if status != 200 and has_retry_after:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
handler = SplunkHandler(
    host="127.0.0.1", port=server.server_port, token="example", index="main", protocol="http", verify=False, flush_interval=1
)
logger = logging.getLogger("trail")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(handler)
record = {"eventVersion": "1.08", "eventName": "GetCallerIdentity", "readOnly": True, "responseElements": None}
logger.info(json.dumps(record | {"eventID": "first-id"}))
time.sleep(5)
logger.info(record | {"eventID": "second-id"})
time.sleep(5)


def form(event):
    try:
        json.loads(event)
        return "JSON"
    except ValueError:
        return "no-JSON"


for status, event in posts:
    print(*sys.argv[1:], "Retry-After ->", status, "first" if "first-id" in event else "second", form(event))
PY
for answer in "503 without" "429 with" "429 without"; do
    timeout 60 venv/bin/python session.py $answer >log 2>&1
    grep -e '->' -e '^requests.exceptions.HTTPError' log | sed 's/ for url.*//'
done | tee seen
cat >stated <<'TEXT'
503 without Retry-After -> 503 first JSON
503 without Retry-After -> 200 first JSON
503 without Retry-After -> 200 second no-JSON
429 with Retry-After -> 429 first JSON
429 with Retry-After -> 200 first JSON
429 with Retry-After -> 200 second no-JSON
requests.exceptions.HTTPError: 429 Client Error: Too Many Requests
429 without Retry-After -> 429 first JSON
429 without Retry-After -> 200 second no-JSON
TEXT
if ! diff stated seen; then
    echo "CHANGED: how the handler answers a busy receiver, or what it makes of a dictionary, is not what this finding states"
    exit 1
fi
echo "as stated: a 429 without Retry-After loses the batch, and a dictionary is sent as Python prints it"
