#!/usr/bin/env python3
"""The Lambda forwarder (deploy/aws/forwarder/index.js), run by this machine's Node with AWS's own SDK, between an S3 and a Secrets Manager of
this test and the real straykey. Skipped, by name, without Node, or where npm cannot bring the SDK.

forwarder_test.py FOLDER: where the SDK is installed once, and stays.
"""
import gzip
import http.server
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import unittest
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE)]
from fake_aws import FakeAws  # noqa: E402
from installation import TOKEN, Installation, scratch_folder, write_secret  # noqa: E402
from metrics_text import read_metrics  # noqa: E402
from straykey_process import BOUND_TO_PARENT  # noqa: E402

SKIPPED = 77
HANDLER = HERE.parents[1] / "deploy/aws/forwarder/index.js"
BUCKET = "example-trail"
PREFIX = "AWSLogs/111122223333/CloudTrail/eu-central-1/2025/06/30/"
SECOND_TOKEN = "second-ingest-token-of-the-tests-0123"
MIB = 1 << 20
SDK = None     # the folder with node_modules


def record(number, filling=""):
    return {"eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{number:012}", "eventTime": "2025-06-30T12:00:00Z",
            "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.10",
            "userAgent": "Boto3/1.42.97 \"quoted\" \\ ]},{[", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "ci", "accessKeyId": "AKIA000000000EXAMPLE"},
            "requestParameters": {"filling": filling} if filling else None}


def trail(records):
    return gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)


def noise(size):
    """Text that gzip makes no shorter than three quarters."""
    return "".join(random.Random(size).choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_", k=size))


def by_s3(*keys):
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                         "s3": {"bucket": {"name": BUCKET}, "object": {"key": urllib.parse.quote_plus(key, safe="/")}}} for key in keys]}


def by_eventbridge(key):
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}}


def by_cloudtrail(*keys):
    return {"s3Bucket": BUCKET, "s3ObjectKey": list(keys)}


def by_sns(message):
    return {"Type": "Notification", "Message": json.dumps(message)}


def queue_event(**messages):
    """name of the message -> its body."""
    return {"Records": [{"messageId": name, "body": body if isinstance(body, str) else json.dumps(body)} for name, body in messages.items()]}


class Forwarder:
    """One Lambda function: a process that is invoked again and again."""

    def __init__(self, installation, aws, **environment):
        url = f"https://localhost:{installation.server.port('ingest')}/v1/events"
        variables = {"PATH": os.environ["PATH"], "HOME": str(installation.folder), "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-central-1",
                     "AWS_ACCESS_KEY_ID": "AKIA000000000EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none", "STRAYKEY_URL": url,
                     "TOKEN_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:straykey",
                     "NODE_EXTRA_CA_CERTS": str(installation.certificate), **environment}
        self.process = subprocess.Popen([*BOUND_TO_PARENT, "node", HERE / "invoke.js", SDK / "index.js"], env=variables,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = []

    def start(self, remaining_ms=60_000, **messages):
        self.log = []
        self.process.stdin.write(json.dumps({"event": queue_event(**messages), "remaining_ms": remaining_ms}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        """-> names of the messages that failed."""
        for line in self.process.stdout:
            if line.startswith("ANSWER "):
                return [item["itemIdentifier"] for item in json.loads(line[len("ANSWER "):])["batchItemFailures"]]
            self.log.append(line.rstrip("\n"))
        raise AssertionError("the handler ended:\n" + "\n".join(self.log))

    def invoke(self, remaining_ms=60_000, **messages):
        self.start(remaining_ms, **messages)
        return self.answer()

    def said(self, message):
        lines = [json.loads(line) for line in self.log if line.startswith("{")]
        return [line for line in lines if line["message"] == message]

    def counts(self):
        return self.said("forwarded")[-1]

    def because(self, name):
        return next(line["because"] for line in self.said("message failed") if line["message_id"] == name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


class ForwarderTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(scratch_folder())
        self.aws = self.enterContext(FakeAws(TOKEN))
        self.folder = folder

    def straykey(self, more="", tokens=""):
        (self.folder / "server/conf.d").mkdir(parents=True)
        (self.folder / "server/conf.d/more.toml").write_text(more)
        installation = self.enterContext(Installation(self.folder / "server", more=tokens))
        installation.server.start()
        return installation

    def put(self, name, body):
        self.aws.objects[f"{BUCKET}/{PREFIX}{name}"] = body
        return PREFIX + name

    def metrics(self, installation):
        with installation.admin() as admin:
            return read_metrics(admin.get("/metrics").body.decode())

    def assert_stored(self, installation, events):
        """All of them, none twice."""
        metrics = self.metrics(installation)
        self.assertEqual(metrics["straykey_events_received_total", 'source="tests"'], events)
        self.assertEqual((metrics["straykey_events_processed_total", ""], metrics["straykey_events_duplicate_total", ""]), (events, 0))

    def test_all_records_of_objects_in_every_kind_of_notice_arrive_once_in_one_request(self):
        installation = self.straykey()
        keys = [self.put(f"{at}.json.gz", trail([record(at * 1000 + i) for i in range(400)])) for at in range(3)]
        keys.append(self.put("plain with a blank+plus ä.json", json.dumps({"Records": [record(9000)]}, indent=1).encode()))
        keys.append(self.put("one more.json.gz", trail([record(9001)])))
        with Forwarder(installation, self.aws) as forwarder:
            failed = forwarder.invoke(s3=by_s3(keys[0], keys[1]), sns=by_sns(by_s3(keys[3])), eventbridge=by_eventbridge(keys[2]),
                                      cloudtrail=by_sns(by_cloudtrail(keys[4])), test={"Event": "s3:TestEvent"},
                                      validation="CloudTrail validation message.", removed={"Records": [
                                          {"eventName": "ObjectRemoved:Delete", "s3": by_s3(keys[0])["Records"][0]["s3"]}]})
            self.assertEqual(failed, [], forwarder.log)
            counts = forwarder.counts()
        self.assertEqual((counts["objects"], counts["records"], counts["accepted"], counts["requests"], counts["rejected"]), (5, 1202, 1202, 1, 0))
        self.assert_stored(installation, 1202)

    def test_batches_stay_below_their_limit(self):
        installation = self.straykey()
        key = self.put("large.json.gz", trail([record(i, noise(1_000)) for i in range(600)]))
        with Forwarder(installation, self.aws, BATCH_BYTES_MAX="100000") as forwarder:
            self.assertEqual(forwarder.invoke(large=by_s3(key)), [], forwarder.log)
            self.assertGreater(forwarder.counts()["requests"], 6)
            too_long = self.put("long.json.gz", trail([record(700), record(701, noise(100_001))]))
            self.assertEqual(forwarder.invoke(long=by_s3(too_long)), ["long"])
            self.assertIn("longer than 100000 bytes", forwarder.because("long"))
        self.assert_stored(installation, 601)

    def test_what_is_no_trail_is_skipped_by_name_and_by_content(self):
        installation = self.straykey()
        named = ["AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2025/06/30/a.json.gz", "AWSLogs/o-example123/111122223333/Config/x.json.gz",
                 "p/AWSLogs/111122223333/vpcflowlogs/eu-central-1/x.log.gz", "AWSLogs/111122223333/", "AWSLogs/ConfigWritabilityCheckFile"]
        by_content = [self.put("digest.json.gz", gzip.compress(b'{"awsAccountId":"111122223333","digestStartTime":"x","logFiles":[{"Records":[1]}]}')),
                      self.put("config.json.gz", gzip.compress(b'{"fileVersion":"1.0","configSnapshotId":"x","configurationItems":[{}]}'))]
        with Forwarder(installation, self.aws) as forwarder:
            self.assertEqual(forwarder.invoke(named=by_s3(*named), content=by_s3(*by_content)), [], forwarder.log)
            self.assertEqual((forwarder.counts()["skipped"], forwarder.counts()["requests"]), (7, 0))
            self.assertEqual(len(forwarder.said("object skipped")), 7)
        self.assertEqual(sorted(self.aws.fetched), sorted(f"{BUCKET}/{key}" for key in by_content))

    def test_a_bad_object_fails_its_own_message_and_is_named(self):
        installation = self.straykey()
        good = trail([record(i) for i in range(50)])
        damaged = bytearray(trail([record(i, noise(5_000)) for i in range(20)]))
        damaged[len(damaged) // 2] ^= 0xff
        keys = {"good": self.put("good.json.gz", good), "damaged": self.put("damaged.json.gz", bytes(damaged)),
                "cut": self.put("cut.json.gz", good[:-20]), "cut_json": self.put("cut.json", b'{"Records":[{"eventVersion":"1.11"'),
                "other": self.put("other.json", b'{"hello":"world"}'), "empty": self.put("empty.json", b""), "absent": PREFIX + "absent.json.gz"}
        with Forwarder(installation, self.aws) as forwarder:
            failed = forwarder.invoke(unread="no notice", strange={"a": 1}, **{name: by_s3(key) for name, key in keys.items()})
            self.assertEqual(sorted(failed), sorted(["absent", "cut", "cut_json", "damaged", "empty", "other", "strange", "unread"]), forwarder.log)
            for name, words in (("cut", "unexpected end of file"), ("cut_json", "middle of its JSON"), ("other", "no file of CloudTrail"),
                                ("absent", "key does not exist"), ("unread", "no JSON"), ("strange", "no notice")):
                self.assertIn(words, forwarder.because(name))
            self.assertEqual({line["key"] for line in forwarder.said("message failed") if "key" in line}, set(keys.values()) - {keys["good"]})
        metrics = self.metrics(installation)
        self.assertEqual(metrics["straykey_events_rejected_total", 'reason="not_cloudtrail"'], 0)
        self.assertGreaterEqual(metrics["straykey_events_processed_total", ""], 50)

    def test_a_body_over_the_limit_is_split_and_a_record_over_it_fails_alone(self):
        installation = self.straykey('[ingest]\nbody_bytes_max = "32 KiB"\n')
        fits = self.put("fits.json.gz", trail([record(i, noise(1_000)) for i in range(100)]))
        over = self.put("over.json.gz", trail([record(100), record(101, noise(60_000)), record(102)]))
        with Forwarder(installation, self.aws) as forwarder:
            self.assertEqual(forwarder.invoke(over=by_s3(over), fits=by_s3(fits)), ["over"], forwarder.log)
            self.assertIn("413", forwarder.because("over"))
            self.assertIn("ingest.body_bytes_max", forwarder.because("over"))
            self.assertGreater(forwarder.counts()["splits"], 2)
            self.assertEqual(forwarder.counts()["accepted"], 102)
        self.assert_stored(installation, 102)

    def test_rejected_records_are_counted_and_fail_nothing(self):
        installation = self.straykey()
        key = self.put("odd.json.gz", trail([record(0), {"no": "record"}, 17]))
        with Forwarder(installation, self.aws) as forwarder:
            self.assertEqual(forwarder.invoke(odd=by_s3(key)), [])
            self.assertEqual((forwarder.counts()["accepted"], forwarder.counts()["rejected"]), (1, 2))

    def test_a_busy_server_is_asked_again(self):
        installation = self.straykey(f'[ingest]\nhttp = "127.0.0.1:0"\nbody_bytes_max = {2 * MIB}\nbytes_in_flight_max = {2 * MIB}\noverload_wait_ms = 100\n')
        key = self.put("one.json.gz", trail([record(i) for i in range(100)]))
        with Forwarder(installation, self.aws) as forwarder, Hog(self, installation) as hog:
            forwarder.start(one=by_s3(key))
            while self.metrics(installation).get(("straykey_http_requests_total", 'listener="ingest",code="503"'), 0) == 0:
                self.assertTrue(hog.dripping.is_alive(), "nothing was refused")
            hog.let_go()
            self.assertEqual(forwarder.answer(), [], forwarder.log)
            counts = forwarder.counts()
        self.assertGreaterEqual(counts["retries"], 1)
        self.assertEqual(counts["accepted"], 100)
        self.assert_stored(installation, 100)

    def test_retry_after_is_kept_to_in_seconds_and_as_a_date(self):
        installation = self.straykey()
        key = self.put("one.json.gz", trail([record(0)]))
        for answers, failed, requests in (([(503, "3600")], ["one"], 1), ([(429, "Thu, 31 Dec 2099 23:59:59 GMT")], ["one"], 1),
                                          ([(503, "0"), (429, "Mon, 30 Jun 2025 12:00:00 GMT"), (502, "0"), (200, None)], [], 4)):
            with Answers(answers) as server, Forwarder(installation, self.aws, STRAYKEY_URL=server.url) as forwarder:
                self.assertEqual(forwarder.invoke(one=by_s3(key)), failed, forwarder.log)
                self.assertEqual(forwarder.counts()["requests"], requests)

    def test_a_server_that_is_away_fails_all_messages_in_time(self):
        installation = self.straykey()
        keys = [self.put(f"{at}.json.gz", trail([record(at * 100 + i, noise(1_000)) for i in range(90)])) for at in range(3)]
        with Forwarder(installation, self.aws, BATCH_BYTES_MAX="100000") as forwarder:
            installation.server.stop()
            failed = forwarder.invoke(5_000, a=by_s3(keys[0]), b=by_s3(keys[1]), c=by_s3(keys[2]))
            self.assertEqual(sorted(failed), ["a", "b", "c"], forwarder.log)
            self.assertIn("did not take it in time: 0", forwarder.because("a"))

    def test_the_token_is_kept_and_fetched_anew_when_it_is_refused(self):
        second = write_secret(self.folder / "second", SECOND_TOKEN)
        installation = self.straykey(tokens=f'[[token]]\nname = "second"\nfile = "{second}"\nsource = "tests"\n')
        keys = [self.put(f"{at}.json.gz", trail([record(at)])) for at in range(4)]
        with Forwarder(installation, self.aws) as forwarder:
            self.aws.secret = json.dumps({"api_key": TOKEN})
            self.assertEqual([forwarder.invoke(one=by_s3(key)) for key in keys[:2]], [[], []], forwarder.log)
            self.assertEqual(self.aws.secrets_asked, 1)
            self.aws.secret = SECOND_TOKEN
            write_secret(self.folder / "server/token", "another-token-altogether-0123456789")
            installation.server.process.send_signal(1)
            installation.server.wait_said('msg="reloaded')
            self.assertEqual(forwarder.invoke(one=by_s3(keys[2])), [], forwarder.log)
            self.assertEqual((self.aws.secrets_asked, forwarder.counts()["requests"]), (2, 2))
            self.aws.secret = "unknown-token-0123456789-0123456789"
        with Forwarder(installation, self.aws) as forwarder:
            self.assertEqual(forwarder.invoke(one=by_s3(keys[3])), ["one"])
            self.assertIn("unknown_token", forwarder.because("one"))

    def test_records_are_cut_alike_wherever_pieces_end(self):
        subprocess.run(["node", HERE / "cut_everywhere.js", SDK / "index.js"], check=True, timeout=120)


class Answers(http.server.ThreadingHTTPServer):
    """In the place of straykey: gives one answer after the other, (status, Retry-After)."""

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), AnswersHandler)
        self.daemon_threads, self.answers = True, iter(answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/events"
        self.thread = threading.Thread(target=self.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class AnswersHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, retry_after = next(self.server.answers)
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(b'{"accepted":1,"rejected":0}')

    def log_message(self, *_):
        pass


class Hog:
    """Holds all the bytes that straykey has for bodies, until it is let go. One that stalls would lose them, so it drips."""
    LAST_BYTES, PIECE_BYTES, PAUSE_S = MIB // 4, 16 * 1024, 1.5

    def __init__(self, test, installation):
        self.test, self.installation = test, installation
        self.ended = threading.Event()

    def __enter__(self):
        self.stream = socket.create_connection(("127.0.0.1", self.installation.server.port("ingest_http")))
        self.stream.sendall(f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\n"
                            f"Content-Length: {2 * MIB}\r\n\r\n".encode())
        self.test.assertIn(b" 100 ", self.stream.recv(1024))
        self.stream.sendall(b" " * (2 * MIB - self.LAST_BYTES))
        self.dripping = threading.Thread(target=self.drip)
        while self.test.metrics(self.installation)["straykey_bytes_in_flight", ""] < 2 * MIB:
            pass
        self.dripping.start()
        return self

    def drip(self):
        for _ in range(self.LAST_BYTES // self.PIECE_BYTES - 1):
            if self.ended.wait(self.PAUSE_S):
                return
            self.stream.sendall(b" " * self.PIECE_BYTES)

    def let_go(self):
        self.ended.set()
        self.dripping.join()
        self.stream.close()

    def __exit__(self, *_):
        self.let_go()


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def install_sdk(folder):
    """The versions of package-lock.json, once; and the handler beside them, because it finds them from where it is."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        skip("node or npm is not installed")
    wanted = (HERE / "package-lock.json").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    if not done.exists() or done.read_text() != wanted:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        said = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
        if said.returncode != 0:
            skip(f"npm cannot bring AWS's SDK: {said.stderr.strip()[-300:]}")
        done.write_text(wanted)
    shutil.copy(HANDLER, folder / "index.js")
    return folder


if __name__ == "__main__":
    SDK = install_sdk(Path(sys.argv.pop(1)).resolve())
    unittest.main()
