#!/usr/bin/env bash
# A rule for CloudTrail events that EventBridge's own matcher accepts is never met in moto, and one that it never meets
# is met in moto.
#
# Guess:  moto, with which people test their EventBridge rules, decides like Event Ruler, the library that EventBridge
#         itself uses.
# Seen:   they agree on names, prefixes, numbers, addresses, null and missing fields, but not on what CloudTrail has
#         plenty of. A pattern that looks into an array of objects (resources.ARN) is met in Event Ruler and never in
#         moto. "exists": true on an array of objects, on an empty array or an empty object is never met in Event Ruler,
#         which knows leaves only, and met in moto.
# Why:    rules choose what is forwarded to a detector. {"resources": [{"exists": true}]} for "calls that name a
#         resource" passes every test in moto and forwards not one event in the cloud, while a correct rule on
#         resources.ARN looks broken in the test and gets "mended". Such a gap looks like a quiet account to whoever
#         receives.
# Peers:  software.amazon.event.ruler:event-ruler 1.7.3 (Maven), moto 5.2.5 with boto3 1.44.8 (PyPI), Java 17, Python
#         3.11
# Seen on: 2026-11-30
# Run:    findings/event-ruler-and-moto-disagree.sh     (python3, java, mvn; a minute or two)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset AWS_CA_BUNDLE AWS_PROFILE
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
python3 -m venv venv
venv/bin/pip -q install 'moto[events,sqs]==5.2.5' boto3==1.44.8
for artifact in software.amazon.event.ruler:event-ruler:1.7.3 com.fasterxml.jackson.core:jackson-databind:2.17.2 \
    com.fasterxml.jackson.core:jackson-core:2.17.2 com.fasterxml.jackson.core:jackson-annotations:2.17.2 com.github.ben-manes.caffeine:caffeine:3.1.8; do
    mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$folder/jars" >>mvn.log
done

cat >event.json <<'JSON'
{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","sourceIPAddress":"192.0.2.10","userAgent":"aws-cli/2.15.0","requestParameters":{"durationSeconds":3600,"tags":[],"options":{}},"responseElements":{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE"}},"additionalEventData":null,"resources":[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"arn:aws:iam::111122223333:role/example"}]}
JSON
cat >patterns <<'TEXT'
{"eventName":["AssumeRole"]}
{"errorCode":[{"exists":false}]}
{"additionalEventData":[null]}
{"sourceIPAddress":[{"cidr":"192.0.2.0/24"}]}
{"requestParameters":{"durationSeconds":[{"numeric":["=",3600]}]}}
{"responseElements":{"credentials":{"accessKeyId":[{"prefix":"ASIA"}]}}}
{"resources":{"ARN":["arn:aws:iam::111122223333:role/example"]}}
{"resources":{"ARN":[{"prefix":"arn:aws:iam::111122223333:role/"}]}}
{"resources":[{"exists":true}]}
{"responseElements":{"credentials":[{"exists":true}]}}
{"requestParameters":{"tags":[{"exists":true}]}}
{"requestParameters":{"options":[{"exists":true}]}}
TEXT
cat >Match.java <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import software.amazon.event.ruler.Ruler;

public class Match {
    public static void main(String[] arguments) throws Exception {
        String event = Files.readString(Path.of("event.json"));
        for (String pattern : Files.readAllLines(Path.of("patterns"))) {
            System.out.println(Ruler.matchesRule(event, pattern) ? "met" : "not");
        }
    }
}
JAVA
cat >match.py <<'PY'
import json
import boto3
from moto import mock_aws

with mock_aws():
    events, queues = boto3.client("events"), boto3.client("sqs")
    patterns = [json.loads(line) for line in open("patterns")]
    urls = []
    for number, pattern in enumerate(patterns):
        urls.append(queues.create_queue(QueueName=f"queue-{number}")["QueueUrl"])
        arn = queues.get_queue_attributes(QueueUrl=urls[-1], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name=f"rule-{number}", EventPattern=json.dumps({"detail": pattern}))
        events.put_targets(Rule=f"rule-{number}", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "aws.sts", "DetailType": "AWS API Call via CloudTrail", "Detail": open("event.json").read()}])
    for url in urls:
        print("met" if queues.receive_message(QueueUrl=url).get("Messages") else "not")
PY
timeout 60 java -cp "$folder/jars/*" Match.java >ruler
timeout 60 venv/bin/python match.py >moto
paste -d' ' ruler moto patterns | sed 's/^\([a-z]*\) \([a-z]*\) /ruler \1, moto \2: /' | tee seen
cat >stated <<'TEXT'
ruler met, moto met: {"eventName":["AssumeRole"]}
ruler met, moto met: {"errorCode":[{"exists":false}]}
ruler met, moto met: {"additionalEventData":[null]}
ruler met, moto met: {"sourceIPAddress":[{"cidr":"192.0.2.0/24"}]}
ruler met, moto met: {"requestParameters":{"durationSeconds":[{"numeric":["=",3600]}]}}
ruler met, moto met: {"responseElements":{"credentials":{"accessKeyId":[{"prefix":"ASIA"}]}}}
ruler met, moto not: {"resources":{"ARN":["arn:aws:iam::111122223333:role/example"]}}
ruler met, moto not: {"resources":{"ARN":[{"prefix":"arn:aws:iam::111122223333:role/"}]}}
ruler not, moto met: {"resources":[{"exists":true}]}
ruler not, moto not: {"responseElements":{"credentials":[{"exists":true}]}}
ruler not, moto met: {"requestParameters":{"tags":[{"exists":true}]}}
ruler not, moto met: {"requestParameters":{"options":[{"exists":true}]}}
TEXT
if ! diff stated seen; then
    echo "CHANGED: how the two matchers decide is not what this finding states"
    exit 1
fi
echo "as stated: the two disagree on arrays of objects, and on whether what is empty exists"
