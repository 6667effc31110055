#!/usr/bin/env bash
# librdkafka up to 2.6.0 cannot log in to Apache Kafka 4.4.0 with SCRAM: "invalid credentials", though they are right.
# Kafka 3.9.2 takes the same login.
#
# Guess:  a difference of iteration counts, salts or channel binding between the two brokers.
# Seen:   none of these. In SCRAM's last message the client repeats the nonce that the server sent, which begins with
#         the client's own already. librdkafka up to 2.6.0 puts its own in front once more (mended in 2.6.1, its pull
#         request 4895). Kafka 3.9.2 takes a nonce that ends as it should; 4.4.0 wants it to be the same. The broker
#         does not say so: both sides speak of credentials.
# Why:    Debian 12 has librdkafka 2.0.2. Whoever upgrades their brokers sees their trail stop with an error that sends
#         them after a password; changing it changes nothing.
# Peers:  Apache Kafka 4.4.0 and 3.9.2 (Maven), confluent-kafka 2.0.2, 2.6.0, 2.6.1 and 2.16.1 (PyPI; each with the
#         librdkafka of its number), OpenJDK 17
# Seen on: 2026-12-01
# Run:    findings/librdkafka-scram-doubles-the-nonce.sh     (java, mvn, python3; about three minutes)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 4.4.0 3.9.2; do
    cat >pom.xml <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>finding</groupId>
<artifactId>broker</artifactId><version>1</version><packaging>pom</packaging><dependencies><dependency>
<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency></dependencies></project>
XML
    mvn -q -B dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$folder/$version"
done
for version in 2.0.2 2.6.0 2.6.1 2.16.1; do
    python3 -m venv "client-$version"
    "client-$version/bin/pip" -q install "confluent-kafka==$version"
done

# A broker with one user; its SASL listener is told to others as a port on which a proxy listens.
cat >login.py <<'PY'
import sys

from confluent_kafka.admin import AdminClient

errors = []
client = AdminClient({"bootstrap.servers": sys.argv[1], "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
                      "sasl.username": "user", "sasl.password": "right-password", "log_level": 0,
                      "error_cb": lambda error: errors.append(error.name())})
try:
    client.list_topics(timeout=15)
    print("logged in")
except Exception:
    client.poll(2)
    print("refused" if "_AUTHENTICATION" in errors else "failed: " + ",".join(errors))
PY
cat >session.py <<'PY'
import re, socket, subprocess, sys, threading, time

folder, version = sys.argv[1:]
USER = "SCRAM-SHA-512=[name=user,password=right-password,iterations=4096]"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Proxy:
    """Passes bytes on to the broker, and keeps those of each connection's client and server."""

    def __init__(self, to):
        self.to, self.sent, self.answered = to, b"", b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            broker = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.pump, args=(client, broker, "sent"), daemon=True).start()
            threading.Thread(target=self.pump, args=(broker, client, "answered"), daemon=True).start()

    def pump(self, come, go, name):
        try:
            while data := come.recv(65536):
                setattr(self, name, getattr(self, name) + data)
                go.sendall(data)
        except OSError:
            pass
        go.close()


def nonces(proxy):
    """How the nonce of the client's last message follows from the server's."""
    own = re.search(rb"n=user,r=([!-+\--~]+)", proxy.sent).group(1)
    servers = re.search(rb"r=([!-+\--~]+),s=", proxy.answered).group(1)
    last = re.search(rb"c=biws,r=([!-+\--~]+),p=", proxy.sent).group(1)
    assert servers.startswith(own) and servers != own
    return "the server's nonce" if last == servers else "its own nonce, then the server's" if last == own + servers else "another nonce"


sasl, controller, own = free_port(), free_port(), free_port()
proxy = Proxy(sasl)
with open(f"{folder}/properties-{version}", "w") as out:
    out.write(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=OWN
listeners=SASL://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller},OWN://127.0.0.1:{own}
advertised.listeners=SASL://127.0.0.1:{proxy.port},OWN://127.0.0.1:{own}
listener.security.protocol.map=SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT,OWN:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs={folder}/data-{version}
""")
java = ["java", "-Xmx384m", "-cp", f"{folder}/{version}/*"]
subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", f"{folder}/properties-{version}",
                "--add-scram", USER], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
with open(f"{folder}/log-{version}", "wb") as log:
    broker = subprocess.Popen([*java, "kafka.Kafka", f"{folder}/properties-{version}"], stdout=log, stderr=log)
try:
    for _ in range(900):
        try:
            socket.create_connection(("127.0.0.1", sasl), 1).close()
            break
        except OSError:
            assert broker.poll() is None, open(f"{folder}/log-{version}").read()[-2000:]
            time.sleep(0.1)
    time.sleep(5)   # until it has read its users
    for client in ("2.0.2", "2.6.0", "2.6.1", "2.16.1"):
        proxy.sent = proxy.answered = b""
        seen = subprocess.run([f"{folder}/client-{client}/bin/python", f"{folder}/login.py", f"127.0.0.1:{proxy.port}"],
                              capture_output=True, text=True, timeout=60).stdout.strip()
        print(f"Kafka {version}, librdkafka {client}: {seen}; it sent {nonces(proxy)}", flush=True)
finally:
    broker.kill()
    broker.wait()
PY
for version in 4.4.0 3.9.2; do timeout 200 python3 session.py "$folder" "$version"; done | tee seen
cat >stated <<'TEXT'
Kafka 4.4.0, librdkafka 2.0.2: refused; it sent its own nonce, then the server's
Kafka 4.4.0, librdkafka 2.6.0: refused; it sent its own nonce, then the server's
Kafka 4.4.0, librdkafka 2.6.1: logged in; it sent the server's nonce
Kafka 4.4.0, librdkafka 2.16.1: logged in; it sent the server's nonce
Kafka 3.9.2, librdkafka 2.0.2: logged in; it sent its own nonce, then the server's
Kafka 3.9.2, librdkafka 2.6.0: logged in; it sent its own nonce, then the server's
Kafka 3.9.2, librdkafka 2.6.1: logged in; it sent the server's nonce
Kafka 3.9.2, librdkafka 2.16.1: logged in; it sent the server's nonce
TEXT
if ! diff stated seen; then
    echo "CHANGED: which librdkafka logs in to which Kafka with SCRAM is not what this finding states"
    exit 1
fi
echo "as stated: librdkafka up to 2.6.0 repeats its nonce in SCRAM, and Kafka 4.4.0 refuses that as wrong credentials"
