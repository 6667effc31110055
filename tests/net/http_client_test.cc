// The tools' HTTP client against our own server.
#include "net/client/http_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "tests/net/http_fixture.h"

namespace straykey {
namespace {

Url url_of(const HttpFixture& fixture, bool tls, const std::string& path = "/echo") {
  return parse_url(fmt::format("{}://127.0.0.1:{}{}", tls ? "https" : "http", fixture.port(), path)).value();
}

std::shared_ptr<const TlsTrust> tls_of(const HttpFixture& fixture) {
  return TlsTrust::in_authorities(fixture.files.certificate).value();
}

std::string post_head(const Url& url, std::size_t body_bytes, const std::string& token = kIngestToken) {
  return render_post(url, {{"Authorization", "Bearer " + token}}, body_bytes);
}

// Answers the first connection with `bytes` and closes it.
class OneAnswer {
 public:
  explicit OneAnswer(std::string bytes) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      std::array<char, 1'000> request;
      (void)::recv(socket, request.data(), request.size(), 0);
      (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(socket);
    });
  }
  ~OneAnswer() {
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port = 0;

 private:
  int listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("answers are read however they are framed, and what is none is an error") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", ""},
      {"HTTP/1.1 200", ""},
      {"", ""},
      {"SSH-2.0-x\r\n", ""},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", ""},
  };
  for (const auto& [bytes, body] : rows) {
    OneAnswer server(bytes);
    HttpClient client(parse_url(fmt::format("http://127.0.0.1:{}/", server.port)).value(), nullptr);
    const auto reply = client.exchange(render_get(client.url(), {}), {});
    CHECK_MESSAGE(reply.ok() == !body.empty(), bytes.substr(0, 80));
    if (reply.ok()) CHECK(reply.value().body == body);
  }
}

TEST_CASE("requests of all sizes go over one connection, plain and TLS") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    HttpFixture fixture(settings);
    const Url url = url_of(fixture, tls);
    HttpClient client(url, tls ? tls_of(fixture) : nullptr);
    for (const std::size_t size : {1UL, 1'000UL, 20'000UL, 250'000UL}) {
      const auto reply = client.exchange(post_head(url, size), std::string(size, 'x'));
      REQUIRE_MESSAGE(reply.ok(), (reply.ok() ? "" : reply.error().message));
      CHECK(reply.value().status == 200);
      CHECK(reply.value().body == std::to_string(size));
    }
    CHECK(client.connections() == 1);
  }
}

TEST_CASE("a refusal is a reply, and the next request opens a new connection if it has to") {
  HttpFixture fixture({});
  const Url url = url_of(fixture, false);
  HttpClient client(url, nullptr);
  const auto refused = client.exchange(post_head(url, 5, "wrong-token-0123456789"), "12345");
  REQUIRE(refused.ok());
  CHECK(refused.value().status == 401);
  const auto taken = client.exchange(post_head(url, 5), "12345");
  REQUIRE(taken.ok());
  CHECK(taken.value().status == 200);
}

TEST_CASE("Retry-After is handed on") {
  HttpFixture fixture({}, [](HttpRouter& router) {
    Route busy;
    busy.path = "/busy";
    busy.body_bytes_max = 100;
    busy.purpose = "Is always busy.";
    busy.handle = [](HttpRequest, const ReplyTo& reply) { reply({503, "text/plain", "", {{"Retry-After", "7"}}}); };
    router.add(std::move(busy));
  });
  const Url url = url_of(fixture, false, "/busy");
  HttpClient client(url, nullptr);
  const auto reply = client.exchange(post_head(url, 1), "x");
  REQUIRE(reply.ok());
  CHECK(reply.value().status == 503);
  CHECK(reply.value().retry_after == "7");
}

TEST_CASE("a connection that the server closed while idle is opened again") {
  HttpFixture::Settings settings;
  settings.listener.timeouts = HttpFixture::short_timeouts();
  HttpFixture fixture(settings);
  const Url url = url_of(fixture, false);
  HttpClient client(url, nullptr);
  REQUIRE(client.exchange(post_head(url, 1), "x").ok());
  while (fixture.server->connections() > 0) {
  }  // the server's idle deadline
  const auto reply = client.exchange(post_head(url, 1), "x");
  REQUIRE_MESSAGE(reply.ok(), (reply.ok() ? "" : reply.error().message));
  CHECK(client.connections() == 2);
}

TEST_CASE("a request that is broken off leaves a server that goes on, and a client that does") {
  HttpFixture fixture({});
  const Url url = url_of(fixture, false);
  HttpClient client(url, nullptr);
  const std::string head = post_head(url, 5);
  for (const std::size_t bytes : {std::size_t{0}, head.size() / 2, head.size(), head.size() + 3})
    CHECK(client.break_off(head, "12345", bytes).ok());
  const auto reply = client.exchange(head, "12345");
  REQUIRE(reply.ok());
  CHECK(reply.value().body == "5");
}

TEST_CASE("a request that comes in pieces is answered like any other") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    HttpFixture fixture(settings);
    const Url url = url_of(fixture, tls);
    HttpClient client(url, tls ? TlsTrust::in_anyone().value() : nullptr);
    for (const std::size_t pieces : {1, 3, 1'000}) {
      const auto reply = client.exchange_slowly(post_head(url, 5), "12345", pieces, 0);
      REQUIRE_MESSAGE(reply.ok(), (reply.ok() ? "" : reply.error().message));
      CHECK(reply.value().body == "5");
    }
  }
}

TEST_CASE("a GET has no body and no length") {
  const Url url = parse_url("http://127.0.0.1:9443/metrics").value();
  CHECK(render_get(url, {{"Authorization", "Bearer x"}}) ==
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9443\r\nUser-Agent: straykey/" STRAYKEY_VERSION
        "\r\nAuthorization: Bearer x\r\n\r\n");
}

}  // namespace straykey
