"""A loopback endpoint that imitates, as far as a client's first call needs it, AWS's APIs and the places that hand out credentials.

It keeps the headers of every request, answers the few calls that the programs make, and knows nothing else: a call that it does not know gets an
empty answer, for what counts here is what the client said of itself, not what became of it.
"""
import http.server
import json
import threading
import urllib.parse

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "EXAMPLETOKEN"
ROLE = "arn:aws:iam::111122223333:role/example"
LATER = "2099-01-01T00:00:00Z"

XML_CREDENTIALS = (f"<Credentials><AccessKeyId>{KEY}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
                   f"<SessionToken>{TOKEN}</SessionToken><Expiration>{LATER}</Expiration></Credentials>"
                   "<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:one</AssumedRoleId>"
                   "<Arn>arn:aws:sts::111122223333:assumed-role/example/one</Arn></AssumedRoleUser>")
XML_CALLER = ("<Arn>arn:aws:sts::111122223333:assumed-role/example/one</Arn><UserId>AROAEXAMPLE:one</UserId>"
              "<Account>111122223333</Account>")
XML_BUCKETS = ('<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner>'
               "<Buckets><Bucket><Name>example</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>"
               "</ListAllMyBucketsResult>")
XML_OBJECTS = ('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>example</Name><Prefix></Prefix><KeyCount>0</KeyCount>'
               "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>")
XML_LOCATION = '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">us-east-1</LocationConstraint>'


def xml_answer(action, inner):
    return f'<{action}Response xmlns="https://example.com/doc/"><{action}Result>{inner}</{action}Result></{action}Response>'


def json_credentials(session_token_name):
    return {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": KEY, "SecretAccessKey": SECRET,
            session_token_name: TOKEN, "Expiration": LATER, "RoleArn": ROLE}


def credentials_place(method, path):
    """The answer of a place that hands out credentials, as (content type, text); nothing if the path is none of theirs."""
    if path == "/latest/api/token" and method == "PUT":
        return "text/plain", "EXAMPLE-METADATA-TOKEN"
    if path.rstrip("/") in ("/latest/meta-data/iam/security-credentials", "/latest/meta-data/iam/security-credentials-extended"):
        return "text/plain", "example"
    if path.startswith("/latest/meta-data/iam/security-credentials"):
        return "application/json", json.dumps(json_credentials("Token"))
    if path == "/latest/dynamic/instance-identity/document":
        return "application/json", json.dumps({"region": "us-east-1", "accountId": "111122223333"})
    if path.startswith("/latest/"):
        return "text/plain", "us-east-1a" if "availability-zone" in path else "us-east-1"
    if path == "/container-credentials":
        return "application/json", json.dumps(json_credentials("Token"))
    if path == "/federation/credentials":
        return "application/json", json.dumps({"roleCredentials": {"accessKeyId": KEY, "secretAccessKey": SECRET, "sessionToken": TOKEN,
                                                                   "expiration": 4070908800000}})
    return None


def api_answer(path, query, headers, body):
    action = urllib.parse.parse_qs(body if "=" in body and not body.startswith(("{", "<")) else query).get("Action", [""])[0]
    if action in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        return "text/xml", xml_answer(action, XML_CREDENTIALS)
    if action == "GetCallerIdentity":
        return "text/xml", xml_answer(action, XML_CALLER)
    if action:
        return "text/xml", xml_answer(action, "")
    if headers.get("X-Amz-Target") or (headers.get("Content-Type") or "").startswith(("application/json", "application/x-amz-json")):
        return "application/json", "{}"
    if "location" in urllib.parse.parse_qs(query, keep_blank_values=True):
        return "application/xml", XML_LOCATION
    return "application/xml", XML_BUCKETS if path == "/" else XML_OBJECTS


class Endpoint:
    """Listens on a port of its own from creation to close(). `requests` is a list of (method, path, headers)."""

    def __init__(self):
        self.requests = []
        requests, lock = self.requests, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
                url = urllib.parse.urlsplit(self.path)
                with lock:
                    requests.append((self.command, self.path, self.headers))
                kind, text = credentials_place(self.command, url.path) or api_answer(url.path, url.query, self.headers, body)
                content = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000")
                self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
                self.send_header("x-amz-bucket-region", "us-east-1")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self):
        """The requests since the last call."""
        taken = list(self.requests)
        del self.requests[:len(taken)]
        return taken

    def close(self):
        self.server.shutdown()
        self.server.server_close()
