"""rsyslog: omfwd over TCP in both framings, UDP, and TLS by both drivers; omrelp, plain and TLS; omelasticsearch."""
from client import DATAGRAM, Client, find

HEAD = """global(maxMessageSize="1m" workDirectory="{place.folder}" defaultNetstreamDriverCAFile="{place.authority}")
module(load="imfile" mode="polling" pollingInterval="1")
{modules}
input(type="imfile" file="{place.records}" tag="cloudtrail:" ruleset="straykey")
ruleset(name="straykey" queue.type="linkedList" queue.size="100000") {{
  action({action} action.resumeRetryCount="-1" action.resumeInterval="1")
}}
"""
TLS = ('type="omfwd" target="127.0.0.1" port="{place.port}" protocol="tcp" TCP_Framing="octet-counted" '
       'template="RSYSLOG_SyslogProtocol23Format" StreamDriver="%s" StreamDriverMode="1" '
       'StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"')


def rsyslog(name, way, action, modules="", **more):
    def command(place):
        configuration = place.write("rsyslog.conf", HEAD.format(place=place, modules=modules, action=action.format(place=place)))
        words = [find("rsyslogd", place.kit), "-n", "-f", configuration, "-i", place.folder / "rsyslog.pid"]
        unpacked = place.kit / "debian/usr/lib/x86_64-linux-gnu/rsyslog" if place.kit else None
        return [*words, "-M", unpacked] if unpacked and unpacked.exists() else words
    return Client(name=name, way=way, program="rsyslogd", version=("-v",), command=command, feed="tail", **more)


ELASTICSEARCH = ('type="omelasticsearch" server="127.0.0.1" serverport="{place.port}" bulkmode="on" searchIndex="trail" '
                 'uid="any" pwd="{place.token}"')

# A document a request, each on a connection of its own.
ELASTICSEARCH_SINGLE = ELASTICSEARCH.replace('bulkmode="on" searchIndex="trail" ', "")

RELP = 'type="omrelp" target="127.0.0.1" port="{place.port}" template="RSYSLOG_SyslogProtocol23Format" '
RELP_TLS = RELP + ('tls="on" tls.caCert="{place.authority}" tls.authMode="name" tls.permittedPeer=["localhost"] ')

CLIENTS = [
    rsyslog("rsyslog omfwd, TCP", "syslog_tcp", 'type="omfwd" target="127.0.0.1" port="{place.port}" protocol="tcp"', after_restart=1500),
    rsyslog("rsyslog omfwd, TCP, octet-counted", "syslog_tcp", 'type="omfwd" target="127.0.0.1" port="{place.port}" protocol="tcp" '
            'TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"', after_restart=1500),
    rsyslog("rsyslog omfwd, UDP", "syslog_udp", 'type="omfwd" target="127.0.0.1" port="{place.port}" protocol="udp"',
            after_restart=1100, **DATAGRAM),
    rsyslog("rsyslog omfwd, TLS (ossl)", "syslog_tls", TLS % "ossl", after_restart=1500),
    rsyslog("rsyslog omfwd, TLS (gtls)", "syslog_tls", TLS % "gtls", after_restart=1500),
    rsyslog("rsyslog omrelp", "syslog_relp", RELP, modules='module(load="omrelp")', after_restart=1500),
    rsyslog("rsyslog omrelp, TLS (openssl)", "syslog_relp_tls", RELP_TLS, modules='module(load="omrelp" tls.tlslib="openssl")',
            after_restart=1500),
    rsyslog("rsyslog omelasticsearch", "http", ELASTICSEARCH, modules='module(load="omelasticsearch")', shows_401="does not return array",
            shows_503="Empty reply from server", again=True, asks_max=30),
    rsyslog("rsyslog omelasticsearch, single", "http", ELASTICSEARCH_SINGLE, modules='module(load="omelasticsearch")',
            shows_401="", shows_503="Empty reply from server", again=True, asks_max=30, slow_s=30,
            remark="It gives up what was refused with any reply, without a word"),
]
