"""What is on every machine: logger, ncat, nc, socat, openssl, bash and BusyBox, fed by standard input."""
from client import DATAGRAM, Client

CUT_1024 = {"takes": 1496, "because": "it cuts longer ones at 1,024 bytes"}


def logger(*words):
    def command(place):
        return ["logger", "-n", place.host, "-P", place.port, "-t", "cloudtrail", *words]
    return command


def at(*words):
    """Words with {host}, {port} and {authority} in them."""
    def command(place):
        return [word.format(host=place.host, port=place.port, authority=place.authority) for word in words]
    return command


def busybox(place):
    """syslogd listens at /dev/log and nowhere else, so it gets a /dev of its own."""
    return ["unshare", "--mount", "sh", "-c", f"""set -e
mkdir dev && mount -t tmpfs tmpfs dev && mknod -m 666 dev/null c 1 3 && mount --move dev /dev
busybox syslogd -n -R {place.host}:{place.port} -O {place.folder}/messages &
until [ -S /dev/log ]; do sleep 0.1; done
logger --size 1MiB -t cloudtrail; sleep 1; kill $!"""]


def shell(name, way, program, command, version=("--version",), **more):
    return Client(name=name, way=way, program=program, version=version, command=command, feed="stdin", **more)


CLIENTS = [
    shell("logger -T --octet-count --size 1MiB", "syslog_tcp", "logger", logger("-T", "--octet-count", "--size", "1MiB")),
    shell("logger -T --size 1MiB", "syslog_tcp", "logger", logger("-T", "--size", "1MiB")),
    shell("logger -T", "syslog_tcp", "logger", logger("-T"), **CUT_1024),
    shell("logger -d --size 60KiB", "syslog_udp", "logger", logger("-d", "--size", "60KiB"), **DATAGRAM),
    shell("logger -d --rfc3164", "syslog_udp", "logger", logger("-d", "--rfc3164"), **CUT_1024),
    shell("ncat", "syslog_tcp", "ncat", at("ncat", "{host}", "{port}")),
    shell("ncat --ssl", "syslog_tls", "ncat", at("ncat", "--ssl", "{host}", "{port}")),
    shell("ncat -u", "syslog_udp", "ncat", at("ncat", "-u", "{host}", "{port}"), takes=1300,
          because="it cuts its input every 8,192 bytes, wherever that is"),
    shell("nc -N (OpenBSD)", "syslog_tcp", "nc.openbsd", at("nc.openbsd", "-N", "{host}", "{port}"), ("-h",)),
    shell("nc -u (OpenBSD)", "syslog_udp", "nc.openbsd", at("nc.openbsd", "-u", "-w1", "{host}", "{port}"), ("-h",),
          takes=1380, because="it cuts its input every 16,384 bytes, wherever that is"),
    shell("socat, TCP", "syslog_tcp", "socat", at("socat", "-u", "STDIN", "TCP:{host}:{port}"), ("-V",)),
    shell("socat, TLS", "syslog_tls", "socat", at("socat", "-u", "STDIN", "OPENSSL:localhost:{port},cafile={authority}"), ("-V",)),
    shell("openssl s_client -quiet", "syslog_tls", "openssl", at("openssl", "s_client", "-quiet", "-no_ign_eof", "-CAfile", "{authority}", "-connect", "{host}:{port}"),
          ("version",)),
    shell("bash, /dev/tcp", "syslog_tcp", "bash", at("bash", "-c", "cat > /dev/tcp/{host}/{port}")),
    shell("bash, a datagram a line", "syslog_udp", "bash",
          at("bash", "-c", "while IFS= read -r line; do printf %s \"$line\" > /dev/udp/{host}/{port} || true; done"),
          takes=1496, because="it writes 4,096 bytes at a time"),
    shell("BusyBox syslogd -R", "syslog_udp", "busybox", busybox, ("--help",), **CUT_1024),
]
