// What senders over HTTP may hold together, memory and connections, and who gives way when that is reached.
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http/http_server.h"
#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kAuth = "Authorization: Bearer " + kIngestToken + "\r\n";

std::string post(const std::string& headers, const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: localhost\r\n" + kAuth + headers + "\r\n" + body;
}

}  // namespace

TEST_CASE("when the byte budget is spent a body is refused with 503 and Retry-After, and later taken") {
  std::vector<ReplyTo> held;
  std::mutex mutex;
  HttpFixture::Settings settings;
  settings.bytes_in_flight_max = 100'000;
  const HttpFixture server(settings, [&](HttpRouter& router) {
    Route route;
    route.path = "/hold";
    route.scope = TokenScope::ingest;
    route.body_bytes_max = 1 << 20;
    route.handle = [&](HttpRequest, const ReplyTo& reply) {
      const std::lock_guard lock(mutex);
      held.push_back(reply);
      if (held.size() > 1) reply({});
    };
    router.add(std::move(route));
  });
  const auto first = server.connect();
  first->send("POST /hold HTTP/1.1\r\nHost: a\r\n" + kAuth + "Expect: 100-continue\r\nContent-Length: 90000\r\n\r\n");
  REQUIRE(first->read_reply(true).status == 100);
  CHECK(server.budget->used() < 20'000);  // what it announces counts for nothing
  first->send(std::string(80'000, 'x'));
  while (server.budget->used() < 80'000) std::this_thread::yield();
  for (const char* headers : {"Content-Length: 50000\r\n", "Transfer-Encoding: chunked\r\n"}) {
    const auto second = server.connect();
    second->send("POST /hold HTTP/1.1\r\nHost: a\r\n" + kAuth + headers + "\r\n");
    second->send(std::string(50'000, 'x'));
    const RawHttpClient::Reply reply = second->read_reply();
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: 1\r\n") != std::string::npos);
  }
  first->send(std::string(10'000, 'x'));
  const auto answered = [&] {
    const std::lock_guard lock(mutex);
    return !held.empty();
  };
  while (!answered()) std::this_thread::yield();
  held.front()({});
  CHECK(first->read_reply().status == 200);
  CHECK(server.budget->used() == 0);
  CHECK(server.normal_request() == 200);
}

TEST_CASE("a body that stalls loses its memory to others, and its connection") {
  HttpFixture::Settings settings;
  settings.bytes_in_flight_max = 100'000;
  settings.listener.timeouts.body_stall = std::chrono::milliseconds(1);
  const HttpFixture server(settings);
  const auto stalled = server.connect();
  stalled->send(post("Content-Length: 90000\r\n", std::string(80'000, 'x')));
  while (server.budget->used() < 80'000) std::this_thread::yield();
  CHECK(server.normal_request() == 200);  // there is room: nobody has to give way
  CHECK(server.server->connections() >= 1);
  unsigned status = 503;
  while (status == 503) {
    const auto other = server.connect();
    other->send(post("Content-Length: 50000\r\n", std::string(50'000, 'x')));
    status = other->read_reply().status;
  }
  CHECK(status == 200);
  CHECK(stalled->ends());
  CHECK(server.counted("straykey_http_timeouts_total{listener=\"ingest\"}") == 1);
}

TEST_CASE("a body that comes byte by byte stalls as well") {
  HttpFixture::Settings settings;
  settings.bytes_in_flight_max = 100'000;
  settings.listener.timeouts.body_stall = std::chrono::milliseconds(300);
  const HttpFixture server(settings);
  const auto dripping = server.connect();
  dripping->send(post("Content-Length: 90000\r\n", std::string(80'000, 'x')));
  while (server.budget->used() < 80'000) std::this_thread::yield();
  unsigned status = 503;
  while (status == 503) {
    (void)dripping->send("x");
    const auto other = server.connect();
    other->send(post("Content-Length: 50000\r\n", std::string(50'000, 'x')));
    status = other->read_reply().status;
  }
  CHECK(status == 200);
  CHECK(server.counted("straykey_http_timeouts_total{listener=\"ingest\"}") == 1);
}

TEST_CASE("connections without a token give way to new ones; those with one stay, until they are refused") {
  HttpFixture::Settings settings;
  settings.listener.connections = {2, 100};
  const HttpFixture server(settings);
  const std::string gave_way = "straykey_connections_refused_total{listener=\"ingest\",reason=\"gave_way\"}";
  const auto known = server.connect();
  known->send(post("Content-Length: 1\r\n", "x"));
  CHECK(known->read_reply().status == 200);
  auto silent = server.connect();
  for (int i = 0; i < 20; ++i) {
    auto next = server.connect();
    CHECK(silent->ends());
    silent = std::move(next);
  }
  CHECK(server.counted(gave_way) == 20);
  silent->send(post("Content-Length: 1\r\n", "x"));
  CHECK(silent->read_reply().status == 200);
  const auto third = server.connect();
  CHECK(third->read_reply().status == 503);  // both have a token
  CHECK(server.counted("straykey_connections_refused_total{listener=\"ingest\",reason=\"connections\"}") == 1);
  // Refused, it only lingers.
  silent->send("POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\nContent-Length: 9\r\n\r\n");
  CHECK(silent->read_reply().status == 401);
  unsigned status = 503;
  while (status == 503) {
    const auto fourth = server.connect();
    fourth->send(post("Content-Length: 1\r\n", "x"));
    status = fourth->read_reply().status;
  }
  CHECK(status == 200);
  known->send(post("Content-Length: 1\r\n", "x"));
  CHECK(known->read_reply().status == 200);
}

TEST_CASE("connections over the limit of an address are refused, and taken again when one ends") {
  HttpFixture::Settings settings;
  settings.listener.connections = {10, 2};
  const HttpFixture server(settings);
  auto first = server.connect();
  first->send(post("Content-Length: 1\r\n", "x"));
  CHECK(first->read_reply().status == 200);
  const auto second = server.connect();
  second->send(post("Content-Length: 1\r\n", "x"));
  CHECK(second->read_reply().status == 200);
  const auto third = server.connect();
  const RawHttpClient::Reply refused = third->read_reply();
  CHECK(refused.status == 503);
  CHECK(refused.body.ends_with("}}"));
  CHECK(third->ends());
  CHECK(server.counted("straykey_connections_refused_total{listener=\"ingest\",reason=\"address\"}") == 1);
  first->half_close();
  CHECK(first->ends());
  while (server.server->connections() > 1) std::this_thread::yield();
  CHECK(server.normal_request() == 200);
}

}  // namespace straykey
