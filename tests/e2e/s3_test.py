#!/usr/bin/env python3
"""The sample trail through S3 and SQS raises the alerts that `scan` finds in it, each once, whatever happens on the way.

Moto is AWS, with authentication on; objects come day by day, inside a day in any order and some of them twice, among digests, Config
and a message that is none. S3 is throttled, bodies are cut, credentials expire, and the server is killed in the middle. Exit code 77
without moto.
"""
import argparse
import json
import os
import random
import time

import aws_imitation

aws_imitation.run_with_moto()

from installation import Installation, Trail, scratch_folder, write_secret   # noqa: E402
from metrics_text import read_metrics                                       # noqa: E402
from straykey_process import run_command                               # noqa: E402
from promises import ACTIVE_ACCOUNTS, check_alerts, check_posts_explained, check_store   # noqa: E402
from webhook_sink import WebhookSink                                        # noqa: E402

ALERTS_S_MAX = 60
DAY_S_MAX = 120
VISIBILITY_S = 10
BUCKET = "sample-trail"


class Aws:
    """A bucket whose new objects are told to a queue."""

    def __init__(self, moto, day):
        self.key = moto.user("straykey")
        self.role = moto.role("reader")
        self.s3, self.sqs = moto.client("s3", self.key, day.origin), moto.client("sqs", self.key)
        self.queue_url = self.sqs.create_queue(QueueName="straykey", Attributes={"VisibilityTimeout": "10"})["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws_imitation.REGION})
        self.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        moto.close_doors()

    def put(self, key, content):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def send(self, body):
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def tell_again(self, key):
        """As EventBridge tells, through SNS."""
        event = {"version": "0", "detail-type": "Object Created", "source": "aws.s3", "region": aws_imitation.REGION,
                 "detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}}
        self.send(json.dumps({"Type": "Notification", "TopicArn": "t", "Message": json.dumps(event)}))

    def left(self):
        """-> messages in the queue, whoever has them."""
        said = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=[
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])["Attributes"]
        return sum(map(int, said.values()))

    def wait_empty(self, but=0):
        until = time.monotonic() + DAY_S_MAX
        while self.left() > but:
            assert time.monotonic() < until, f"{self.left()} messages are left"
            time.sleep(0.1)     # nobody but the queue knows


def days_of(trail):
    days = {}
    for path in trail.files:
        days.setdefault(path.parent, []).append(path)
    return [days[day] for day in sorted(days)]


def key_of(trail, path):
    """A key with what notifications encode: blanks, plus signs, letters beyond ASCII."""
    return f"AWSLogs/o-1+é x/111122223333/CloudTrail/eu-central-1/{path.relative_to(trail.folder / 'trail')}"


def source_table(folder, aws, day, role):
    credentials = write_secret(folder / "aws-credentials",
                               f"[default]\naws_access_key_id = {aws.key[0]}\naws_secret_access_key = {aws.key[1]}")
    queue = aws.queue_url[aws.queue_url.index("/", 8):]
    return f"""[[s3_source]]
name = "trail"
queue_url = "{day.origin}{queue}"
region = "{aws_imitation.REGION}"
endpoint = "{day.origin}"
credentials_file = "{credentials}"
visibility_s = {VISIBILITY_S}
""" + (f'role_arn = "{aws.role}"\nexternal_id = "of-the-test"\n' if role else "")


def send_day(aws, trail, files, chance, day_number):
    """-> how many messages."""
    keys = [key_of(trail, path) for path in files]
    order = list(zip(keys, files))
    chance.shuffle(order)
    for key, path in order:
        aws.put(key, path.read_bytes())
        if chance.random() < 0.2:
            aws.tell_again(key)
    if day_number % 5 == 0:
        aws.put(f"AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/{day_number}.json.gz", b"never fetched")
        aws.put(f"AWSLogs/{day_number}.json", b'{"fileVersion":"1.0","configSnapshotId":"x","configurationItems":[]}')


def check_offline(aws, day, trail, expected, folder):
    """`scan` and `--backfill` read the bucket and find the same."""
    day.throttled = day.cut = 0.03      # five attempts are all that an object gets here: no queue brings it again
    os.environ |= {"AWS_ACCESS_KEY_ID": aws.key[0], "AWS_SECRET_ACCESS_KEY": aws.key[1], "AWS_REGION": aws_imitation.REGION,
                   "AWS_ENDPOINT_URL_S3": day.origin}
    url = f"s3://{BUCKET}/AWSLogs/"
    scanned = trail.scan(url)
    assert scanned == expected, f"scan of {url}: {scanned.keys() ^ expected.keys()}"
    store = folder / "backfilled"
    for _ in range(2):      # the second has nothing left to do
        said = run_command("scan", "--backfill", store, "--aws-ranges", trail.folder / "ip-ranges.json", "--asn",
                           trail.folder / "asn.csv", "--trusted", trail.trusted, url)
        assert said.returncode == 0, said.stderr
        listed = run_command("alerts", "list", "--json", "--data-dir", store)
        assert listed.returncode == 0, listed.stderr
        stored = {json.loads(line)["id"] for line in listed.stdout.splitlines()}
        assert stored == expected.keys(), f"backfill of {url}: {stored ^ expected.keys()}"
    assert "were done before" in said.stderr, said.stderr


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--shards", type=int, default=2)
    return parser.parse_args()


def metrics_of(installation):
    with installation.admin() as admin:
        return read_metrics(admin.get("/metrics").text())


def main():
    options = arguments()
    print(f"s3_test.py --kills {options.kills} --seed {options.seed} --shards {options.shards}", flush=True)
    chance = random.Random(options.seed)
    moto = aws_imitation.Moto()
    try:
        day = aws_imitation.BadDay(moto, options.seed, throttled=0.1, cut=0.1, requests_a_key=60)
        aws = Aws(moto, day)
        with scratch_folder() as folder:
            trail = Trail(folder / "sample")
            expected = trail.scan()
            sink = WebhookSink(options.seed)
            server_folder = folder / "server"
            server_folder.mkdir()
            os.environ["AWS_ENDPOINT_URL_STS"] = moto.origin
            more = source_table(server_folder, aws, day, role=True)
            with Installation(server_folder, trail, sink, options.shards, more) as installation:
                installation.server.start()
                days = days_of(trail)
                kills = set(chance.sample(range(len(days)), options.kills))
                for number, files in enumerate(days):
                    send_day(aws, trail, files, chance, number)
                    if number in kills:
                        time.sleep(chance.uniform(0, 0.3))   # into the middle of it
                        sink.life += 1
                        installation.server.kill()
                        installation.server.start()
                    aws.wait_empty()
                sink.wait_for(len(expected), ACTIVE_ACCOUNTS, ALERTS_S_MAX)
                log = installation.server.log_text()
                code = installation.server.stop()
                assert code == 0, f"exit code {code} after SIGTERM\n" + installation.server.log_text()
                assert aws.key[1] not in log
                check_alerts(sink, expected, trail.labels)
                check_posts_explained(sink, sink.life)
                check_store(installation, expected)
            check_offline(aws, day, trail, expected, folder)
            sink.close()
        day.close()
        print(f"{len(trail.files)} objects, {options.kills} kills, {day.done}; {len(expected)} alerts")
    finally:
        moto.stop()


if __name__ == "__main__":
    main()
