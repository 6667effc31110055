#!/usr/bin/env bash
# log4j's Http appender opens a new TLS connection for every record and leaves it open, as soon as it is given an <Ssl>.
#
# Guess:  the appender posts each record through HttpURLConnection, which keeps its connection for the next request; over
#         HTTPS as over HTTP.
# Seen:   50 records to a server that keeps connections: over HTTP they go through 1 connection, over HTTPS with the
#         JVM's own trust store through 1 as well. With an <Ssl> element in the configuration, which is how the manual
#         says to trust a private authority, through 50, most of them still open after the last record.
# Why:    the appender asks its SSLContext for a new socket factory at each record, and the JDK keeps connections by
#         factory, so none is ever found again; each lies idle until the server or the JDK's timer of seconds ends it. A
#         receiver that limits the connections of one address refuses what comes next, and log4j says so of
#         the first few records only. Such a sender needs -Djavax.net.ssl.trustStore instead of <Ssl>.
# Peers:  log4j-core and log4j-api 2.26.1 (Maven), OpenJDK 17; the receiver is the JDK's own HttpServer
# Seen on: 2026-11-30
# Run:    findings/log4j-http-connections.sh     (java, keytool and mvn; about 15 s)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>example</groupId><artifactId>finding</artifactId><version>0</version>
  <dependencies>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.26.1</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=libraries >mvn.log 2>&1 || { cat mvn.log; exit 1; }
keytool -genkeypair -alias server -keyalg EC -dname CN=localhost -ext san=ip:127.0.0.1 -keystore server.p12 -storetype PKCS12 \
    -storepass changeit -validity 2 2>/dev/null

cat >Count.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.Configurator;

public class Count {
  static final String RECORD = "{\"eventVersion\":\"1.11\",\"eventName\":\"GetCallerIdentity\"}";
  static final int RECORDS = 50;

  static HttpServer server(String scheme) throws Exception {
    var address = new InetSocketAddress("127.0.0.1", 0);
    if (scheme.equals("http")) return HttpServer.create(address, 0);
    var store = KeyStore.getInstance("PKCS12");
    store.load(new FileInputStream("server.p12"), "changeit".toCharArray());
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, "changeit".toCharArray());
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    var made = HttpsServer.create(address, 0);
    made.setHttpsConfigurator(new HttpsConfigurator(context));
    return made;
  }

  static long open(int port) throws Exception {
    long found = 0;
    for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
      found += Files.readAllLines(Path.of(table)).stream().map(line -> line.trim().split("\\s+"))
          .filter(words -> words[2].endsWith(String.format(":%04X", port)) && words[3].equals("01")).count();
    }
    return found;
  }

  static void log(String name, String scheme, String ssl) throws Exception {
    HttpServer server = server(scheme);
    Set<InetSocketAddress> peers = ConcurrentHashMap.newKeySet();
    var records = new AtomicInteger();
    server.createContext("/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      peers.add(exchange.getRemoteAddress());
      records.incrementAndGet();
      exchange.sendResponseHeaders(200, 2);
      exchange.getResponseBody().write("ok".getBytes());
      exchange.close();
    });
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    int port = server.getAddress().getPort();
    String configuration = "<Configuration status=\"warn\"><Appenders><Http name=\"out\" url=\"" + scheme + "://127.0.0.1:" + port + "/\">"
        + ssl + "<PatternLayout pattern=\"%m\"/></Http></Appenders>"
        + "<Loggers><Root level=\"info\"><AppenderRef ref=\"out\"/></Root></Loggers></Configuration>";
    var context = Configurator.initialize(null, new ConfigurationSource(new ByteArrayInputStream(configuration.getBytes())));
    for (int record = 0; record < RECORDS; ++record) context.getLogger("trail").info(RECORD);
    String left = peers.size() == 1 ? "" : open(port) > RECORDS / 2 ? ", most still open" : ", most closed";
    System.out.println(name + ": " + records + " records, connections: " + peers.size() + left);
    Configurator.shutdown(context);
    server.stop(0);
  }

  public static void main(String[] words) throws Exception {
    System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
    log("http", "http", "");
    log("https, trust store of the JVM", "https", "");
    log("https, <Ssl>", "https", "<Ssl><TrustStore location=\"server.p12\" password=\"changeit\" type=\"PKCS12\"/></Ssl>");
    System.exit(0);
  }
}
JAVA
java -Djavax.net.ssl.trustStore=server.p12 -Djavax.net.ssl.trustStorePassword=changeit \
    -cp "$(echo libraries/log4j-*.jar | tr ' ' ':')" Count.java | tee seen
cat >stated <<'TEXT'
http: 50 records, connections: 1
https, trust store of the JVM: 50 records, connections: 1
https, <Ssl>: 50 records, connections: 50, most still open
TEXT
if ! diff stated seen; then
    echo "CHANGED: how many connections log4j's Http appender opens is not what this finding states"
    exit 1
fi
echo "as stated: with <Ssl> each record gets a connection of its own, which stays open"
