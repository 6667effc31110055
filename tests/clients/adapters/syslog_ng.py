"""syslog-ng: http() with one record and with batches, syslog() and network() over TCP, UDP and TLS."""
from client import DATAGRAM, Client, find

HEAD = """@version: 3.38
options {{ log-msg-size(1048576); stats-freq(0); time-reopen(1); }};
source s_trail {{ file("{place.records}" flags(no-parse) follow-freq(1) log-iw-size(10000)); }};
destination d_straykey {{ {destination} }};
log {{ source(s_trail); destination(d_straykey); flags(flow-control); }};
"""
HTTP = ('http(url("{place.url}") method("POST") headers("Authorization: Bearer {place.token}") body("$MSG") '
        'tls(ca-file("{place.authority}")) time-reopen(1) %s);')
TLS = 'tls(ca-file("{place.authority}"))'


def syslog_ng(name, way, destination, **more):
    def command(place):
        configuration = place.write("syslog-ng.conf", HEAD.format(place=place, destination=destination.format(place=place)))
        words = [find("syslog-ng", place.kit), "-F", "-e", "--no-caps", "-f", configuration, "-R", place.folder / "persist",
                 "-p", place.folder / "pid", "-c", place.folder / "control"]
        unpacked = place.kit / "debian/usr/lib/syslog-ng/3.38" if place.kit else None
        return [*words, "--module-path", unpacked] if unpacked and unpacked.exists() else words
    return Client(name=name, way=way, program="syslog-ng", version=("--version",), command=command, feed="tail", **more)


CLIENTS = [
    syslog_ng("syslog-ng http()", "https", HTTP % "", again=True),
    syslog_ng("syslog-ng http(), batches", "https", HTTP % 'batch-lines(500) batch-timeout(1000) delimiter("\\n")', again=True),
    syslog_ng("syslog-ng syslog(), TCP", "syslog_tcp", 'syslog("127.0.0.1" port({place.port}) transport("tcp"));', after_restart=1490),
    syslog_ng("syslog-ng syslog(), UDP", "syslog_udp", 'syslog("127.0.0.1" port({place.port}) transport("udp"));', after_restart=1100, **DATAGRAM),
    syslog_ng("syslog-ng syslog(), TLS", "syslog_tls", f'syslog("localhost" port({{place.port}}) transport("tls") {TLS});', after_restart=1490),
    syslog_ng("syslog-ng network(), TCP", "syslog_tcp", 'network("127.0.0.1" port({place.port}) template("$MSG\\n"));', after_restart=1490),
    syslog_ng("syslog-ng network(), UDP", "syslog_udp", 'network("127.0.0.1" port({place.port}) transport("udp") template("$MSG\\n"));',
              after_restart=1100, **DATAGRAM),
    syslog_ng("syslog-ng network(), TLS", "syslog_tls", f'network("localhost" port({{place.port}}) transport("tls") template("$MSG\\n") {TLS});', after_restart=1490),
]
