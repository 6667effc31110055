#!/usr/bin/env bash
# A CloudTrail object fetched with MinIO's Python client is no longer gzip, though its name still ends in .json.gz.
#
# Guess:  every S3 client hands over the stored bytes, so a file fetched as ...json.gz is a gzip file of the stored
#         size.
# Seen:   CloudTrail stores its objects with "Content-Encoding: gzip". boto3, the AWS SDK for JavaScript and MinIO's
#         JavaScript client write the stored bytes. MinIO's Python client undoes the encoding on every way of reading
#         (read, stream, fget_object): the file on disk is plain JSON, has another size and another MD5 than the
#         object's ETag says, and raises no error.
# Why:    whoever mirrors a trail to disk with this client and lets a detector read the folder gives it plain JSON under
#         a gzip name: a reader that goes by the name reports every file as damaged. A reader must look at the first
#         bytes.
# Peers:  minio 7.2.20 and boto3 1.44.8 (PyPI) against moto 5.2.5 (PyPI), @aws-sdk/client-s3 3.1175.0 and minio 8.0.7
#         (npm), Python 3.11, Node 20
# Seen on: 2026-11-30
# Run:    findings/minio-py-inflates-objects.sh     (python3, node, npm; about a minute on an idle machine)
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"
unset AWS_CA_BUNDLE AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true

python3 -m venv venv
venv/bin/pip -q install 'moto[server]==5.2.5' boto3==1.44.8 minio==7.2.20
npm install --silent --no-audit --no-fund @aws-sdk/client-s3@3.1175.0 minio@8.0.7

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/moto_server -H 127.0.0.1 -p "$port" >moto.log 2>&1 &
server=$!
for _ in $(seq 100); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.2; done

cat >fetch.py <<'PY'
import gzip, json, pathlib, sys
import boto3, minio

port = sys.argv[1]
key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/28/111122223333_CloudTrail_us-east-1_20261128T1105Z_0123456789abcdef.json.gz"
record = {"eventVersion": "1.08", "eventTime": "2026-11-28T11:00:00Z", "eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity"}
stored = gzip.compress(json.dumps({"Records": [record] * 50}).encode())
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
s3.create_bucket(Bucket="trail-example")
s3.put_object(Bucket="trail-example", Key=key, Body=stored, ContentType="application/json", ContentEncoding="gzip")
pathlib.Path("stored").write_bytes(stored)
pathlib.Path("key").write_text(key)


def tell(client, content):
    print(client, "stored" if content == stored else "inflated" if content == gzip.decompress(stored) else "other", flush=True)


s3.download_file("trail-example", key, "boto3.json.gz")
tell("boto3", pathlib.Path("boto3.json.gz").read_bytes())
client = minio.Minio(f"127.0.0.1:{port}", "AKIAIOSFODNN7EXAMPLE", "example", secure=False, region="us-east-1")
client.fget_object("trail-example", key, "minio.json.gz")
tell("minio-py-fget", pathlib.Path("minio.json.gz").read_bytes())
tell("minio-py-read", client.get_object("trail-example", key).read())
tell("minio-py-stream", b"".join(client.get_object("trail-example", key).stream(512)))
PY
cat >fetch.mjs <<'JS'
import fs from "node:fs";
import { S3Client, GetObjectCommand } from "@aws-sdk/client-s3";
import * as Minio from "minio";

const port = Number(process.argv[2]);
const key = fs.readFileSync("key", "utf8");
const stored = fs.readFileSync("stored");
const tell = (client, content) => console.log(client, Buffer.compare(content, stored) === 0 ? "stored" : "other");

const sdk = new S3Client({ endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true, region: "us-east-1" });
const answer = await sdk.send(new GetObjectCommand({ Bucket: "trail-example", Key: key }));
tell("aws-sdk-js", Buffer.from(await answer.Body.transformToByteArray()));
const client = new Minio.Client({
  endPoint: "127.0.0.1", port, useSSL: false, accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "example", region: "us-east-1",
});
await client.fGetObject("trail-example", key, "minio-js.json.gz");
tell("minio-js", fs.readFileSync("minio-js.json.gz"));
JS
timeout 60 venv/bin/python fetch.py "$port" | tee seen
timeout 60 node fetch.mjs "$port" 2>/dev/null | tee -a seen

cat >stated <<'TEXT'
boto3 stored
minio-py-fget inflated
minio-py-read inflated
minio-py-stream inflated
aws-sdk-js stored
minio-js stored
TEXT
if ! diff stated seen; then
    echo "CHANGED: what the clients hand over is not what this finding states"
    exit 1
fi
echo "as stated: only MinIO's Python client undoes the Content-Encoding of a CloudTrail object"
