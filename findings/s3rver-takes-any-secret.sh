#!/usr/bin/env bash
# s3rver, a stand-in for S3 in tests, serves requests that were signed with a wrong secret in their headers.
#
# Guess:  s3rver recalculates the signature of each request, as S3 does, so a client whose signing is wrong fails its
#         tests there.
# Seen:   boto3 with the right key id and a wrong secret puts, gets and lists as if nothing were wrong, while moto with
#         authentication on refuses the same request with SignatureDoesNotMatch. An unknown key id is refused by both.
# Why:    whoever writes a signer (for a forwarder, a collector, an S3 source) and tests it there learns nothing about
#         its signatures; the first real bucket answers 403.
# Peers:  s3rver 3.7.1 (npm), boto3 1.44.8 and moto 5.2.5 (PyPI), Python 3.11, Node
# Seen on: 2026-11-30
# Run:    findings/s3rver-takes-any-secret.sh     (python3, node, npm; a minute)
set -euo pipefail

folder=$(mktemp -d)
servers=()
trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
unset AWS_CA_BUNDLE AWS_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
export AWS_EC2_METADATA_DISABLED=true
python3 -m venv venv
venv/bin/pip -q install 'moto[server,s3,iam]==5.2.5' boto3==1.44.8
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts --silent s3rver@3.7.1

port=$((21000 + RANDOM % 15000))
mkdir objects
node node_modules/.bin/s3rver -d objects -a 127.0.0.1 -p "$port" --configure-bucket trail >/dev/null 2>&1 &
servers+=($!)
INITIAL_NO_AUTH_ACTION_COUNT=4 venv/bin/python -c 'from moto.server import main; main()' -H 127.0.0.1 -p "$((port + 1))" >/dev/null 2>&1 &
servers+=($!)

cat >try.py <<'PYTHON'
import json
import sys
import time
import boto3
import botocore.exceptions

port = int(sys.argv[1])

def client(service, at, key, secret):
    return boto3.client(service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{at}", aws_access_key_id=key, aws_secret_access_key=secret)

def said(at, key, secret):
    try:
        client("s3", at, key, secret).list_objects_v2(Bucket="trail")
        return "served"
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]

def wait(at):
    import socket
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", at), 1).close()
        except OSError:
            time.sleep(0.1)

wait(port), wait(port + 1)
iam = client("iam", port + 1, "x", "x")
iam.create_user(UserName="u")
iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
made = iam.create_access_key(UserName="u")["AccessKey"]
client("s3", port + 1, made["AccessKeyId"], made["SecretAccessKey"]).create_bucket(Bucket="trail")
for name, at, key, secret in (("s3rver", port, "S3RVER", "S3RVER"), ("moto", port + 1, made["AccessKeyId"], made["SecretAccessKey"])):
    print(f"{name}: right secret {said(at, key, secret)}, wrong secret {said(at, key, 'wrong')}, unknown key {said(at, 'AKIDUNKNOWN', secret)}")
PYTHON
venv/bin/python try.py "$port" | tee seen
cat >expected <<'TEXT'
s3rver: right secret served, wrong secret served, unknown key InvalidAccessKeyId
moto: right secret served, wrong secret SignatureDoesNotMatch, unknown key InvalidAccessKeyId
TEXT
diff expected seen || { echo "no longer as stated"; exit 1; }
