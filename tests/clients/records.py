"""The records that every client sends: each teaches straykey one fact of its own, so the store tells which arrived.

1,500 records of about 750 bytes, but for four long ones, each just beyond a limit that senders are known for: 2,048 bytes
and 4,096 (6,000), rsyslog's 8,096 and ncat's 8,192 (9,000), most of a datagram (60,000), syslog-ng's 65,536 (200,000).
"""
import json
import re

COUNT = 1500
LONG = {300: 6_000, 600: 9_000, 900: 60_000, 1_200: 200_000}     # number of the record -> its bytes
FUNCTION = re.compile(r"client-(\d{5})-fn")
ACCOUNT = "111122223333"


def record(number):
    """One line of JSON: a call with the token of the Lambda function client-NUMBER-fn, from inside AWS."""
    name = f"client-{number:05}-fn"
    fields = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/clients/{name}", "accountId": ACCOUNT,
            "accessKeyId": f"ASIA{number:09}EXAMPLE",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "clients"}},
            "inScopeOf": {"issuerType": "AWS::Lambda::Function",
                          "credentialsIssuedTo": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"}},
        "eventTime": "2025-06-30T12:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
        "sourceIPAddress": "AWS Internal", "userAgent": "Boto3/1.42.97 é \"quoted\" \\ <tag> %s $HOME",
        "requestParameters": None, "eventID": f"00000000-0000-4000-8000-{number:012}", "recipientAccountId": ACCOUNT}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    missing = LONG.get(number, 0) - len(text.encode())
    if missing <= 0:
        return text
    fields["requestParameters"] = {"policy": "x" * (missing - len('{"policy":""}') + len("null"))}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def lines(first=0, end=COUNT):
    return [record(number) + "\n" for number in range(first, end)]


def bytes_of(number):
    return len(record(number).encode())


def numbers_in(text):
    """Of the functions that a text names."""
    return {int(found) for found in FUNCTION.findall(text)}
