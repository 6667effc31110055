"""Python: its standard library, requests, httpx and aiohttp, handlers of logging for syslog and HTTP, and clients of Elasticsearch, Splunk and OpenTelemetry."""
from client import DATAGRAM, PROGRAMS, Client, pinned

SDK = "opentelemetry-exporter-otlp-proto-http"
POST, LOG, PROTOCOL = (PROGRAMS / "python" / name for name in ("post.py", "log.py", "protocol.py"))


def interpreter(place):
    return place.kit / "python/bin/python" if place.kit and (place.kit / "python").exists() else "python3"


def posts(name, library, module=None, **more):
    def command(place):
        return [interpreter(place), POST, library, place.url, place.token, place.authority, place.records]
    return Client(name=name, way="https", program="python3", version=version(module), command=command, needs=needs(module), **more)


def logs(name, way, handler, module=None, **more):
    def command(place):
        secret = [place.token] if way == "https" else []
        return [interpreter(place), LOG, handler, place.host, place.port, place.authority, *secret]
    return Client(name=name, way=way, program="python3", version=version(module), command=command, feed="stdin", needs=needs(module), **more)


def speaks(name, library, package, **more):
    """By the protocol of another product."""
    def command(place):
        return [interpreter(place), PROTOCOL, library, place.host, place.port, place.token, place.authority, place.records]
    return Client(name=name, way="https", program="python3", version=version(package), command=command,
                  needs=needs(package), **more)


def version(package):
    """Of Python itself, or of a package."""
    return ("--version",) if package is None else pinned("python/requirements.txt", f"(?m)^{package}==(.+)$")


def needs(module):
    return () if module is None else ("python/bin/python",)


CLIENTS = [
    posts("Python http.client", "http_client"),
    posts("Python urllib", "urllib"),
    posts("Python requests", "requests", "requests"),
    posts("Python requests, urllib3's Retry", "requests_retry", "requests", again=True, shows_503=""),
    posts("Python httpx", "httpx", "httpx"),
    posts("Python aiohttp", "aiohttp", "aiohttp"),
    posts("Python aiohttp, chunked", "aiohttp_chunked", "aiohttp"),
    speaks("Python elasticsearch helpers.bulk()", "elasticsearch", "elasticsearch", again=True, shows_503=""),
    speaks("Python splunk-handler", "splunk_handler", "splunk-handler", shows_401="403", again=True, shows_503=""),
    speaks("Python splunk-hec-handler", "splunk_hec_handler", "splunk-hec-handler", shows_401="403"),
    speaks("OpenTelemetry SDK for Python, OTLP", "otlp", SDK, shows_503="Failed to export",
           remark="It gives a batch up when 10 s have passed, the wait for the answer included"),
    logs("Python logging HTTPHandler", "https", "http_form", takes=0, because="it sends web forms, not JSON"),
    logs("Python logging SysLogHandler, TCP", "syslog_tcp", "sys_log_tcp"),
    logs("Python logging SysLogHandler, UDP", "syslog_udp", "sys_log_udp", after_restart=1000, **DATAGRAM),
    logs("Python rfc5424-logging-handler, TCP", "syslog_tcp", "rfc5424_tcp", "rfc5424-logging-handler", after_restart=1120),
    logs("Python rfc5424-logging-handler, UDP", "syslog_udp", "rfc5424_udp", "rfc5424-logging-handler", after_restart=1000, **DATAGRAM),
    logs("Python rfc5424-logging-handler, TLS", "syslog_tls", "rfc5424_tls", "rfc5424-logging-handler", after_restart=1120),
    logs("Python loguru and SysLogHandler, TCP", "syslog_tcp", "loguru", "loguru"),
]
