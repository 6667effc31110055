#!/usr/bin/env python3
"""Makes the small store of tests/storage/stores: a server takes a few records, and the store is backed up.

usage: STRAYKEY=build/dev/tools/straykey tests/storage/make_format_store.py TO

Run once for each format and kept: a store that an old program wrote cannot be made again by a new one. Every table has
rows. The names and addresses are reserved for documentation.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from installation import Installation, scratch_folder  # noqa: E402
from straykey_process import run_command  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"


def record(number, day, address, key="ASIAQQQQQQQQQQQQQQQQ", scope=True, agent="Boto3/1.34.0 md/Botocore#1.34.0"):
    session = {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT, "userName": "orders",
                                 "principalId": "AROAQQQQQQQQQQQQQQQQQ"}}
    identity = {"type": "AssumedRole", "principalId": "AROAQQQQQQQQQQQQQQQQQ:orders-fn",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/orders-fn", "accountId": ACCOUNT,
                "accessKeyId": key, "sessionContext": session}
    if scope:
        identity["inScopeOf"] = {"issuerType": "AWS::Lambda::Function",
                                 "credentialsIssuedTo": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders-fn"}
    return {"eventVersion": "1.11", "eventTime": f"2025-06-{day:02}T09:00:{number % 60:02}Z",
            "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "us-east-1",
            "sourceIPAddress": address, "userAgent": agent, "userIdentity": identity,
            "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT, "readOnly": True, "managementEvent": True}


def issuing(number, day):
    return {"eventVersion": "1.11", "eventTime": f"2025-06-{day:02}T08:00:00Z", "eventSource": "sts.amazonaws.com",
            "eventName": "AssumeRole", "awsRegion": "us-east-1", "sourceIPAddress": "lambda.amazonaws.com",
            "userAgent": "lambda.amazonaws.com", "userIdentity": {"type": "AWSService",
                                                                  "invokedBy": "lambda.amazonaws.com"},
            "requestParameters": {"roleArn": ROLE, "roleSessionName": "orders-fn"},
            "responseElements": {"credentials": {"accessKeyId": "ASIAZZZZZZZZZZZZZZZZ"}},
            "eventID": f"00000000-0000-4000-8000-{number:012}", "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT, "readOnly": True, "managementEvent": True}


def trail():
    number = 0
    for day in range(1, 13):
        number += 1
        yield [issuing(100 + day, day), record(number, day, "192.0.2.10")]
    # Not known yet whose key it is.
    yield [record(60, 12, "203.0.113.5", key="ASIAYYYYYYYYYYYYYYYY", scope=False)]
    # The theft: an address nobody used, and a command line.
    yield [record(61, 13, "198.51.100.7", agent="aws-cli/2.15.0 md/Botocore#2.0.0 ua/2.0 os/linux#6.1")]


def stranger():
    text = json.dumps(record(62, 13, "192.0.2.11", key="ASIAXXXXXXXXXXXXXXXX"))
    return json.loads(text.replace(ACCOUNT, "444455556666"))


def main():
    to = Path(sys.argv[1])
    with scratch_folder() as folder:
        sink = WebhookSink(fail_share=1.0)
        (folder / "asn.csv").write_text("192.0.2.0,192.0.2.255,64496,Example Own\n198.51.100.0,198.51.100.255,64511,Example Hosting\n")
        networks = f'[networks]\naws_ranges = "builtin"\nasn = ["{folder}/asn.csv"]\n[detection]\nactivation_days = 3\n'
        with Installation(folder / "server", sink=sink, shards=1, more=networks) as made:
            made.server.start()
            with made.sender() as sender:
                for records in trail():
                    reply = sender.post(json.dumps({"Records": records}).encode())
                    assert reply.status == 200 and reply.json()["rejected"] == 0, reply
                sink.wait_for(1, 1, 2)
                # An account seen for the first time is a candidate. It is still there if the server ends at once.
                reply = sender.post(json.dumps({"Records": [stranger()]}).encode())
                assert reply.status == 200 and reply.json()["rejected"] == 0, reply
            made.server.kill()
            alerts = made.stored_alerts()
            assert alerts, "no alert"
            said = made.command("alerts", "ack", sorted(alerts)[0], "--note", "a note")
            assert said.returncode == 0, said.stderr
            said = run_command("backup", to, "--data-dir", made.data_dir)
            assert said.returncode == 0, said.stderr
            print(said.stdout, run_command("check", to).stdout)
        sink.close()


if __name__ == "__main__":
    main()
