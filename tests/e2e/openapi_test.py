#!/usr/bin/env python3
"""net/openapi.json says what a real server answers: every address is asked, and every reply is checked against its schema."""
import json
import re
import tempfile
import unittest
from pathlib import Path

import json_schema
from installation import READ_TOKEN, Installation, Trail, write_secret
from webhook_sink import WebhookSink

ROOT = Path(__file__).resolve().parents[2]
ALERTS_S_MAX = 60
UNKNOWN_ID = "0" * 32
METHODS = {"get", "post"}


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        cls.addClassCleanup(scratch.cleanup)
        cls.trail = Trail(Path(scratch.name) / "sample")
        cls.sink = WebhookSink()
        cls.addClassCleanup(cls.sink.close)
        cls.installation = Installation(Path(scratch.name) / "server", cls.trail, cls.sink)
        reader = write_secret(cls.installation.folder / "read-token", READ_TOKEN)
        cls.installation.more = f'[[token]]\nname = "reader"\nfile = "{reader}"\nscope = "read"\n'
        cls.installation.write_configuration()
        cls.server = cls.installation.server
        cls.addClassCleanup(cls.server.stop_if_running)
        cls.server.start()
        with cls.installation.sender() as sender:
            for path in cls.trail.files:
                assert sender.post_file(path).status == 200
            for _ in range(2):
                assert sender.post(b'{"Records":[{"broken":true}]}').status == 200
        cls.sink.wait_for(len(cls.trail.labels), 0, ALERTS_S_MAX)
        with cls.installation.admin() as admin:
            cls.document = admin.get("/api/v1/openapi.json").json()
            assert admin.request("POST", "/api/v1/webhook/resume", json.dumps({"name": "sink"})).status == 200     # a row of the audit
            found = admin.get("/api/v1/alerts/search?limit=1&severity=high").json()["items"][0]
            after = admin.get("/api/v1/alerts/events").body.decode()
        cls.alert, cls.identity, cls.account, cls.campaign = found["id"], found["identity"], found["account"], found["campaign"]["id"]
        cls.event = re.search(r"^id: (\S+)$", after, re.M).group(1)

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method, operation

    def examples(self, path):
        """Requests of an address that are answered with 200: a query, or the arguments of a POST."""
        known = {"id": self.alert, "identity": self.identity, "account": self.account, "number": "1", "format": "csv", "after": self.event}
        return {
            "/api/v1/alerts/search": ["", "severity=high,low&status=open", f"identity={self.identity}&limit=1", f"campaign={self.campaign}",
                                      "text=ORDERS&from=2025-06-01&to=2025-06-30T00:00:00Z", "asn=AS64496&platform=linux"],
            "/api/v1/alerts/counts": ["", "severity=high", "text=no such thing".replace(" ", "%20")],
            "/api/v1/alerts/export": ["format=csv", "format=ndjson&severity=high&limit=3"],
            "/api/v1/alerts/events": ["after=1-1"],
            "/api/v1/alerts/ack": [{"id": self.alert, "note": "ours", "until": "2025-12-31", "network": "all"}],
            "/api/v1/alerts/false-positive": [{"campaign": self.campaign}],
            "/api/v1/alerts/close": [{"id": self.alert}],
            "/api/v1/alerts/reopen": [{"id": self.alert, "note": "not ours"}],
            "/api/v1/baseline/forget": [{"identity": self.identity, "network": "AS64496"}],
            "/api/v1/alerts/redeliver": [{"id": self.alert, "endpoint": "sink"}],
            **{f"/api/v1/webhook/{verb}": [{"name": "sink"}] for verb in ("pause", "resume", "test")},
            "/api/v1/rejects/drop": [{"number": "2"}],
            "/api/v1/rejects/list": ["", "reason=not_cloudtrail"],
        }.get(path, ["&".join(f"{name}={known[name]}" for name in self.required(path))])

    def required(self, path):
        parameters = self.document["paths"][path].get("get", {}).get("parameters", [])
        resolved = [json_schema.resolve(self.document, one) for one in parameters]
        return [one["name"] for one in resolved if one["required"]]

    def check(self, path, operation, reply):
        answers = operation["responses"]
        self.assertIn(str(reply.status), answers, f"{path}: {reply.body[:300]}")
        answer = json_schema.resolve(self.document, answers[str(reply.status)])
        kind = reply.headers["content-type"].split(";")[0]
        self.assertIn(kind, answer["content"], path)
        value = json.loads(reply.body) if kind == "application/json" else reply.body.decode()
        self.assertEqual(list(json_schema.findings(self.document, answer["content"][kind]["schema"], value)), [], path)
        return value

    def test_1_the_document_is_whole(self):
        self.assertEqual(self.document, json.loads((ROOT / "net" / "openapi.json").read_text()))
        self.assertEqual(self.document["openapi"], "3.1.0")
        for path, method, operation in self.operations():
            self.assertIn(method, METHODS)
            self.assertTrue(operation["summary"] and operation["responses"], path)
            for answer in operation["responses"].values():
                self.assertTrue(json_schema.resolve(self.document, answer)["description"])
        text = json.dumps(self.document)
        for place in set(re.findall(r'"\$ref": "#/components/(\w+)/(\w+)"', text)):
            self.assertIn(place[1], self.document["components"][place[0]])
        for kind, named in self.document["components"].items():
            for name in named if kind in ("schemas", "parameters", "responses") else ():
                self.assertIn(f'"#/components/{kind}/{name}"', text, f"{name} is used by nobody")

    def test_2_another_reader_takes_it(self):
        try:
            import openapi_spec_validator
        except ImportError:
            self.skipTest("openapi-spec-validator is missing")
        openapi_spec_validator.validate(self.document)

    def test_3_it_has_the_addresses_that_the_words_have(self):
        words = (ROOT / "net" / "API.md").read_text()
        said = {(method.lower(), path) for method, path in re.findall(r"^\| `(GET|POST) (/api/v1/[\w/-]+)` \|", words, re.M)}
        described = {(method, path) for path, method, _ in self.operations() if path.startswith("/api/v1/")}
        self.assertEqual(described - {("get", "/api/v1/openapi.json")}, said)

    def test_4_every_address_that_reads_answers_as_it_is_described(self):
        with self.installation.admin() as admin:
            for path, method, operation in self.operations():
                if method != "get":
                    continue
                for query in self.examples(path):
                    reply = admin.get(path + (f"?{query}" if query else ""))
                    self.assertEqual(reply.status, 200, f"{path}: {reply.body[:300]}")
                    value = self.check(path, operation, reply)
                    if isinstance(value, dict) and path not in ("/api/v1/alerts/deliveries", "/api/v1/openapi.json", "/readyz") and "no%20such" not in query:
                        self.assertTrue(value["items"], f"{path} {query}: an answer without items checks little")

    def test_5_every_address_that_changes_answers_as_it_is_described(self):
        with self.installation.admin() as admin:
            for path, method, operation in self.operations():
                if method != "post" or path.startswith("/api/v1/session"):
                    continue
                for body in self.examples(path):
                    self.assertLessEqual(set(body), set(operation["requestBody"]["content"]["application/json"]["schema"]["properties"]))
                    # What an order of these has answered already is refused, as it is described.
                    reply = admin.request("POST", path, json.dumps(body))
                    self.assertIn(reply.status, (200, 404, 409), f"{path}: {reply.body[:300]}")
                    self.check(path, operation, reply)

    def test_6_sessions_answer_as_they_are_described(self):
        paths = self.document["paths"]
        with self.installation.admin() as admin:
            opened = admin.request("POST", "/api/v1/session", "")
            csrf = self.check("/api/v1/session", paths["/api/v1/session"]["post"], opened)["items"][0]["csrf"]
        with self.installation.admin(token=None) as nobody:
            cookie = {"Cookie": opened.headers["set-cookie"].split(";")[0]}
            self.check("/api/v1/session", paths["/api/v1/session"]["get"], nobody.request("GET", "/api/v1/session", None, cookie))
            end = paths["/api/v1/session/end"]["post"]
            self.assertEqual(nobody.request("POST", "/api/v1/session/end", "", cookie).status, 403)
            self.check("/api/v1/session/end", end, nobody.request("POST", "/api/v1/session/end", "", {**cookie, "X-Csrf-Token": csrf}))
            self.assertEqual(nobody.request("GET", "/api/v1/session", None, cookie).status, 401)

    def test_7_refusals_are_described_too(self):
        with self.installation.admin() as admin, self.installation.admin(token=None) as nobody, self.installation.admin(READ_TOKEN) as reader:
            for path, method, operation in self.operations():
                if not operation["security"] or {"session": []} not in operation["security"]:
                    continue
                ask = method.upper(), path, "{}" if method == "post" else None
                self.assertEqual(nobody.request(*ask).status, 401, path)
                self.check(path, operation, nobody.request(*ask))
                if method == "post" and not path.startswith("/api/v1/session"):
                    self.assertEqual(reader.request(*ask).status, 403, path)
                    self.check(path, operation, reader.request(*ask))
                if "400" in operation["responses"]:
                    wrong = ("POST", path, '{"nothing":"1"}') if method == "post" else ("GET", path + "?nothing=1", None)
                    self.assertEqual(admin.request(*wrong).status, 400, path)
                    self.check(path, operation, admin.request(*wrong))
            for path in ("/api/v1/alerts/show", "/api/v1/alerts/investigate"):
                self.assertEqual(admin.get(f"{path}?id={UNKNOWN_ID}").status, 404)
                self.check(path, self.document["paths"][path]["get"], admin.get(f"{path}?id={UNKNOWN_ID}"))


if __name__ == "__main__":
    unittest.main()
