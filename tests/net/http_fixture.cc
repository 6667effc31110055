#include "tests/net/http_fixture.h"

#include <chrono>

#include "net/admin/metrics_text.h"
#include "tests/support/self_signed.h"

#include <doctest/doctest.h>

namespace straykey {

Seconds now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string post_text(const std::string& path, const std::string& body, const std::string& more_headers) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + kIngestToken +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + body;
}

HttpTimeouts HttpFixture::short_timeouts() {
  using std::chrono::milliseconds;
  HttpTimeouts timeouts;
  timeouts.handshake = timeouts.head = timeouts.body = timeouts.idle = timeouts.answer = milliseconds(200);
  timeouts.body_per_64_kib = milliseconds(1);
  timeouts.linger = milliseconds(200);
  timeouts.tick = milliseconds(10);
  return timeouts;
}

HttpFixture::HttpFixture(Settings settings, const std::function<void(HttpRouter&)>& more)
    : log(Log::Settings{LogLevel::error, false}),
      runtime(std::make_unique<IoRuntime>(IoRuntime::Settings{2}, log, metrics)),
      auth(std::make_shared<Authenticator>(settings.auth)),
      budget(std::make_shared<ByteBudget>(settings.bytes_in_flight_max)),
      tls_(settings.tls) {
  files = {directory.path() + "/server.pem", directory.path() + "/server.key"};
  const SelfSigned pair = make_self_signed(now_seconds() - 3'600, now_seconds() + 3'600);
  write_file(files.certificate, pair.certificate_pem, 0644);
  write_file(files.key, pair.key_pem, 0600);
  files.client_required = settings.client_required;
  if (!settings.client_ca_pem.empty()) {
    files.client_ca = directory.path() + "/ca.pem";
    write_file(files.client_ca, settings.client_ca_pem, 0644);
  }
  REQUIRE(auth->replace({{"forwarder", kIngestToken, TokenScope::ingest}, {"operator", kAdminToken, TokenScope::admin}})
              .ok());
  HttpRouter router;
  Route echo;
  echo.path = "/echo";
  echo.scope = TokenScope::ingest;
  echo.purpose = "POST anything to this address.";
  echo.body_bytes_max = 256 * 1024;
  echo.handle = [](HttpRequest request, const ReplyTo& reply) {
    reply({200, "text/plain", std::to_string(request.body.size()), {}});
  };
  router.add(std::move(echo));
  if (more) more(router);
  HttpListenerSettings listener = settings.listener;
  listener.address = "127.0.0.1";
  if (tls_) listener.tls = files;
  server = std::make_unique<HttpServer>(*runtime, listener, std::move(router),
                                        HttpDependencies{auth, budget, metrics, log, settings.rates});
  const Status started = server->start(now_seconds());
  REQUIRE_MESSAGE(started.ok(), "the listener starts");
  runtime->start();
}

HttpFixture::~HttpFixture() {
  server->drain(std::chrono::milliseconds(0));
  runtime->stop();
}

std::unique_ptr<RawHttpClient> HttpFixture::connect() const {
  return std::make_unique<RawHttpClient>(port(), tls_);
}

unsigned HttpFixture::normal_request() const {
  const auto client = connect();
  client->send(post_text("/echo", "12345"));
  const RawHttpClient::Reply reply = client->read_reply();
  return reply.body == "5" ? reply.status : 0;
}

std::uint64_t HttpFixture::counted(const std::string& metric_line) const {
  const std::string text = "\n" + metrics_text(metrics);
  const std::size_t at = text.find("\n" + metric_line + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + metric_line.size() + 2));
}

}  // namespace straykey
