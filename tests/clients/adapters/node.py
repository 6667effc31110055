"""Node: its https and fetch, Elasticsearch's client, splunk-logging, OpenTelemetry's exporters, axios, got, undici, superagent; winston, pino, bunyan, syslog-client and log4js."""
import shutil

from client import DATAGRAM, PROGRAMS, Client, pinned


def program(place, name):
    """Modules are found beside the program, so it stands in the kit."""
    if place.kit is None or not (place.kit / "node").exists():
        return PROGRAMS / "node" / name
    return shutil.copy(PROGRAMS / "node" / name, place.kit / "node" / name)


def run(place, name, *words):
    return ["env", f"NODE_EXTRA_CA_CERTS={place.authority}", "node", program(place, name), *words]


def posts(name, library, package=None, **more):
    def command(place):
        return run(place, "post.mjs", library, place.url, place.token, place.records)
    return Client(name=name, way="https", program="node", version=version(package), command=command, needs=needs(package), **more)


def logs(name, way, library, package, **more):
    def command(place):
        secret = [place.token] if way == "https" else []
        return run(place, "log.mjs", library, place.host, place.port, place.authority, *secret)
    return Client(name=name, way=way, program="node", version=version(package), command=command, feed="stdin", needs=needs(package), **more)


def speaks(name, library, package, **more):
    """By the protocol of another product."""
    def command(place):
        return run(place, "protocol.mjs", library, place.host, place.port, place.token, place.records)
    return Client(name=name, way="https", program="node", version=version(package), command=command, needs=needs(package), **more)


def version(package):
    return ("--version",) if package is None else pinned("node/package.json", f'"{package}": "([^"]+)"')


def needs(package):
    return () if package is None else (f"node/node_modules/{package}",)


WINSTON_END = "its end() loses what is behind the last multiple of 16 (findings/winston-end-loses-the-last.sh)"

OTLP_PATIENCE = "It gives a batch up when 10 s have passed, the wait for the answer included"

CLIENTS = [
    posts("Node https", "https"),
    posts("Node fetch", "fetch"),
    posts("Node fetch, chunked", "fetch_stream"),
    posts("axios", "axios", "axios"),
    posts("got", "got", "got"),
    posts("got, retry of POST", "got_retry", "got", again=True, shows_503=""),
    posts("undici", "undici", "undici"),
    posts("undici RetryAgent", "undici_retry", "undici", again=True, shows_503=""),
    posts("superagent", "superagent", "superagent", shows_401="Unauthorized", shows_503="Service Unavailable"),
    speaks("@elastic/elasticsearch bulk()", "elasticsearch_bulk", "@elastic/elasticsearch", again=True, shows_503="", asks_max=30),
    speaks("@elastic/elasticsearch helpers.bulk()", "elasticsearch_helper", "@elastic/elasticsearch", again=True, shows_503="", asks_max=60),
    speaks("splunk-logging", "splunk_logging", "splunk-logging", shows_401="Invalid token", shows_503="Server is busy"),
    speaks("OTLP exporter, JSON", "otlp_json", "@opentelemetry/exporter-logs-otlp-http", shows_401="Unauthorized", shows_503="", remark=OTLP_PATIENCE),
    speaks("OTLP exporter, protobuf", "otlp_protobuf", "@opentelemetry/exporter-logs-otlp-proto", shows_401="Unauthorized", shows_503="", remark=OTLP_PATIENCE),
    speaks("OTLP exporter, protobuf, gzip", "otlp_protobuf_gzip", "@opentelemetry/exporter-logs-otlp-proto", shows_401="Unauthorized", shows_503="", remark=OTLP_PATIENCE),
    logs("winston Http", "https", "winston_http", "winston", takes=1488, because=WINSTON_END),
    logs("winston Http, batches", "https", "winston_http_batch", "winston", takes=1488, because=WINSTON_END),
    logs("winston-syslog, TCP", "syslog_tcp", "winston_syslog_tcp", "winston-syslog", after_restart=1490),
    logs("winston-syslog, TCP, RFC 5424", "syslog_tcp", "winston_syslog_tcp_5424", "winston-syslog", after_restart=1490),
    logs("winston-syslog, UDP", "syslog_udp", "winston_syslog_udp", "winston-syslog", **DATAGRAM),
    logs("winston-syslog, TLS", "syslog_tls", "winston_syslog_tls", "winston-syslog"),
    logs("pino-socket, TCP", "syslog_tcp", "pino_socket_tcp", "pino-socket"),
    logs("pino-socket, TCP, recovery", "syslog_tcp", "pino_socket_tcp_recovery", "pino-socket", after_restart=1120),
    logs("pino-socket, UDP", "syslog_udp", "pino_socket_udp", "pino-socket", takes=0,
         because="it packs a burst into one datagram, and gives up if that is too long (findings/pino-socket-packs-datagrams.sh)"),
    logs("pino-syslog and pino-socket", "syslog_tcp", "pino_syslog_tcp", "pino-syslog"),
    logs("pino-syslog, messageOnly, newline", "syslog_tcp", "pino_syslog_message", "pino-syslog"),
    logs("pino-syslog, RFC 3164, newline", "syslog_tcp", "pino_syslog_old", "pino-syslog", takes=1496,
         because="it puts a sentence in the place of a longer message than 1,024 bytes"),
    logs("bunyan into a socket", "syslog_tcp", "bunyan_socket", "bunyan"),
    logs("syslog-client, TCP", "syslog_tcp", "syslog_client_tcp", "syslog-client"),
    logs("syslog-client, UDP", "syslog_udp", "syslog_client_udp", "syslog-client", **DATAGRAM),
    logs("log4js tcp", "syslog_tcp", "log4js_tcp", "log4js"),
]
