#!/usr/bin/env python3
"""[[kafka_source]] against a real Apache Kafka: nothing that it had is lost, nothing is counted twice, and what goes wrong is named.

kafka_test.py [--brokers 3] [--version 3.9.2] [--only NAME] [--kills 3] [--seed N] [--long [--events 1000000]]. Without arguments: one broker of the newest version, as in
CI. Exit code 77 without Java, Maven, or what they fetch.
"""
import argparse
import gzip
import json
import os
import random
import shutil
import sys
import time
from base64 import b64encode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import kafka_broker                                                         # noqa: E402

kafka_broker.run_with_kafka()

from installation import Installation, Trail, scratch_folder, write_secret   # noqa: E402
from metrics_text import read_metrics                                        # noqa: E402
from straykey_process import run_command                                    # noqa: E402
from promises import ACTIVE_ACCOUNTS, check_alerts, check_posts_explained, check_store   # noqa: E402
from webhook_sink import WebhookSink                                         # noqa: E402

DAY_S_MAX = 120
SEEN_S_MAX = 90
EVENTS = {"source": "trail-topic"}


def record(number, moment="2026-11-20T10:00:00Z", filler=0):
    return {"eventVersion": "1.08", "userIdentity": {
        "type": "AssumedRole", "principalId": "AROAEXAMPLEEXAMPLE000:orders", "arn": "arn:aws:sts::111122223333:assumed-role/orders/orders",
        "accountId": "111122223333", "accessKeyId": f"ASIAEXAMPLE{number % 1000:09d}"}, "eventTime": moment,
        "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.10",
        "userAgent": "Boto3/1.28", "requestParameters": {"x": "y" * filler}, "responseElements": None, "eventID": f"e-{number}",
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "readOnly": True}


def body(records):
    return json.dumps({"Records": records}).encode()


class Node:
    """A straykey with one [[kafka_source]]."""

    def __init__(self, cluster, folder, name, topics, more="", brokers=None, **kept):
        self.cluster = cluster
        self.group = f"group-{name}"
        table = f"""[[kafka_source]]
name = "trail-topic"
brokers = "{brokers or cluster.plain}"
topics = {json.dumps(topics)}
""" + (more if "group =" in more else f'group = "{self.group}"\n' + more)
        self.installation = Installation(folder / name, more=table, **kept)
        self.server = self.installation.server

    def metrics(self):
        with self.installation.admin() as admin:
            return read_metrics(admin.get("/metrics").body.decode())

    def metric(self, name, **labels):
        """The sum of the series that have these labels."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        return sum(value for (family, said), value in self.metrics().items()
                   if family == name and wanted <= set(said.replace('",', '"\n').split("\n")))

    def events(self):
        return self.metric("straykey_events_received_total", **EVENTS)

    def wait(self, what, seen, timeout_s=SEEN_S_MAX):
        until = time.monotonic() + timeout_s
        while not seen():
            assert time.monotonic() < until, f"not seen: {what}; {self.events()} events\n" + self.server.log_text()
            time.sleep(0.1)

    def wait_read(self, topic, partitions=1):
        try:
            self.cluster.wait_committed(self.group, topic, self.cluster.ends(topic, partitions), DAY_S_MAX)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.server.log_text()}") from None

    def stop(self):
        code = self.server.stop()
        assert code == 0, f"exit code {code}\n" + "\n".join(self.server.last_log[-20:])


def forms():
    """-> bodies in every form that /v1/events takes, each with its number of events."""
    one = [record(i) for i in range(12)]
    event = {"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "detail": one[0]}
    logs = {"messageType": "DATA_MESSAGE", "logGroup": "trail", "logStream": "s", "logEvents": [
        {"id": str(i), "timestamp": 0, "message": json.dumps(one[i])} for i in range(3)]}
    yield body(one), 12
    yield json.dumps(one[0]).encode(), 1
    yield json.dumps(one).encode(), 12
    yield "\n".join(map(json.dumps, one)).encode(), 12
    yield gzip.compress(body(one)), 12
    yield json.dumps(event).encode(), 1
    yield json.dumps(logs).encode(), 3
    yield gzip.compress(json.dumps(logs).encode()), 3
    yield json.dumps({"awslogs": {"data": b64encode(gzip.compress(json.dumps(logs).encode())).decode()}}).encode(), 3
    yield json.dumps({"Type": "Notification", "Message": json.dumps(one[1])}).encode(), 1
    yield json.dumps({"hits": {"hits": [{"_source": one[2]}]}}).encode(), 1


def check_forms(cluster, folder, _):
    """Every form is read; a message that is none is counted and kept, and stops nothing."""
    cluster.create("forms", 2)
    node = Node(cluster, folder, "forms", ["forms"])
    with node.installation:
        node.server.start()
        bad = [b'{"Records":[{"eventVersion":', b"no record at all", b"\x1f\x8b\x08broken"]
        total = 0
        for number, (one, events) in enumerate(forms()):
            cluster.send("forms", [one, *bad[number % 3:number % 3 + 1], b"", None], number % 2)
            total += events
        node.wait_read("forms", 2)
        count = number + 1
        assert node.events() == total, f"{node.events()} of {total} events"
        for outcome, expected in (("stored", count), ("rejected", count), ("empty", 2 * count)):
            got = node.metric("straykey_kafka_messages_total", outcome=outcome)
            assert got == expected, f"{got} messages are {outcome}, not {expected}\n" + node.server.log_text()
        assert node.metric("straykey_events_rejected_total") >= count
        node.wait("no lag", lambda: node.metric("straykey_kafka_lag_messages") == 0)
        node.stop()
        kept = node.installation.command("rejects", "list")
        assert kept.returncode == 0 and "no record at all" in kept.stdout + node.installation.command("rejects", "show").stdout or \
            kept.stdout.count("trail-topic") >= 1, kept.stdout + kept.stderr


def days_of(trail):
    days = {}
    for path in trail.files:
        days.setdefault(path.parent, []).append(path)
    return [days[day] for day in sorted(days)]


def check_kills(cluster, folder, options):
    """The sample trail, day by day, with kill -9 in the middle: the alerts that `scan` finds, each once."""
    chance = random.Random(options.seed)
    cluster.create("sample", 3)
    sink = WebhookSink(options.seed)
    trail = Trail(folder / "sample")
    expected = trail.scan()
    node = Node(cluster, folder, "kills", ["sample"], trail=trail, sink=sink, shards=2)
    with node.installation:
        node.server.start()
        days = days_of(trail)
        kills = set(chance.sample(range(len(days)), options.kills))
        for number, files in enumerate(days):
            order = [path.read_bytes() for path in files]
            order += [one for one in order if chance.random() < 0.1]     # sent twice
            chance.shuffle(order)
            cluster.send("sample", order)
            if number in kills:
                time.sleep(chance.uniform(0, 0.3))   # into the middle of it
                sink.life += 1
                node.server.kill()
                node.server.start()
            node.wait_read("sample", 3)
        sink.wait_for(len(expected), ACTIVE_ACCOUNTS, 60)
        node.stop()
        check_alerts(sink, expected, trail.labels)
        check_posts_explained(sink, sink.life)
        check_store(node.installation, expected)
    sink.close()
    print(f"{len(trail.files)} messages, {options.kills} kills, {len(expected)} alerts")


class Hook:
    """Where `replay` will listen: a port that is free now."""

    def __init__(self):
        self.port = kafka_broker.free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}/"


def check_replay(cluster, folder, _):
    """`straykey replay --to kafka`: every record reaches the server and every alert comes; what cannot be sent is said, with 1."""
    cluster.create("replay", 3)
    trail, hook = Trail(folder / "replayed"), Hook()
    node = Node(cluster, folder, "replay", ["replay"], trail=trail, sink=hook, shards=2)
    report = folder / "report.json"
    with node.installation as installation:
        node.server.start()
        said = run_command("replay", "--to", "kafka", "--config", installation.configuration, "--batch", "100", "--receive",
                           f"127.0.0.1:{hook.port}", "--webhook-secret-file", installation.folder / "webhook-secret", "--expect",
                           trail.folder / "labels.jsonl", "--metrics-url", f"http://127.0.0.1:{node.server.port('admin')}",
                           "--admin-token-file", installation.folder / "admin-token", "--json", report, trail.folder / "trail")
        assert said.returncode == 0 and said.stdout.endswith("all agrees\n"), said.stdout + said.stderr + node.server.log_text()
        seen = json.loads(report.read_text())
        assert seen["records"] == seen["server"]["received"] == trail.events, seen
        assert seen["alerts"]["matched"] == len(trail.labels), seen
        node.wait_read("replay", 3)
        screen = installation.command("status")
        assert "trail-topic: 3 partitions, 0 messages behind, last commit 20" in screen.stdout, screen.stdout + screen.stderr
        node.stop()
        assert len(trail.labels) == len(installation.stored_alerts())

        empty = folder / "empty.json"
        empty.write_text('{"Records":[]}')
        said = run_command("replay", "--to", "kafka", "--config", installation.configuration, empty)
        assert said.returncode == 1 and "nothing was read" in said.stdout, said.stdout + said.stderr
        said = run_command("replay", "--to", "kafka", "--config", installation.configuration, "--topic", "absent", trail.files[0])
        assert said.returncode == 1 and "topic absent" in said.stderr, said.stdout + said.stderr
        said = run_command("replay", "--to", "kafka", trail.files[0])
        assert said.returncode == 2 and "--brokers and --topic" in said.stderr, said.stdout + said.stderr
        said = run_command("replay", "--to", "kafka", "--brokers", "127.0.0.1:1", "--topic", "replay", trail.files[0])
        assert said.returncode == 1 and "topic replay at 127.0.0.1:1" in said.stderr, said.stdout + said.stderr
    print(f"{trail.events} records, {len(trail.labels)} alerts")


def alerts_through(installation, sink, days, bring, expected):
    """Day by day, the next one once all of a day is stored. -> ids of the alerts, each posted once."""
    with installation:
        installation.server.start()
        for files in days:
            bring(files)
        until = time.monotonic() + SEEN_S_MAX
        while len(sink.alerts()) < len(expected) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(2)       # one too many would come now
        assert installation.server.stop() == 0
        taken = {alert_id: len(sink.taken()[f"msg_{alert_id}"]) for alert_id in sink.alerts()}
        assert set(taken.values()) <= {1}, f"posted more than once: {taken}"
        assert installation.stored_alerts().keys() == sink.alerts().keys()
    return sink.alerts().keys()


def check_seeds(cluster, folder, options):
    """Five organisations, day by day through Kafka and over HTTPS: the alerts that `scan` finds, with its ids, each once."""
    for seed in options.seeds:
        trail = Trail(folder / f"seed-{seed}", "--seed", str(seed), "--events", str(options.events))
        expected, topic = trail.scan().keys(), f"seed-{seed}"
        cluster.create(topic, 3)
        began, sinks = time.monotonic(), [WebhookSink(seed), WebhookSink(seed)]
        node = Node(cluster, folder, f"kafka-{seed}", [topic], trail=trail, sink=sinks[0], shards=2)
        other = Installation(folder / f"https-{seed}", trail=trail, sink=sinks[1], shards=2)

        def through_kafka(files, node=node, topic=topic):
            cluster.send(topic, [path.read_bytes() for path in files])
            node.wait_read(topic, 3)

        def over_https(files, other=other):
            with other.sender() as sender:
                for path in files:
                    assert sender.post_file(path).status == 200
        found = {"Kafka": alerts_through(node.installation, sinks[0], days_of(trail), through_kafka, expected),
                 "HTTPS": alerts_through(other, sinks[1], days_of(trail), over_https, expected)}
        for sink in sinks:
            sink.close()
        for way, ids in found.items():
            assert ids == expected, f"seed {seed}, {way}: missing {expected - ids}, not called for {ids - expected}"
        assert len(expected) == len(trail.labels)
        print(f"seed {seed}: {trail.events} events, {len(expected)} alerts, the same ids by scan, HTTPS and Kafka, each once: "
              f"{time.monotonic() - began:.0f} s", flush=True)


def check_members(cluster, folder, _):
    """A second member of the same installation takes partitions over and gives them back; nothing is lost. One of another is refused."""
    cluster.create("members", 4)
    first = Node(cluster, folder, "members", ["members"])
    first.server.start()
    first.stop()
    shutil.copytree(first.installation.data_dir, folder / "second" / "store")
    second = Node(cluster, folder, "second", ["members"], f'group = "{first.group}"\n')
    other = Node(cluster, folder, "other", ["members"], f'group = "{first.group}"\n')
    with first.installation, second.installation, other.installation:
        first.server.start()
        first.wait("four partitions", lambda: first.metric("straykey_kafka_partitions") == 4)
        sent = 0

        def send():
            nonlocal sent
            for partition in range(4):
                cluster.send("members", [body([record(sent + i)]) for i in range(50)], partition)
                sent += 50
        send()
        second.server.start()
        while second.metric("straykey_kafka_partitions") != 2:
            send()
        send()
        first.wait_read("members", 4)
        assert second.events() > 0
        other.server.start()
        other.server.wait_said("each would learn half")
        assert other.metric("straykey_kafka_partitions") == 0 and other.metric("straykey_kafka_strangers") == 2
        of_second = second.events()
        send()
        first.wait_read("members", 4)
        of_second = second.events()
        second.stop()
        first.wait("four partitions", lambda: first.metric("straykey_kafka_partitions") == 4)
        send()
        first.wait_read("members", 4)
        got = first.events() + of_second
        assert got >= sent, f"{got} of {sent} events"
        assert other.events() == 0
        other.stop()
        first.stop()
    print(f"{sent} sent, {int(got)} read by two members")


def check_credits(cluster, folder, _):
    """A flood waits in the brokers and not in memory, and all of it is read."""
    cluster.create("flood", 3)
    node = Node(cluster, folder, "flood", ["flood"], 'bytes_in_flight_max = "16 MiB"\nconcurrency = 1\n')
    flood = [body([record(100 * m + i, filler=5000) for i in range(100)]) for m in range(10)]
    for _ in range(30):
        cluster.send("flood", flood)
    with node.installation:
        node.server.start()
        node.wait_read("flood", 3)
        assert node.events() == 30 * 10 * 100, node.events()
        peak = node.server.rss_peak_bytes() >> 20
        waits = node.metric("straykey_kafka_waits_total")
        node.stop()
    assert waits > 0
    assert peak < 450, f"{peak} MiB for a budget of 16"
    print(f"{30 * sum(map(len, flood)) >> 20} MiB through a budget of 16 MiB: {int(waits)} waits, {peak} MiB at most")


def check_secure(cluster, folder, _):
    """TLS and SCRAM; a password that changes is read again without a restart."""
    if not cluster.version.startswith("3."):
        print(f"left out: SCRAM of librdkafka 2.0.2 is refused by brokers {cluster.version}, and not by 3.9.2 (docs/kafka.md)")
        return
    cluster.create("secure")
    secret = write_secret(folder / "scram", kafka_broker.PASSWORD)
    node = Node(cluster, folder, "secure", ["secure"], f"""
[kafka_source.properties]
"security.protocol" = "SASL_SSL"
"sasl.mechanism" = "SCRAM-SHA-512"
"sasl.username" = "{kafka_broker.USER}"
"sasl.password" = {{ file = "{secret}" }}
"ssl.ca.location" = "{cluster.folder}/ca.pem"
"reconnect.backoff.max.ms" = 1000
""", brokers=cluster.secure)
    with node.installation:
        node.server.start()
        cluster.send("secure", [body([record(1)])])
        node.wait_read("secure")
        cluster.set_password("the-next-password-of-the-tests")
        for broker in cluster.brokers:      # so that it has to prove itself again
            broker.stop()
            broker.launch()
        cluster.wait_ready()
        node.server.wait_said("a broker refuses us")
        write_secret(folder / "scram", "the-next-password-of-the-tests")
        cluster.send("secure", [body([record(2)])])
        node.wait_read("secure")
        assert node.events() == 2
        assert "the-next" not in node.server.log_text() and kafka_broker.PASSWORD not in node.server.log_text()
        node.stop()
    cluster.set_password(kafka_broker.PASSWORD)


def check_lost(cluster, folder, _):
    """A topic deleted, made anew, or cut: what is lost is named, and everything that is there is read."""
    cluster.create("lost")
    node = Node(cluster, folder, "lost", ["lost"])
    with node.installation:
        node.server.start()
        cluster.send("lost", [body([record(i)]) for i in range(100)])
        node.wait_read("lost")
        node.stop()
        cluster.send("lost", [body([record(i)]) for i in range(60)])
        cluster.delete_records("lost", 0, 130)
        node.server.start()
        node.server.wait_said("messages were deleted before they were read")
        node.wait_read("lost")
        assert node.events() == 30 and node.metric("straykey_kafka_deleted_unread_messages_total") == 30
        assert node.metric("straykey_kafka_positions_lost_total", reason="expired") == 1

        cluster.delete("lost")      # while it runs
        node.server.wait_said("a topic is not there")
        time.sleep(4)               # until it is more than a broker that comes up
        cluster.create("lost")
        cluster.send("lost", [body([record(i)]) for i in range(190)])   # beyond the position that we had
        node.wait("all of the new one", lambda: node.events() >= 30 + 190)  # some twice
        node.wait_read("lost")
        assert node.metric("straykey_kafka_positions_lost_total") == 2, node.server.log_text()
        node.stop()

        cluster.delete("lost")      # while it is stopped
        cluster.create("lost")
        cluster.send("lost", [body([record(i)]) for i in range(25)])
        node.server.start()
        node.wait("all of the new one", lambda: node.events() == 25)
        node.wait_read("lost")
        assert node.metric("straykey_kafka_positions_lost_total") == 1, node.server.log_text()
        node.stop()


def check_added(cluster, folder, _):
    """A group that begins at the end reads what comes afterwards, and an added partition from its beginning."""
    cluster.create("added")
    cluster.send("added", [body([record(1)])])
    node = Node(cluster, folder, "added", ["added"], 'start = "latest"\n[kafka_source.properties]\n"topic.metadata.refresh.interval.ms" = 2000\n')
    with node.installation:
        node.server.start()
        node.wait_read("added")
        node.stop()
        cluster.send("added", [body([record(i) for i in range(7)])])
        node.server.start()
        node.wait("what came while it was stopped", lambda: node.events() == 7)
        cluster.add_partitions("added", 2)
        cluster.send("added", [body([record(i) for i in range(5)])], 1)
        node.wait("the added partition", lambda: node.events() == 12)
        node.wait_read("added", 2)
        node.stop()


def check_order(cluster, folder, _):
    """The backlog of an early day in one partition goes before a later day in another."""
    cluster.create("order", 2)
    late = [body([record(i, "2026-11-22T08:00:00Z", 200) for i in range(20)]) for _ in range(400)]
    cluster.send("order", late, 1)
    early = [body([record(i, f"2026-11-20T10:{m % 60:02d}:00Z", 2000) for i in range(50)]) for m in range(400)]
    for _ in range(5):
        cluster.send("order", early, 0)
    node = Node(cluster, folder, "order", ["order"], 'bytes_in_flight_max = "16 MiB"\n')
    with node.installation:
        node.server.start()
        node.server.wait_said("partitions wait, because others are behind")
        while True:
            early_at, late_at = cluster.committed(node.group, "order", 2)
            if early_at >= 5 * 400 / 2:
                break
            assert late_at <= 0, f"{late_at} messages of the later day were read behind {early_at} of the earlier one\n{node.server.log_text()}"
        node.wait_read("order", 2)
        assert node.events() == 400 * 20 + 5 * 400 * 50, node.events()
        node.wait("nobody waits", lambda: node.metric("straykey_kafka_held_partitions") == 0)
        node.stop()


def check_brokers_down(cluster, folder, _):
    """Brokers killed and frozen: it is said, and reading goes on when they are back; a stop does not wait for them."""
    cluster.create("down", 2)
    node = Node(cluster, folder, "down", ["down"], '[kafka_source.properties]\n"reconnect.backoff.max.ms" = 1000\n')
    with node.installation:
        node.server.start()
        cluster.send("down", [body([record(i)]) for i in range(20)])
        node.wait_read("down", 2)
        for broker in cluster.brokers:
            broker.kill()
        node.server.wait_said("no broker can be reached")
        with node.installation.admin() as admin:
            assert admin.get("/readyz").status in (200, 204)    # other ways in work
        for broker in cluster.brokers:
            broker.launch()
        cluster.wait_ready()
        cluster.send("down", [body([record(i)]) for i in range(20)])
        node.wait_read("down", 2)
        assert node.events() >= 40
        assert node.metric("straykey_kafka_errors_total") > 0
        for broker in cluster.brokers:
            broker.freeze()
        began = time.monotonic()
        node.stop()
        took = time.monotonic() - began
        for broker in cluster.brokers:
            broker.thaw()
        cluster.wait_ready()
        assert took < 30, f"a stop without brokers took {took:.1f} s"
        node.server.start()
        cluster.send("down", [body([record(i)]) for i in range(5)])
        node.wait_read("down", 2)
        node.stop()
    print(f"a stop while the brokers are frozen took {took:.1f} s")


CHECKS = (check_forms, check_added, check_lost, check_credits, check_order, check_members, check_kills, check_replay, check_secure, check_brokers_down)
LONG_CHECKS = (check_seeds,)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default=kafka_broker.VERSIONS[0])
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--long", action="store_true", help="the checks of the long form, too")
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102, 103, 104, 105])
    parser.add_argument("--events", type=int, default=50_000, help="of each of --seeds")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    return parser.parse_args()


def main():
    options = arguments()
    print(f"kafka_test.py --version {options.version} --brokers {options.brokers} --kills {options.kills} --seed {options.seed}", flush=True)
    os.environ.pop("AWS_PROFILE", None)
    with scratch_folder() as folder:
        cluster = kafka_broker.Cluster(folder, options.version, options.brokers)
        try:
            for check in CHECKS + (LONG_CHECKS if options.long else ()):
                if options.only not in check.__name__:
                    continue
                began = time.monotonic()
                check(cluster, folder, options)
                print(f"{check.__name__}: {time.monotonic() - began:.1f} s", flush=True)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
