"""The configurations that docs/senders shows, as they stand there: only names, ports, paths and the token are those of the trial."""
import re
from pathlib import Path

from client import Client, find

PAGES = Path(__file__).resolve().parents[3] / "docs/senders"
MARKED = re.compile(r"<!-- run: ([^;]+); way: (\w+) -->\n```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
PORTS = re.compile(r"\b(?:8443|6514|5514|2514|2515)\b")


def example(page, name):
    """-> (way, text) of a marked block."""
    found = {each.group(1): (each.group(2), each.group(3)) for each in MARKED.finditer((PAGES / page).read_text())}
    return found[name]


def fitted(text, place):
    for shown, here in (("/var/log/cloudtrail/trail.ndjson", place.records), ("/etc/straykey-ca.pem", place.authority), ("/var/lib/sender", place.folder),
                        ("straykey.example.com", "localhost"), ("INGEST_TOKEN", place.token)):
        text = text.replace(shown, str(here))
    return PORTS.sub(str(place.port), text)


def sender(page, name, words, program, **more):
    """words: (place, path of the configuration) -> the command."""
    way, text = example(page, name)

    def command(place):
        return words(place, place.write("as-shown", fitted(text, place)))
    return Client(name=f"{name}, as docs/senders says", way=way, program=program, command=command, **more)


def rsyslogd(place, configuration):
    unpacked = place.kit / "debian/usr/lib/x86_64-linux-gnu/rsyslog" if place.kit else None
    words = [find("rsyslogd", place.kit), "-n", "-f", configuration, "-i", place.folder / "rsyslog.pid"]
    return [*words, "-M", unpacked] if unpacked and unpacked.exists() else words


def syslog_ng(place, configuration):
    unpacked = place.kit / "debian/usr/lib/syslog-ng/3.38" if place.kit else None
    words = [find("syslog-ng", place.kit), "-F", "-e", "--no-caps", "-f", configuration, "-R", place.folder / "persist", "-p", place.folder / "pid",
             "-c", place.folder / "control"]
    return [*words, "--module-path", unpacked] if unpacked and unpacked.exists() else words


def collector(place, configuration):
    return [find("otelcol-contrib", place.kit), f"--config={configuration}", "--set=service::telemetry::metrics::level=none"]


def fluent_bit(place, configuration):
    named = place.folder / "as-shown.yaml"      # it tells the format by the name
    configuration.rename(named)
    return [find("fluent-bit", place.kit), "-c", named]


def shell(place, configuration):
    return [find("bash", place.kit), "-o", "pipefail", configuration]


CLIENTS = [
    sender("rsyslog.md", "rsyslog, RELP over TLS", rsyslogd, "rsyslogd", version=("-v",), feed="tail", after_restart=1500),
    sender("rsyslog.md", "rsyslog, syslog over TLS", rsyslogd, "rsyslogd", version=("-v",), feed="tail", after_restart=1500),
    sender("syslog-ng.md", "syslog-ng, HTTPS in batches", syslog_ng, "syslog-ng", version=("--version",), feed="tail", again=True),
    sender("syslog-ng.md", "syslog-ng, syslog over TLS", syslog_ng, "syslog-ng", version=("--version",), feed="tail", after_restart=1490),
    sender("opentelemetry-collector.md", "OpenTelemetry Collector", collector, "otelcol-contrib", version=("--version",), feed="tail", again=True),
    sender("fluent-bit.md", "Fluent Bit", fluent_bit, "fluent-bit", version=("--version",), feed="tail", again=True),
    sender("splunk-hec.md", "Splunk's Event Collector with curl", shell, "jq", version=("--version",), shows_401="403"),
]

shown = {f"{each.group(1)}, as docs/senders says" for page in PAGES.glob("*.md") for each in MARKED.finditer(page.read_text())}
assert shown == {each.name for each in CLIENTS}, f"marked as run, and not run, or the other way round: {shown ^ {each.name for each in CLIENTS}}"
