// Posts a file: Post LIBRARY URL TOKEN FILE. Prints the status and the answer; exit code 1 unless 200.
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;

public class Post {
  record Answer(int status, String text) {}

  static Answer httpClient(String url, String token, Path file) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + token)
        .POST(HttpRequest.BodyPublishers.ofFile(file)).build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    return new Answer(answer.statusCode(), answer.body());
  }

  static Answer urlConnection(String url, String token, Path file) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setDoOutput(true);
    connection.setRequestProperty("Authorization", "Bearer " + token);
    connection.setFixedLengthStreamingMode(Files.size(file));
    try (var body = connection.getOutputStream()) {
      Files.copy(file, body);
    }
    int status = connection.getResponseCode();
    try (var answer = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return new Answer(status, answer == null ? "and no body" : new String(answer.readAllBytes()));
    }
  }

  static Answer okHttp(String url, String token, Path file) throws Exception {
    Request request = new Request.Builder().url(url).header("Authorization", "Bearer " + token)
        .post(RequestBody.create(file.toFile(), null)).build();
    try (var answer = new OkHttpClient().newCall(request).execute()) {
      return new Answer(answer.code(), answer.body().string());
    }
  }

  interface Library {
    Answer post(String url, String token, Path file) throws Exception;
  }

  public static void main(String[] words) {
    Map<String, Library> libraries = Map.of("HttpClient", Post::httpClient, "HttpURLConnection", Post::urlConnection, "OkHttp", Post::okHttp);
    try {
      Answer answer = libraries.get(words[0]).post(words[1], words[2], Path.of(words[3]));
      System.out.println(answer.status() + " " + answer.text().trim());
      System.exit(answer.status() == 200 ? 0 : 1);
    } catch (Exception error) {
      System.out.println(error);
      System.exit(1);
    }
  }
}
