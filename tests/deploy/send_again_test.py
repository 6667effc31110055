#!/usr/bin/env python3
"""deploy/aws/send-again, with the real aws command between an SQS and an S3 of this test and the real straykey. Skipped, by name, where aws or jq
is not installed."""
import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE)]
from eventbridge_test import envelope  # noqa: E402
from fake_aws import FakeAws  # noqa: E402
from forwarder_test import record  # noqa: E402
from installation import Installation, scratch_folder, write_secret  # noqa: E402
from metrics_text import read_metrics  # noqa: E402

SCRIPT = HERE.parents[1] / "deploy/aws/send-again"
QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/111122223333/dead"


def by_subscription(numbers):
    """What CloudWatch Logs hands to Firehose: records in gzip."""
    return gzip.compress(json.dumps({"messageType": "DATA_MESSAGE", "logGroup": "trail", "logEvents": [
        {"id": str(number), "timestamp": 0, "message": json.dumps(record(number))} for number in numbers]}).encode())


def backed_up(raw):
    return json.dumps({"attemptsMade": 5, "errorCode": "HttpEndpoint.DestinationException", "errorMessage": "says \"503\"",
                       "rawData": base64.b64encode(raw).decode(), "dataId": "1.0"})


class SendAgain(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(scratch_folder())
        self.aws = self.enterContext(FakeAws("unused"))
        self.installation = self.enterContext(Installation(folder / "server"))
        self.installation.server.start()
        # An aws that knows where this SQS is: not every version asks AWS_ENDPOINT_URL for it.
        (folder / "bin").mkdir()
        (folder / "bin/aws").write_text(f'#!/bin/sh\nexec "{shutil.which("aws")}" --endpoint-url "{self.aws.url}" "$@"\n')
        (folder / "bin/aws").chmod(0o755)
        self.path = f"{folder}/bin:{os.environ['PATH']}"
        self.wrong = write_secret(folder / "wrong", "wrong-token-0123456789-0123456789")

    def run_script(self, *arguments, token_file=None, **more):
        environment = {**os.environ, "PATH": self.path, "AWS_DEFAULT_REGION": "us-east-1",
                       "AWS_ACCESS_KEY_ID": "AKIA000000000EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none",
                       "CURL_CA_BUNDLE": str(self.installation.certificate), "STRAYKEY_TOKEN_FILE": str(token_file or self.installation.token_file),
                       "STRAYKEY_URL": f"https://localhost:{self.installation.server.port('ingest')}/v1/events", **more}
        return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)

    def received(self):
        with self.installation.admin() as admin:
            return read_metrics(admin.get("/metrics").body.decode()).get(("straykey_events_received_total", 'source="tests"'), 0)

    def test_dead_letters_go_when_straykey_has_them_and_not_before(self):
        self.aws.queue = {str(number): envelope(record(number)).decode() for number in range(23)}
        said = self.run_script("queue", QUEUE_URL, token_file=self.wrong)
        self.assertNotEqual(said.returncode, 0)
        self.assertEqual((len(self.aws.queue), self.received()), (23, 0))
        self.aws.received.clear()            # their time is over, and SQS hands them out again
        said = self.run_script("queue", QUEUE_URL)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual((len(self.aws.queue), self.received()), (0, 23), said.stdout)

    def test_a_backup_of_firehose_is_sent_whole(self):
        lines = [backed_up(by_subscription(range(at * 10, at * 10 + 10))) for at in range(250)]
        self.aws.objects = {"backup/http-endpoint-failed/2025/06/30/12/stream 1": "".join(line + "\n" for line in lines[:249]).encode(),
                            "backup/http-endpoint-failed/2025/06/30/13/stream-2": lines[249].encode()}
        said = self.run_script("backup", "s3://backup/")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(self.received(), 2_500, said.stdout)
        self.assertNotEqual(self.run_script("backup", "s3://backup/", token_file=self.wrong).returncode, 0)

    def test_wrong_usage_is_2_and_says_how(self):
        for arguments, more in ((("queue",), {}), (("other", "x"), {}), (("queue", QUEUE_URL), {"STRAYKEY_URL": ""})):
            said = self.run_script(*arguments, **more)
            self.assertEqual(said.returncode, 2)
            self.assertIn("send-again queue QUEUE_URL", said.stderr)


if __name__ == "__main__":
    for program in ("aws", "jq", "curl"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            sys.exit(77)
    unittest.main()
