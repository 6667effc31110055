// Logs each line of standard input through slf4j and logback, or log4j's own interface: Log logback|log4j.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

public class Log {
  public static void main(String[] words) throws Exception {
    boolean logback = words[0].equals("logback");
    Consumer<String> log = logback ? org.slf4j.LoggerFactory.getLogger("cloudtrail")::info
                                   : org.apache.logging.log4j.LogManager.getLogger("cloudtrail")::info;
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        log.accept(line);
      } catch (RuntimeException error) {
        System.out.println(error);
      }
    }
    if (logback) {
      ((ch.qos.logback.classic.LoggerContext) org.slf4j.LoggerFactory.getILoggerFactory()).stop();
    } else {
      org.apache.logging.log4j.LogManager.shutdown();
    }
  }
}
