#!/usr/bin/env bash
# AWS's SDKs write one value of AWS_EXECUTION_ENV in four ways into the user agent.
#
# Guess:  the variable's value arrives as it was set, so a rule can compare it.
# Seen:   a command line assistant of AWS sets "AmazonQ-For-CLI Version/1.2", with a space and a slash. An older boto3
#         and JavaScript 2 send it as it is, so that its second half is a word of its own; boto3 and Go 2 send
#         "AmazonQ-For-CLI-Version-1.2", JavaScript 3 keeps the slash, Java 2 writes underscores.
# Why:    an equal comparison finds one SDK's form and misses three; splitting at spaces finds a product "Version/1.2"
#         that nobody sent. Only the beginning of the value is the same everywhere.
# Peers:  boto3 1.44.5 and 1.26.165 (PyPI), @aws-sdk/client-sts 3.1169.0 and aws-sdk 2.1693.0 (npm),
#         aws-sdk-go-v2/config v1.33.18 with service/sts v1.52.0 (Go), software.amazon.awssdk:sts 2.57.8 (Maven)
# Seen on: 2026-11-30
# Run:    findings/exec-env-four-ways.sh     (python3, node, npm, go, java, mvn; about two minutes)
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

for version in 1.44.5 1.26.165; do
    python3 -m venv "boto3-$version"
    "boto3-$version/bin/pip" -q install --disable-pip-version-check "boto3==$version" "botocore==${version/#1.26/1.29}"
done
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/client-sts@3.1169.0 aws-sdk@2.1693.0
mkdir go java
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
cat >java/pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>example</groupId><artifactId>call</artifactId>
<version>1</version><dependencies>
<dependency><groupId>software.amazon.awssdk</groupId><artifactId>sts</artifactId><version>2.57.8</version></dependency>
</dependencies></project>
XML
cat >java/Call.java <<'JAVA'
public class Call {
  public static void main(String[] arguments) {
    software.amazon.awssdk.services.sts.StsClient.create().getCallerIdentity();
  }
}
JAVA
(cd java && mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars && javac -cp 'jars/*' Call.java) >java.log 2>&1

cat >server.py <<'PY'
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        words = self.headers["User-Agent"].split(" ")
        first = next(i for i, word in enumerate(words) if word.startswith("exec-env/"))
        half = [word for word in words[first + 1:first + 2] if word == "Version/1.2"]
        print(" ".join([words[first]] + half), file=sys.stderr, flush=True)
        body = (b'<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>'
                b'</GetCallerIdentityResponse>')
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 server.py >port 2>words &
server=$!
until [ -s port ]; do sleep 0.1; done

export AWS_ENDPOINT_URL=http://127.0.0.1:$(cat port) AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 HOME=$folder
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
export AWS_EXECUTION_ENV="AmazonQ-For-CLI Version/1.2" AWS_EC2_METADATA_DISABLED=true
say() { printf '%s: %s\n' "$1" "$(tail -n 1 words)" | tee -a seen; }
for version in 1.44.5 1.26.165; do
    "boto3-$version/bin/python" -c "import boto3, os; boto3.client('sts', endpoint_url=os.environ['AWS_ENDPOINT_URL']).get_caller_identity()"
    say "boto3 $version"
done
node --no-warnings --input-type=module -e "import {STSClient, GetCallerIdentityCommand} from '@aws-sdk/client-sts'; await new STSClient({}).send(new GetCallerIdentityCommand({}));"
say "JavaScript 3"
node --no-warnings --input-type=module -e "import AWS from 'aws-sdk'; await new AWS.STS({endpoint: process.env.AWS_ENDPOINT_URL}).getCallerIdentity().promise();" 2>/dev/null
say "JavaScript 2"
go/call
say "Go 2"
java -cp "java:java/jars/*" Call 2>/dev/null
say "Java 2"

cat >stated <<'TEXT'
boto3 1.44.5: exec-env/AmazonQ-For-CLI-Version-1.2
boto3 1.26.165: exec-env/AmazonQ-For-CLI Version/1.2
JavaScript 3: exec-env/AmazonQ-For-CLI-Version/1.2
JavaScript 2: exec-env/AmazonQ-For-CLI Version/1.2
Go 2: exec-env/AmazonQ-For-CLI-Version-1.2
Java 2: exec-env/AmazonQ-For-CLI_Version_1.2
TEXT
if ! diff stated seen; then
    echo "CHANGED: how the SDKs write AWS_EXECUTION_ENV is not what this finding states"
    exit 1
fi
echo "as stated: one value of AWS_EXECUTION_ENV, four ways to write it"
