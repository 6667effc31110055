#!/usr/bin/env bash
# splunk_handler sends a batch again after 503, but throws it away after 429, and makes of a record that is a dictionary no JSON.
#
# Guess:  a HEC client tries again after each "busy" answer, 429 like 503, and sends a dictionary as JSON, as the log handlers beside it do.
# Seen:   after 503 the same batch comes again at once. After 429, with Retry-After, it never comes again: the error is written to standard
#         error and the next batch is sent as if nothing were. A record handed over as a dictionary is sent as Python prints it, with
#         single quotes, False and None, inside an event of status 200; as a JSON text it arrives as JSON.
# Why:    a receiver that limits each token by 429 loses whole batches of this client for good: to HEC, "busy" must be said by 503 alone.
#         And a Lambda that logs records with it as they come from json.loads() sends thousands of events that no reader of
#         CloudTrail can take, while Splunk's search shows text that looks right.
# Peers:  splunk-handler 3.0.0 (PyPI), Python 3.11; the receiver is a small server of this script
# Seen on: 2026-11-30
# Run:    findings/splunk-handler-drops-429.sh     (python3; about half a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install splunk-handler==3.0.0 requests==2.32.3 urllib3==2.2.3

cat >session.py <<'PY'
import http.server, json, logging, sys, threading, time

from splunk_handler import SplunkHandler

busy_status = int(sys.argv[1])
posts = []


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = busy_status if not posts else 200
        posts.append((status, json.loads(body)["event"]))
        answer = b'{"text":"Success","code":0}' if status == 200 else b'{"text":"Server is busy","code":9}'
        self.send_response(status)
        if status != 200:
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
logger.info(json.dumps(record | {"eventID": "one"}))
time.sleep(5)
logger.info(record | {"eventID": "two"})
time.sleep(5)


def form(event):
    try:
        json.loads(event)
        return "JSON"
    except ValueError:
        return "no-JSON"


for status, event in posts:
    print("busy with", busy_status, "->", status, "one" if "one" in event else "two", form(event))
PY
timeout 60 venv/bin/python session.py 503 2>>errors | tee seen
timeout 60 venv/bin/python session.py 429 2>>errors | tee -a seen
grep -m1 '^requests.exceptions.HTTPError: 429' errors | sed 's/ for url.*//' | tee -a seen
cat >stated <<'TEXT'
busy with 503 -> 503 one JSON
busy with 503 -> 200 one JSON
busy with 503 -> 200 two no-JSON
busy with 429 -> 429 one JSON
busy with 429 -> 200 two no-JSON
requests.exceptions.HTTPError: 429 Client Error: Too Many Requests
TEXT
if ! diff stated seen; then
    echo "CHANGED: how the handler answers a busy receiver, or what it makes of a dictionary, is not what this finding states"
    exit 1
fi
echo "as stated: 503 is tried again, 429 loses the batch, and a dictionary is sent as Python prints it"
