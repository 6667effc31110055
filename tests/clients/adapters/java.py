"""Java: HttpClient, HttpURLConnection, OkHttp; logback's SyslogAppender; log4j's Syslog, Socket and Http appenders."""
import subprocess

from client import DATAGRAM, Client, pinned

PASSWORD = "changeit"
LOGBACK = """<configuration>
<appender name="out" class="ch.qos.logback.classic.net.SyslogAppender">
<syslogHost>{place.host}</syslogHost><port>{place.port}</port><facility>LOCAL0</facility><suffixPattern>%msg</suffixPattern>
</appender><root level="info"><appender-ref ref="out"/></root></configuration>
"""
LOG4J = """<Configuration status="warn"><Appenders>{appender}</Appenders>
<Loggers><Root level="info"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""
SYSLOG = '<Syslog name="out" format="RFC5424" host="{place.host}" port="{place.port}" appName="cloudtrail" facility="LOCAL0" %s</Syslog>'
TRUST = '<Ssl><TrustStore location="{trust}" password="changeit" type="PKCS12"/></Ssl>'


def trust(place):
    """The authority as Java wants it."""
    store = place.folder / "trust.p12"
    subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(place.authority), "-keystore", str(store),
                    "-storetype", "PKCS12", "-storepass", PASSWORD], check=True, capture_output=True)
    return store


def run(place, program, *options):
    return ["java", "-Xshare:auto", *options, "-cp", f"{place.kit}/java/classes:{place.kit}/java/libraries/*", program]


def posts(name, library, artifact=None, **more):
    def command(place):
        return [*run(place, "Post", f"-Djavax.net.ssl.trustStore={trust(place)}", f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"),
                library, place.url, place.token, place.records]
    return Client(name=name, way="https", program="java", version=version(artifact), command=command, needs=("java/classes",), **more)


def logs(name, way, library, configuration, artifact, **more):
    def command(place):
        text = configuration.format(place=place, trust=trust(place))
        if library == "logback":
            return [*run(place, "Log", f"-Dlogback.configurationFile={place.write('logback.xml', text)}"), library]
        text = LOG4J.format(appender=text)
        return [*run(place, "Log", f"-Dlog4j2.configurationFile={place.write('log4j2.xml', text)}"), library]
    return Client(name=name, way=way, program="java", version=version(artifact), command=command, feed="stdin", needs=("java/classes",), **more)


def version(artifact):
    return ("--version",) if artifact is None else pinned("java/pom.xml", f"<artifactId>{artifact}</artifactId><version>([^<]+)")


CLIENTS = [
    posts("Java HttpClient", "HttpClient"),
    posts("Java HttpURLConnection, streaming", "HttpURLConnection"),
    posts("OkHttp", "OkHttp", "okhttp"),
    logs("logback SyslogAppender", "syslog_udp", "logback", LOGBACK, "logback-classic", **DATAGRAM),
    logs("log4j Syslog, TCP", "syslog_tcp", "log4j", SYSLOG % 'protocol="TCP" newLine="true">', "log4j-core"),
    logs("log4j Syslog, UDP", "syslog_udp", "log4j", SYSLOG % 'protocol="UDP">', "log4j-core", **DATAGRAM),
    logs("log4j Syslog, TLS", "syslog_tls", "log4j", SYSLOG % f'protocol="SSL" useTlsMessageFormat="true">{TRUST}', "log4j-core"),
    logs("log4j Socket, TCP", "syslog_tcp", "log4j",
         '<Socket name="out" host="{place.host}" port="{place.port}" protocol="TCP"><PatternLayout pattern="%m%n"/></Socket>', "log4j-core"),
    logs("log4j Http", "https", "log4j", '<Http name="out" url="{place.url}"><Property name="Authorization" value="Bearer {place.token}"/>'
         f'{TRUST}<PatternLayout pattern="%m"/></Http>', "log4j-core", takes=256,
         because="it opens a connection for each record; what comes while 256 are open is lost (findings/log4j-http-connections.sh)"),
]
