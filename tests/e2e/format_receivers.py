"""Receivers of every format on loopback, each as strict as the product that it stands for: what that would refuse is refused here, and noted."""
import json
import re
import shlex
import socket
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from webhook_sink import SECRET, signature

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
HEC_TOKEN = "01234567-89ab-cdef-0123-456789abcdef"
API_KEY = "an-api-key-of-the-tests"
# format -> further lines of its [[webhook]]; the secret's file is named by its format
FORMATS = {
    "standard_webhooks": 'secret = { file = "%s/secret-whsec" }',
    "ocsf": 'secret = { file = "%s/secret-whsec" }',
    "ecs": 'sign = false\nauthorization_scheme = "ApiKey"\nauthorization = { file = "%s/secret-api-key" }',
    "slack": "",
    "pagerduty": 'secret = { file = "%s/secret-routing-key" }',
    "teams": "",
    "alertmanager": "sign = false",
    "alertmanager_api": "",
    "splunk_hec": 'secret = { file = "%s/secret-hec-token" }',
    "syslog": "",
}
SECRETS = {"whsec": SECRET, "api-key": API_KEY, "routing-key": ROUTING_KEY, "hec-token": HEC_TOKEN}
UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def need(condition, why):
    if not condition:
        raise ValueError(why)


def check_standard(body, headers):
    need(headers["webhook-signature"] == signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body),
         "wrong signature")
    message = json.loads(body)
    need(set(message) == {"type", "timestamp", "data"}, "not the members of Standard Webhooks")
    if message["type"] == "alert.created":
        check_respond(message["data"]["respond"])
    return 204, b""


def check_respond(respond):
    """Each command is one line of plain words, and each policy one that IAM takes."""
    policy = respond["revoke_policy"]
    need(set(policy) == {"Version", "Statement"} and policy["Version"] == "2012-10-17", "no IAM policy")
    [statement] = policy["Statement"]
    need((statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*"), "not a denial")
    [[operator, condition]] = statement["Condition"].items()
    need(operator == "DateLessThanEquals" and list(condition) == ["aws:TokenIssueTime"], "another condition")
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", condition["aws:TokenIssueTime"]), "no time")
    need(re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"]), "no Sid")
    for revoke in respond["revoke"]:
        words = shlex.split(revoke["command"])
        need(words[:3] == ["aws", "iam", "put-role-policy"] and len(words) == 6, f"not one command: {words}")
        options = dict(word.split("=", 1) for word in words[3:])
        need(options["--role-name"] == revoke["role"] and json.loads(options["--policy-document"]) == policy, "another role")
    words = shlex.split(respond["cloudtrail_command"])
    need(words[:3] == ["aws", "cloudtrail", "lookup-events"], f"not a look-up: {words}")
    need(shlex.split(respond["acknowledge_command"])[:3] == ["straykey", "alerts", "ack"], "no acknowledgement")


def check_ocsf(body, headers):
    need(headers["webhook-signature"] == signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body),
         "wrong signature")
    event = json.loads(body)
    need((event["category_uid"], event["class_uid"], event["type_uid"]) == (2, 2004, 200400 + event["activity_id"])
         and event["activity_id"] in (1, 3), "not a Detection Finding")
    need(event["metadata"]["version"] == "1.3.0" and event["metadata"]["product"]["vendor_name"], "metadata")
    need(event["severity_id"] in (1, 2, 3, 4) and isinstance(event["time"], int), "severity or time")
    need(event["finding_info"]["uid"] and event["finding_info"]["title"] and event["cloud"]["provider"], "finding_info")
    return 200, b""


def check_ecs(body, headers):
    need(headers["Authorization"] == "ApiKey " + API_KEY, "wrong key")
    event = json.loads(body)
    need(event["ecs"]["version"] and event["@timestamp"].endswith("Z"), "ecs.version or @timestamp")
    need(event["event"]["kind"] in ("alert", "event") and event["event"]["severity"] in (21, 47, 73, 99), "event")
    if "ip" in event.get("source", {}):
        need(socket.inet_pton(socket.AF_INET6 if ":" in event["source"]["ip"] else socket.AF_INET, event["source"]["ip"]), "ip")
    return 201, b'{"result":"created"}'


def check_slack(body, _):
    message = json.loads(body)
    need(message["text"] and 0 < len(message["blocks"]) <= 50, "blocks")
    characters = 0
    for block in message["blocks"]:
        limit = {"header": 150, "section": 3000, "context": 3000}.get(block["type"], 3000)
        texts = [block["text"]] if "text" in block else []
        texts += block.get("fields", []) + (block["elements"] if block["type"] == "context" else [])
        for text in texts:
            need(text["type"] in ("plain_text", "mrkdwn") and 0 < len(text["text"]) <= limit, f"text of {block['type']}")
            need(text["type"] == "plain_text" or text["text"].startswith("<https://straykey.example.com/"), "markup")
            characters += len(text["text"])
        if block["type"] == "rich_text":
            characters += sum(len(run["text"]) for part in block["elements"] for run in part["elements"])
    need(characters <= 13000, f"{characters} characters")
    return 200, b"ok"


def check_pagerduty(body, _):
    event = json.loads(body)
    need(event["routing_key"] == ROUTING_KEY, "Invalid routing key")
    need(event["event_action"] in ("trigger", "resolve") and 0 < len(event["dedup_key"]) <= 255, "event_action or dedup_key")
    payload = event["payload"]
    need(0 < len(payload["summary"]) <= 1024 and payload["source"], "summary or source")
    need(payload["severity"] in ("info", "warning", "error", "critical"), "severity")
    need(all({"href"} <= set(link) <= {"href", "text"} for link in event.get("links", [])), "links")
    return 202, b'{"status":"success"}'


def check_teams(body, _):
    need(len(body) <= 28 * 1024, "too long")
    [attachment] = json.loads(body)["attachments"]
    need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "contentType")
    card = attachment["content"]
    need(card["type"] == "AdaptiveCard" and card["version"] == "1.4" and card["body"], "card")
    return 202, b""


def check_alertmanager(body, _):
    message = json.loads(body)
    need(message["version"] == "4" and message["status"] in ("firing", "resolved") and len(message["alerts"]) == 1, "webhook")
    return 200, b""


def check_alertmanager_api(body, _):
    [alert] = json.loads(body)
    need(alert["labels"] and all(alert["labels"].values()), "labels")
    need(all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) for name in [*alert["labels"], *alert["annotations"]]), "names")
    return 200, b""


def check_splunk_hec(body, headers):
    need(headers["Authorization"] == "Splunk " + HEC_TOKEN, "Invalid token")
    event = json.loads(body)
    need(set(event) <= {"time", "host", "source", "sourcetype", "index", "fields", "event"} and event["event"], "event")
    return 200, b'{"text":"Success","code":0}'


SYSLOG = re.compile(r"<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ \S+ \S+ \S+ - (CEF:0\|.*)", re.DOTALL)


def check_syslog(message):
    """-> the alert's id."""
    line = message.decode()
    need("\n" not in line, "more than a line")
    found = SYSLOG.fullmatch(line)
    need(found and int(found.group(1)) <= 191, "not RFC 5424")
    fields = re.split(r"(?<!\\)\|", found.group(2))
    need(len(fields) >= 8 and 0 <= int(fields[6]) <= 10, "not CEF")
    return re.search(r"(?:^| )externalId=([0-9a-f]{32})(?: |$)", fields[7]).group(1)


CHECKS = {name: globals()["check_" + name.replace("standard_webhooks", "standard")] for name in FORMATS if name != "syslog"}


class FormatReceivers:
    """While `refuses`, every eighth message is refused once by each HTTP receiver, as by a product that has too much to do."""

    def __init__(self):
        self.life = 0
        self.refuses = False
        self.taken = defaultdict(lambda: defaultdict(list))    # format -> id -> lives in which it was taken
        self.bodies = defaultdict(lambda: defaultdict(set))    # format -> id -> bodies, of refused attempts too
        self.faults = []
        self._changed = threading.Condition()
        self._in_hand = 0                                      # connections that are read
        self._known = set()
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                status, said = receivers.take(self.path.strip("/"), self.headers, body)
                self.send_response(status)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        class Endpoint(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):      # a killed server leaves half a request
                pass

            def process_request(self, *connection):
                receivers._count(1)
                super().process_request(*connection)

            def process_request_thread(self, *connection):
                try:
                    super().process_request_thread(*connection)
                finally:
                    receivers._count(-1)

        self._http = Endpoint(("127.0.0.1", 0), Handler)
        self._syslog = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        threading.Thread(target=self._serve_syslog, daemon=True).start()

    def _count(self, change):
        with self._changed:
            self._in_hand += change
            self._changed.notify_all()

    def next_life(self):
        """The server was killed: what it had sent is taken first. A connection made now is accepted behind its own."""
        for address in (self._http.server_address, self._syslog.getsockname()):
            with socket.create_connection(address) as last:
                last.shutdown(socket.SHUT_WR)
                while last.recv(4096):
                    pass
        with self._changed:
            assert self._changed.wait_for(lambda: self._in_hand == 0, 60), "a connection of a killed server does not end"
        self.life += 1

    def url(self, name):
        if name == "syslog":
            return f"tcp://127.0.0.1:{self._syslog.getsockname()[1]}"
        return f"http://127.0.0.1:{self._http.server_address[1]}/{name}"

    def configuration(self, folder):
        """The [[webhook]] tables of one endpoint of every format."""
        return "".join(f"""[[webhook]]
name = "{name}"
format = "{name}"
url = "{self.url(name)}"
allow_http = true
allow_cidrs = ["127.0.0.1/32"]
campaign_alerts = "all"
rate_per_s = 1000
{lines % folder if "%" in lines else lines}
""" for name, lines in FORMATS.items())

    def take(self, name, headers, body):
        message_id = headers.get("webhook-id", "").removeprefix("msg_")
        first = (name, message_id) not in self._known
        self._known.add((name, message_id))
        try:
            need(headers["content-type"] == "application/json", "content-type")
            need(not UNSHOWN.search(body.decode()), "a character that hides or turns text")
            status, said = CHECKS[name](body, headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.faults.append(f"{name}: {message_id}: {type(error).__name__} {error}")
            return 400, b"refused"
        with self._changed:
            self.bodies[name][message_id].add(body)
            if self.refuses and first and int(message_id[:2], 16) % 8 == 0:
                return 503, b"later"
            self.taken[name][message_id].append(self.life)
            self._changed.notify_all()
        return status, said

    def _serve_syslog(self):
        while True:
            try:
                connection, _ = self._syslog.accept()
            except OSError:
                return
            self._count(1)
            threading.Thread(target=self._read_syslog, args=(connection,), daemon=True).start()

    def _read_syslog(self, connection):
        try:
            self._take_syslog(connection)
        finally:
            self._count(-1)

    def _take_syslog(self, connection):
        data = b""
        try:
            while part := connection.recv(65536):
                data += part
        except OSError:
            return
        finally:
            connection.close()
        while data:
            size, _, data = data.partition(b" ")
            message, data = data[:int(size)], data[int(size):]
            if len(message) < int(size):
                return      # a killed server wrote half of it
            try:
                message_id = check_syslog(message)
            except (ValueError, AttributeError) as error:
                self.faults.append(f"syslog: {error}: {message!r}")
                return
            with self._changed:
                self.bodies["syslog"][message_id].add(message)
                self.taken["syslog"][message_id].append(self.life)
                self._changed.notify_all()

    def wait_for(self, ids, timeout_s):
        """Until every receiver has taken every one of them. -> what is missing: format -> ids"""
        def missing():
            return {name: left for name in FORMATS if (left := set(ids) - set(self.taken[name]))}
        with self._changed:
            self._changed.wait_for(lambda: not missing(), timeout_s)
            return missing()

    def wait_taken(self, name, message_id, times, timeout_s):
        """Until the receiver has taken the message so often. -> how often it has"""
        with self._changed:
            self._changed.wait_for(lambda: len(self.taken[name][message_id]) >= times, timeout_s)
            return len(self.taken[name][message_id])

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._syslog.close()
