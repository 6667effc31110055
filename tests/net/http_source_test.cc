#include "net/ingest/http_source.h"

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::string_view kRequest = "POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("a listener takes over the socket of another, which gives each of its peers one more answer") {
  Log log({LogLevel::error, false});
  Metrics metrics;
  IoRuntime runtime({2}, log, metrics);
  const HttpDependencies dependencies{std::make_shared<Authenticator>(AuthSettings{}),
                                      std::make_shared<ByteBudget>(1 << 20), metrics, log};
  const auto make = [&](unsigned status) {
    HttpRouter router;
    Route route;
    route.path = "/there";
    route.handle = [status](const HttpRequest&, const ReplyTo& reply) {
      HttpReply answer;
      answer.status = status;
      reply(std::move(answer));
    };
    router.add(std::move(route));
    HttpListenerSettings settings;
    settings.name = "ingest_http";
    settings.address = "127.0.0.1";
    return std::make_unique<HttpSource>(runtime, settings, std::move(router), dependencies);
  };
  const auto port_of = [](const Source& source) {
    const std::string url = source.url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  };
  runtime.start();
  auto source = make(200);
  REQUIRE(source->start(now_seconds()).ok());
  const std::uint16_t port = port_of(*source);
  for (int round = 0; round < 20; ++round) {
    RawHttpClient busy(port, false), idle(port, false);
    busy.send(kRequest);
    REQUIRE(busy.read_reply().status == 200);
    auto next = make(200);
    next->take_over(source->listening_socket());
    REQUIRE(next->start(now_seconds()).ok());
    CHECK_EQ(port_of(*next), port);
    source->retire(std::chrono::seconds(60));
    RawHttpClient fresh(port, false);
    fresh.send(kRequest);
    CHECK(fresh.read_reply().head.find("Connection: close") == std::string::npos);
    for (RawHttpClient* client : {&busy, &idle}) {
      client->send(kRequest);
      const auto reply = client->read_reply();
      CHECK(reply.status == 200);
      CHECK(reply.head.find("Connection: close") != std::string::npos);
      CHECK(client->ends());
    }
    std::swap(source, next);
    CHECK(next->drain(std::chrono::seconds(10)));
    CHECK_EQ(next->connections(), 0);
  }
  CHECK(source->drain(std::chrono::seconds(10)));
  runtime.stop();
}

TEST_CASE("an HTTP listener is a source: it has a name and a URL, serves, reloads, and is gone once drained") {
  Log log({LogLevel::error, false});
  Metrics metrics;
  IoRuntime runtime({2}, log, metrics);
  HttpRouter router;
  Route route;
  route.path = "/there";
  route.body_bytes_max = 10;
  route.handle = [](const HttpRequest&, const ReplyTo& reply) { reply({}); };
  router.add(std::move(route));
  HttpListenerSettings settings;
  settings.name = "ingest_http";
  settings.address = "127.0.0.1";
  const HttpDependencies dependencies{std::make_shared<Authenticator>(AuthSettings{}),
                                      std::make_shared<ByteBudget>(1 << 20), metrics, log};
  HttpSource source(runtime, settings, std::move(router), dependencies);
  runtime.start();
  REQUIRE(source.start(now_seconds()).ok());
  CHECK(source.name() == "ingest_http");
  const std::string url = source.url();
  REQUIRE(url.starts_with("http://127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  RawHttpClient client(port, false);
  client.send("POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  CHECK(client.read_reply().status == 200);
  CHECK(source.reload(now_seconds()).ok());
  CHECK(source.drain(std::chrono::seconds(10)));
  CHECK(client.ends());
  runtime.stop();
}

}  // namespace straykey
