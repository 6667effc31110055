#!/usr/bin/env bash
# The letters by which AWS's SDKs tell where they found their credentials differ between the SDKs for the same place.
#
# Guess:  the feature ids behind "m/" in the user agent are one list for all SDKs, so one place of credentials gives one
#         set of letters: metadata service 0, a token file h and k, a session of IAM Identity Center r and s.
# Seen:   with credentials from the metadata service boto3 and Go 2 send 0 and JavaScript 3 nothing; with a token file
#         boto3 and JavaScript 3 send h and k, Go 2 only h; with an Identity Center session boto3 and JavaScript 3 send
#         r and s, Go 2 r, t and u, of which t and u are the letters of the older form without a session.
# Why:    a rule on one letter holds for one SDK. What a place looks like must be a set of letters measured for each SDK,
#         and a missing letter says nothing.
# Peers:  boto3 and botocore 1.44.5 (PyPI), @aws-sdk/client-sts 3.1169.0 (npm), aws-sdk-go-v2/config v1.33.18 with
#         service/sts v1.52.0 (Go)
# Seen on: 2026-11-30
# Run:    findings/credential-letters-differ.sh     (python3, node, npm, go; about two minutes)
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check boto3==1.44.5 botocore==1.44.5
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/client-sts@3.1169.0
cat >call.mjs <<'JS'
import {STSClient, GetCallerIdentityCommand} from '@aws-sdk/client-sts';
await new STSClient({}).send(new GetCallerIdentityCommand({}));
JS
mkdir go
cat >go/main.go <<'GO'
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	settings, _ := config.LoadDefaultConfig(context.Background())
	sts.NewFromConfig(settings).GetCallerIdentity(context.Background(), nil)
}
GO
(cd go && go mod init example.com/call && go get github.com/aws/aws-sdk-go-v2/config@v1.33.18 github.com/aws/aws-sdk-go-v2/service/sts@v1.52.0 &&
    go build -o call .) >go.log 2>&1

cat >server.py <<'PY'
import http.server, json

KEY = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
LATER = "2099-01-01T00:00:00Z"
XML = ("<{0}Response><{0}Result><Account>111122223333</Account><Credentials><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId>"
       "<SecretAccessKey>example</SecretAccessKey><SessionToken>example</SessionToken><Expiration>" + LATER + "</Expiration></Credentials>"
       "<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:one</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/example/one</Arn>"
       "</AssumedRoleUser></{0}Result></{0}Response>")
PLACES = "n o p v w r s t u h k q i x z 0 g e".split()

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/latest/api/token":
            text = "example"
        elif self.path.endswith("/example"):
            text = json.dumps({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", **KEY, "Token": "example", "Expiration": LATER})
        elif self.path.startswith("/latest/"):
            text = "example"
        elif self.path.startswith("/federation/"):
            text = json.dumps({"roleCredentials": {"accessKeyId": KEY["AccessKeyId"], "secretAccessKey": KEY["SecretAccessKey"],
                                                   "sessionToken": "example", "expiration": 4070908800000}})
        else:
            text = XML.format("AssumeRoleWithWebIdentity" if "WebIdentity" in body else "GetCallerIdentity")
            if "GetCallerIdentity" in body:
                words = self.headers["User-Agent"].split(" ")
                letters = {one for word in words if word.startswith("m/") for one in word[2:].split(",")}
                with open("letters", "w") as file:
                    file.write(" ".join(sorted(letters.intersection(PLACES))) or "none")
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/xml" if text.startswith("<") else "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.end_headers()
        self.wfile.write(content)
    do_GET = do_POST = do_PUT = answer
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 server.py >port &
server=$!
until [ -s port ]; do sleep 0.1; done

url=http://127.0.0.1:$(cat port)
export AWS_ENDPOINT_URL=$url AWS_ENDPOINT_URL_STS=$url AWS_ENDPOINT_URL_SSO=$url AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
mkdir -p session/.aws/sso/cache empty
echo example.example.example >token
cat >session/.aws/config <<'CONF'
[default]
region = us-east-1
sso_session = work
sso_account_id = 111122223333
sso_role_name = example
[sso-session work]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
CONF
echo '{"startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": "example", "expiresAt": "2099-01-01T00:00:00Z"}' \
    >"session/.aws/sso/cache/$(printf work | sha1sum | cut -d' ' -f1).json"

call() {
    case $1 in
    boto3) venv/bin/python -c "import boto3; boto3.client('sts').get_caller_identity()" ;;
    "JavaScript 3") node --no-warnings call.mjs ;;
    "Go 2") go/call ;;
    esac
}
say() {
    for client in "boto3" "JavaScript 3" "Go 2"; do
        rm -f letters
        for _ in 1 2 3; do    # JavaScript gives the metadata service a second
            [ -s letters ] || (export "${place[@]}" && call "$client") >said 2>&1 || true
        done
        printf '%s, %s: %s\n' "$name" "$client" "$(cat letters 2>/dev/null || echo no call)" | tee -a seen
    done
}
name="metadata" place=(HOME="$folder/empty" AWS_EC2_METADATA_SERVICE_ENDPOINT="$url/")
say
name="token file" place=(HOME="$folder/empty" AWS_EC2_METADATA_DISABLED=true AWS_WEB_IDENTITY_TOKEN_FILE="$folder/token"
    AWS_ROLE_ARN=arn:aws:iam::111122223333:role/example AWS_ROLE_SESSION_NAME=one)
say
name="Identity Center session" place=(HOME="$folder/session" AWS_EC2_METADATA_DISABLED=true)
say

cat >stated <<'TEXT'
metadata, boto3: 0
metadata, JavaScript 3: none
metadata, Go 2: 0
token file, boto3: h k
token file, JavaScript 3: h k
token file, Go 2: h
Identity Center session, boto3: r s
Identity Center session, JavaScript 3: r s
Identity Center session, Go 2: r t u
TEXT
if ! diff stated seen; then
    echo "CHANGED: the letters for these places of credentials are not what this finding states"
    exit 1
fi
echo "as stated: the same place of credentials, other letters in other SDKs"
