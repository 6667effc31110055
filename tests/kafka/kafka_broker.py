"""Apache Kafka on loopback: real brokers in KRaft mode, from their published Java artifacts.

Needs java and mvn, and confluent-kafka (PyPI) as the tests' own client; run_with_kafka() starts the test again under the Python that
STRAYKEY_KAFKA_PYTHON names, or makes one. What is missing is named, and the exit code is then 77.
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("STRAYKEY_KAFKA_CACHE") or Path.home() / ".cache" / "straykey-kafka")
CLIENT = "confluent-kafka==2.16.1"
VERSIONS = ("4.4.0", "3.9.2")
START_S_MAX = 90
STOP_S_MAX = 60
ANSWER_S_MAX = 30
FETCH_S_MAX = 240
USER, PASSWORD = "straykey", "scram-password-of-the-tests"
BOUND_TO_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


def left_out(why):
    print(f"left out: {why}")
    sys.exit(77)


def run_with_kafka():
    """Returns only if everything is there."""
    for program in ("java", "mvn", "openssl", "setpriv"):
        if shutil.which(program) is None:
            left_out(f"{program} is not there")
    try:
        import confluent_kafka  # noqa: F401
    except ImportError:
        python = os.environ.pop("STRAYKEY_KAFKA_PYTHON", None) or client_python()
        os.execv(python, [python, "-B", *sys.argv])


def client_python():
    if sys.prefix == str(CACHE / "python"):
        left_out("confluent-kafka cannot be loaded")
    python = CACHE / "python" / "bin" / "python"
    if not (CACHE / "python" / "complete").exists():
        for command in ([sys.executable, "-m", "venv", str(CACHE / "python")], [str(python), "-m", "pip", "-q", "install", CLIENT]):
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S_MAX, check=False)
            except subprocess.TimeoutExpired:
                left_out(f"{CLIENT} could not be installed in time")
            if done.returncode:
                left_out(f"{CLIENT} could not be installed: {done.stderr[-300:]}")
        (CACHE / "python" / "complete").touch()
    return str(python)


def class_path(version):
    """The artifacts, fetched once."""
    folder = CACHE / version
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            said = subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), f"-Dkafka.version={version}", "dependency:copy-dependencies",
                                   "-DincludeScope=runtime", f"-DoutputDirectory={folder}"], capture_output=True, text=True,
                                  timeout=FETCH_S_MAX, check=False)
        except subprocess.TimeoutExpired:
            left_out(f"Kafka {version} could not be fetched in time")
        if said.returncode:
            left_out(f"Kafka {version} could not be fetched: {said.stdout[-300:]}")
        (folder / "complete").touch()
    return f"{folder}/*"


def free_ports(count):
    """Distinct ones, above 20000. They are held until all are found."""
    sockets = []
    while len(sockets) < count:
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", random.SystemRandom().randrange(21_000, 60_000)))
            sockets.append(one)
        except OSError:
            one.close()
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Broker:
    """A process that is broker and controller in one. It may be stopped, killed, and started again."""

    def __init__(self, cluster, number, ports):
        self.cluster, self.number = cluster, number
        self.plain, self.controller, self.secure = ports
        self.folder = cluster.folder / f"broker-{number}"
        self.process = None
        self.starts = 0

    @property
    def log_path(self):
        return self.folder / f"log-{self.starts}"

    def prepare(self):
        self.folder.mkdir(parents=True)
        voters = ",".join(f"{one.number}@127.0.0.1:{one.controller}" for one in self.cluster.brokers)
        copies = min(len(self.cluster.brokers), 3)
        (self.folder / "properties").write_text(f"""process.roles=broker,controller
node.id={self.number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
listeners=PLAIN://127.0.0.1:{self.plain},CONTROLLER://127.0.0.1:{self.controller},SECURE://127.0.0.1:{self.secure}
advertised.listeners=PLAIN://127.0.0.1:{self.plain},SECURE://127.0.0.1:{self.secure}
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={self.cluster.folder}/server.pem
log.dirs={self.folder}/data
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={min(copies, 2)}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.retention.check.interval.ms=1000
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
""")
        self._java("kafka.tools.StorageTool", "format", "-t", self.cluster.id, "-c", f"{self.folder}/properties", "--add-scram",
                   f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]")

    def _command(self, *arguments):
        return [*BOUND_TO_PARENT, "java", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
                class_path(self.cluster.version), *arguments]

    def _java(self, *arguments):
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True, timeout=START_S_MAX, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def launch(self):
        assert self.process is None
        self.starts += 1
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self._command("kafka.Kafka", f"{self.folder}/properties"), stdout=log, stderr=log)

    def wait_ready(self):
        until = time.monotonic() + START_S_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain), 1).close()
                return
            except OSError:
                text = self.log_path.read_text(errors="replace")[-3000:]
                assert time.monotonic() < until and self.process.poll() is None, f"the broker did not start:\n{text}"
                time.sleep(0.1)     # it says nothing when it is ready

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self._end()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def _end(self):
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Cluster:
    """Brokers that are running, and a client of theirs."""

    def __init__(self, folder, version, brokers=1):
        self.folder, self.version = folder / f"kafka-{version}", version
        self.id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.folder.mkdir()
        self._make_certificate()
        ports = free_ports(3 * brokers)
        self.brokers = []
        self.brokers += [Broker(self, 1 + i, ports[3 * i:3 * i + 3]) for i in range(brokers)]
        for broker in self.brokers:
            broker.prepare()
        for broker in self.brokers:
            broker.launch()
        self.plain = ",".join(f"127.0.0.1:{one.plain}" for one in self.brokers)
        self.secure = ",".join(f"localhost:{one.secure}" for one in self.brokers)
        self._admin = None
        self.wait_ready()

    def _make_certificate(self):
        certificate, key = self.folder / "ca.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        (self.folder / "server.pem").write_text(key.read_text() + certificate.read_text())

    def wait_ready(self):
        for broker in self.brokers:
            if broker.process is not None:
                broker.wait_ready()
        until = time.monotonic() + START_S_MAX
        while True:
            try:
                if len(self.admin().list_topics(timeout=5).brokers) >= len(self.brokers):
                    return
            except Exception:   # of any kind, until it is ready
                assert time.monotonic() < until, "the cluster does not answer"
            time.sleep(0.1)

    def stop(self):
        for broker in self.brokers:
            if broker.process is not None:
                broker.thaw()
                broker.kill()

    def settings(self):
        return {"bootstrap.servers": self.plain, "log_level": 0}

    def admin(self):
        """One for all calls: what it has begun ends with it."""
        from confluent_kafka.admin import AdminClient
        if self._admin is None:
            self._admin = AdminClient(self.settings())
        return self._admin

    def _done(self, futures):
        for future in futures.values():
            future.result(ANSWER_S_MAX)

    def create(self, topic, partitions=1, **config):
        from confluent_kafka.admin import NewTopic
        copies = min(len(self.brokers), 3)
        self._done(self.admin().create_topics([NewTopic(topic, partitions, copies, config={k.replace("_", "."): v for k, v in config.items()})]))
        self.wait_topic(topic, partitions)

    def wait_topic(self, topic, partitions):
        """Until the brokers' answers have as many partitions, each with a leader; 0: until it is gone."""
        until = time.monotonic() + ANSWER_S_MAX
        while True:
            found = self.admin().list_topics(timeout=10).topics.get(topic)
            there = {} if found is None or found.error else found.partitions
            if len(there) == partitions and all(one.leader >= 0 for one in there.values()):
                return
            assert time.monotonic() < until, f"{topic} has {len(there)} partitions and not {partitions}"
            time.sleep(0.1)

    def delete(self, topic):
        self._done(self.admin().delete_topics([topic]))
        self.wait_topic(topic, 0)

    def add_partitions(self, topic, total):
        from confluent_kafka.admin import NewPartitions
        self._done(self.admin().create_partitions([NewPartitions(topic, total)]))
        self.wait_topic(topic, total)

    def delete_records(self, topic, partition, before):
        from confluent_kafka import TopicPartition
        self._done(self.admin().delete_records([TopicPartition(topic, partition, before)]))

    def set_password(self, password):
        from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
        change = UserScramCredentialUpsertion(USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), password.encode())
        self._done(self.admin().alter_user_scram_credentials([change]))

    def send(self, topic, bodies, partition=None):
        """Each body is a message. Returns when all are acknowledged."""
        from confluent_kafka import Producer
        failed = []
        producer = Producer({**self.settings(), "linger.ms": 5, "message.max.bytes": 16_000_000})
        for body in bodies:
            producer.produce(topic, value=body, on_delivery=lambda error, _: failed.append(error) if error else None,
                             **({} if partition is None else {"partition": partition}))
            producer.poll(0)
        assert producer.flush(ANSWER_S_MAX) == 0 and not failed, failed[:3]

    def ends(self, topic, partitions):
        from confluent_kafka import Consumer, TopicPartition
        reader = Consumer({**self.settings(), "group.id": "ends"})
        try:
            return [reader.get_watermark_offsets(TopicPartition(topic, i), timeout=10)[1] for i in range(partitions)]
        finally:
            reader.close()

    def committed(self, group, topic, partitions):
        from confluent_kafka import Consumer, TopicPartition
        reader = Consumer({**self.settings(), "group.id": group})
        try:
            return [one.offset for one in reader.committed([TopicPartition(topic, i) for i in range(partitions)], timeout=10)]
        finally:
            reader.close()

    def wait_committed(self, group, topic, ends, timeout_s=60):
        from confluent_kafka import KafkaException
        until = time.monotonic() + timeout_s
        while True:
            try:
                at = self.committed(group, topic, len(ends))
            except KafkaException as error:     # a coordinator that is still being made
                at = error
            if at == ends:
                return
            assert time.monotonic() < until, f"{group} is at {at} of {ends}"
            time.sleep(0.1)
