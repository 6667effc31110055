#!/usr/bin/env bash
# kafka-python cannot connect to the Kafka cluster that librdkafka can imitate, though aiokafka and librdkafka's own
# client can.
#
# Guess:  librdkafka's built-in mock cluster speaks enough Kafka for any client that a trail's producer or consumer may
#         be built on.
# Seen:   aiokafka and confluent-kafka read the records. kafka-python gives up after its bootstrap time: it asks for the
#         versions of the API in version 4, which the mock does not know, and cannot decode the mock's "unsupported
#         version" answer, so it never goes on to ask in an older one. Told a version beforehand (api_version), it reads
#         all records.
# Why:    the mock is the one way to try a Kafka source or a forwarder of trail records without a broker. With
#         kafka-python a test shows "Unable to bootstrap", which looks like a wrong address; the detector's own tests
#         must not take it for one.
# Peers:  confluent-kafka 2.16.1 (with its librdkafka), aiokafka 0.14.0, kafka-python 3.0.12 (PyPI), Python 3.11
# Seen on: 2026-11-30
# Run:    findings/kafka-python-and-librdkafka-mock.sh     (python3; about a minute)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install confluent-kafka==2.16.1 aiokafka==0.14.0 kafka-python==3.0.12

cat >session.py <<'PY'
import asyncio, logging, time

import aiokafka, confluent_kafka, kafka

RECORDS = 3
producer = confluent_kafka.Producer({"bootstrap.servers": "127.0.0.1:1", "test.mock.num.brokers": 1})
broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
address = f"{broker.host}:{broker.port}"
for number in range(RECORDS):
    producer.produce("cloudtrail", value=b'{"eventVersion":"1.08","eventName":"GetCallerIdentity"}', key=b"%d" % number)
producer.flush(10)


def with_confluent():
    consumer = confluent_kafka.Consumer({"bootstrap.servers": address, "group.id": "one", "auto.offset.reset": "earliest"})
    consumer.subscribe(["cloudtrail"])
    taken, end = 0, time.time() + 30
    while taken < RECORDS and time.time() < end:
        message = consumer.poll(1)
        taken += message is not None and not message.error()
    consumer.close()
    return taken


async def with_aiokafka():
    consumer = aiokafka.AIOKafkaConsumer("cloudtrail", bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    taken = 0
    while taken < RECORDS:
        await asyncio.wait_for(consumer.getone(), 20)
        taken += 1
    await consumer.stop()
    return taken


def with_kafka_python(**options):
    try:
        consumer = kafka.KafkaConsumer(
            "cloudtrail", bootstrap_servers=address, auto_offset_reset="earliest", consumer_timeout_ms=10000, **options
        )
        return sum(1 for _ in consumer)
    except Exception as error:
        return type(error).__name__


logging.disable(logging.CRITICAL)
print("confluent-kafka", with_confluent(), flush=True)
print("aiokafka", asyncio.run(with_aiokafka()), flush=True)
print("kafka-python", with_kafka_python(), flush=True)
print("kafka-python with api_version", with_kafka_python(api_version=(2, 0, 0)), flush=True)
PY
timeout 150 venv/bin/python session.py 2>session.log | tee seen
cat >stated <<'TEXT'
confluent-kafka 3
aiokafka 3
kafka-python KafkaTimeoutError
kafka-python with api_version 3
TEXT
if ! diff stated seen; then
    echo "CHANGED: which clients reach the mock cluster is not what this finding states"
    exit 1
fi
echo "as stated: kafka-python reaches librdkafka's mock cluster only when it is told a version"
