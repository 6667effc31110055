#!/usr/bin/env python3
"""Our Signature Version 4 beside two others, which know nothing of ours: botocore (PyPI) and aws4 (npm).

Usage: sigv4_peers_test.py SIGV4_SAMPLE [FOLDER OF node_modules]. A signer that is not there is left out by name; without any
the exit code is 77. STRAYKEY_AWS_PYTHON names another Python, which has botocore.
"""
import json
import os
import random
import subprocess
import sys
import urllib.parse

REQUESTS = 400

BOTOCORE = r"""
import datetime, json, sys, types, urllib.parse
import botocore.auth, botocore.awsrequest, botocore.credentials
def sign(asked):
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls): return datetime.datetime.fromtimestamp(asked["now"], datetime.timezone.utc).replace(tzinfo=None)
        @classmethod
        def now(cls, tz=None): return datetime.datetime.fromtimestamp(asked["now"], datetime.timezone.utc)
    botocore.auth.datetime.datetime = Clock
    if hasattr(botocore.auth, "get_current_datetime"):
        botocore.auth.get_current_datetime = lambda *a, **k: datetime.datetime.fromtimestamp(asked["now"], datetime.timezone.utc).replace(tzinfo=None)
    path = urllib.parse.quote(asked["path"], safe="/~")
    query = "&".join(urllib.parse.quote(n, safe="~") + "=" + urllib.parse.quote(v, safe="~") for n, v in asked["query"])
    url = "https://" + asked["host"] + path + ("?" + query if query else "")
    request = botocore.awsrequest.AWSRequest(asked["method"], url, data=asked["body"].encode(), headers=dict(asked["headers"]))
    credentials = botocore.credentials.Credentials(asked["key"], asked["secret"], asked["token"] or None)
    kind = botocore.auth.S3SigV4Auth if asked["service"] == "s3" else botocore.auth.SigV4Auth
    if asked["service"] == "s3": request.context["payload_signing_enabled"] = True
    kind(credentials, asked["service"], asked["region"]).add_auth(request)
    return request.headers["Authorization"]
print(json.dumps([sign(each) for each in json.load(sys.stdin)]))
"""

AWS4 = r"""
const aws4 = require('aws4'), fs = require('fs');
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map((asked) => {
  const query = asked.query.map(([n, v]) => encode(n) + '=' + encode(v)).join('&');
  const path = asked.path.split('/').map(encode).join('/') + (query ? '?' + query : '');
  const time = new Date(asked.now * 1000).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const headers = Object.fromEntries(asked.headers);
  headers.Host = asked.host; headers['X-Amz-Date'] = time;
  const request = {method: asked.method, path, headers, body: asked.body, service: asked.service, region: asked.region,
    extraHeadersToIgnore: {'content-length': true}, doNotModifyHeaders: false};
  const credentials = {accessKeyId: asked.key, secretAccessKey: asked.secret};
  if (asked.token) credentials.sessionToken = asked.token;
  return aws4.sign(request, credentials).headers.Authorization;
})));
"""


def requests():
    """Requests as ours and as anybody's, with what is difficult in paths, queries and headers. The same each time."""
    chance = random.Random(4)
    texts = ["a", "AWSLogs", "x y", "a+b", "=", "é", "日本", "~", "-._", "%", "100%25", "a/b", "'()*!", ":@&$,;", "A", "Z"]
    result = []
    for number in range(REQUESTS):
        s3 = number % 2 == 0
        segments = [chance.choice(texts).replace("/", "") for _ in range(chance.randrange(4))]
        names = chance.sample(["list-type", "prefix", "versionId", "b", "B", "a b", "é", "marker"], chance.randrange(4))
        posts = not s3 and chance.random() < 0.5
        result.append({
            "method": "POST" if posts else "GET",
            "host": "trail.s3.eu-central-1.amazonaws.com" if s3 else "sqs.eu-central-1.amazonaws.com",
            "path": "/" + "/".join(segments), "query": [[name, chance.choice(texts)] for name in names],
            "headers": [["Content-Type", "application/x-amz-json-1.0"], ["X-Amz-Target", "AmazonSQS.ReceiveMessage"]] if posts else [],
            "body": json.dumps({"text": chance.choice(texts)}, ensure_ascii=False) if posts else "",
            "key": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "token": chance.choice(["", "FwoGZXIvYXdzEXAMPLE//token=="]), "region": chance.choice(["eu-central-1", "us-gov-west-1"]),
            "service": "s3" if s3 else "sqs", "now": 1_796_000_000 + number * 7_777,
        })
    return result


def run(command, asked, folder=None):
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, cwd=folder, timeout=120)
    if done.returncode != 0:
        return None, done.stderr.strip().split("\n")[-1]
    return json.loads(done.stdout), ""


def parts(header):
    return dict(part.strip().split("=", 1) for part in header.split(" ", 1)[1].split(","))


def compare(name, asked, ours, theirs):
    differing = [i for i in range(len(asked)) if parts(ours[i]["headers"]["Authorization"]) != parts(theirs[i])]
    for i in differing[:3]:
        print(f"{name} differs at {json.dumps(asked[i], ensure_ascii=False)}\n  ours   {ours[i]['headers']['Authorization']}\n  theirs {theirs[i]}")
    print(f"{name}: {len(asked) - len(differing)} of {len(asked)} signatures are the same")
    return not differing


def main():
    asked = requests()
    ours, error = run([sys.argv[1]], asked)
    assert ours is not None, error
    for request, answer in zip(asked, ours):
        path = answer["target"].split("?")[0]
        assert urllib.parse.unquote(path) == request["path"], (request, answer)
    python = os.environ.get("STRAYKEY_AWS_PYTHON", sys.executable)
    folder = os.environ.get("STRAYKEY_AWS_NODE", sys.argv[2] if len(sys.argv) > 2 else ".")
    peers = {"botocore": ([python, "-c", BOTOCORE], None), "aws4": (["node", "-e", AWS4], folder)}
    tried, good = 0, True
    for name, (command, where) in peers.items():
        try:
            theirs, error = run(command, asked, where)
        except FileNotFoundError as missing:
            theirs, error = None, str(missing)
        if theirs is None:
            print(f"{name}: left out, {error}")
            continue
        tried += 1
        good = compare(name, asked, ours, theirs) and good
    if not tried:
        sys.exit(77)
    sys.exit(0 if good else 1)


main()
