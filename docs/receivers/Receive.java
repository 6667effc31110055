// Takes straykey's webhooks: java Receive.java PORT SECRET_FILE. Java 17 or newer, nothing besides.
// SECRET_FILE has one whsec_ secret a line. While one replaces another, have both.
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receive {
  static final long CLOCK_DIFFERENCE_SECONDS_MAX = 300;
  static final int BODY_BYTES_MAX = 256 * 1024;
  static final List<byte[]> secrets = new ArrayList<>();
  static final Set<String> taken = new HashSet<>();  // ids that came; yours belong into your database, so that a restart does not forget them

  static String header(Headers headers, String name) {
    String value = headers.getFirst(name);
    return value == null ? "" : value;
  }

  // body: the bytes as they came. Whoever parses them first checks something else.
  static boolean isGenuine(Headers headers, byte[] body) throws GeneralSecurityException {
    String id = header(headers, "webhook-id");
    String timestamp = header(headers, "webhook-timestamp");
    if (id.isEmpty() || !timestamp.matches("[0-9]{1,12}")) return false;
    long difference = System.currentTimeMillis() / 1000 - Long.parseLong(timestamp);
    if (Math.abs(difference) > CLOCK_DIFFERENCE_SECONDS_MAX) return false;  // somebody sends an old message again
    for (String word : header(headers, "webhook-signature").split(" ")) {
      if (!word.startsWith("v1,")) continue;
      byte[] sent = word.substring(3).getBytes(StandardCharsets.US_ASCII);
      for (byte[] secret : secrets) {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
        if (MessageDigest.isEqual(sent, Base64.getEncoder().encode(mac.doFinal(body)))) return true;
      }
    }
    return false;
  }

  // What you want done. Be quick: straykey waits 15 s. Java has no JSON of its own: have your library read `body`, this finds two members only.
  static void take(String body) {
    System.out.println(member(body, "type") + " " + member(body, "id"));
  }

  static String member(String body, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"([\\w.]*)\"").matcher(body);
    return found.find() ? found.group(1) : "";
  }

  static int statusOf(HttpExchange exchange) throws IOException, GeneralSecurityException {
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
    if (body.length > BODY_BYTES_MAX) return 413;
    if (!isGenuine(exchange.getRequestHeaders(), body)) return 401;
    synchronized (taken) {
      String id = exchange.getRequestHeaders().getFirst("webhook-id");
      if (!taken.contains(id)) {
        take(new String(body, StandardCharsets.UTF_8));
        taken.add(id);
      }
    }
    return 204;  // only now: after any other answer, or none, it comes again
  }

  static void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(statusOf(exchange), -1);
    } catch (GeneralSecurityException error) {
      throw new IOException(error);
    }
  }

  public static void main(String[] arguments) throws IOException {
    for (String line : Files.readAllLines(Path.of(arguments[1]))) {
      if (!line.isBlank()) secrets.add(Base64.getDecoder().decode(line.strip().replaceFirst("^whsec_", "")));
    }
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
    server.createContext("/", Receive::receive);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.start();
  }
}
