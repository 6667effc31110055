#include "net/http/http_session.h"

#include <atomic>
#include <new>
#include <string>
#include <thread>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

HttpFixture::Settings impatient(bool tls) {
  HttpFixture::Settings settings;
  settings.tls = tls;
  settings.listener.timeouts = HttpFixture::short_timeouts();
  return settings;
}

}  // namespace

TEST_CASE("each phase has its deadline: a head, a body or an idle connection that takes too long is closed") {
  for (const bool tls : {false, true}) {
    const HttpFixture server(impatient(tls));
    const auto silent = server.connect();
    const auto head = server.connect();
    head->send("POST /echo HT");
    const auto body = server.connect();
    const std::string whole = post_text("/echo", "12345");
    body->send(whole.substr(0, whole.size() - 1));
    const auto idle = server.connect();
    idle->send(whole);
    CHECK(idle->read_reply().status == 200);
    CHECK(silent->ends());
    CHECK(head->ends());
    CHECK(body->ends());
    CHECK(idle->ends());
    while (server.server->connections() > 0) std::this_thread::yield();
    CHECK(server.budget->used() == 0);
    CHECK(server.counted("straykey_http_timeouts_total{listener=\"ingest\"}") == 3);  // idle is no fault
  }
}

TEST_CASE("a silent or nonsense TLS handshake is closed") {
  const HttpFixture server(impatient(true));
  RawHttpClient silent(server.port(), false);
  CHECK(silent.ends());
  RawHttpClient plain(server.port(), false);
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK_FALSE(plain.read_reply().status == 200);
  CHECK(server.normal_request() == 200);
  CHECK(server.counted("straykey_tls_handshakes_failed_total{listener=\"ingest\"}") == 2);
}

TEST_CASE("a peer that does not take its reply is closed after its time") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings = impatient(tls);
    settings.listener.timeouts.reply = std::chrono::milliseconds(200);
    const HttpFixture server(settings, [](HttpRouter& router) {
      Route large;
      large.path = "/large";
      large.scope = TokenScope::ingest;
      large.handle = [](const HttpRequest&, const ReplyTo& reply) {
        reply({200, "text/plain", std::string(32u << 20, 'x'), {}});
      };
      router.add(std::move(large));
    });
    const auto client = server.connect();
    client->send(post_text("/large", ""));
    while (server.counted("straykey_http_timeouts_total{listener=\"ingest\"}") == 0) std::this_thread::yield();
    while (server.server->connections() > 0) std::this_thread::yield();
    CHECK(server.normal_request() == 200);
  }
}

TEST_CASE("only the first reply to a request counts, and one after its connection's end is dropped") {
  ReplyTo kept;
  std::atomic<int> calls{0};
  const HttpFixture server(impatient(false), [&](HttpRouter& router) {
    Route route;
    route.path = "/twice";
    route.body_bytes_max = 10;
    route.handle = [&](HttpRequest, const ReplyTo& reply) {
      kept = reply;
      reply({200, "text/plain", "first", {}});
      reply({200, "text/plain", "second", {}});
      ++calls;
    };
    router.add(std::move(route));
  });
  auto client = server.connect();
  const std::string request = "POST /twice HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  client->send(request + request);
  CHECK(client->read_reply().body == "first");
  CHECK(client->read_reply().body == "first");
  client.reset();
  while (server.server->connections() > 0) std::this_thread::yield();
  kept({200, "text/plain", "ghost", {}});
  CHECK(server.normal_request() == 200);
}

TEST_CASE("a refusal reaches a sender that writes all of its body before it reads") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    const HttpFixture server(settings);
    const std::string body(7u << 20, 'x');
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    for (const auto& [line, status] : {std::pair{"POST /echo", 401u}, {"POST /nowhere", 404u}, {"PUT /echo", 405u}}) {
      CAPTURE(line);
      const auto client = server.connect();
      CHECK(client->send(std::string(line) + " HTTP/1.1\r\nHost: a\r\n" + length + body));
      CHECK(client->read_reply().status == status);
    }
  }
}

TEST_CASE("OPTIONS is answered 204 with what is allowed, also to haproxy's bare check") {
  const HttpFixture server({});
  const auto client = server.connect();
  client->send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS / HTTP/1.0\r\n\r\n");
  for (int i = 0; i < 2; ++i) {
    const auto reply = client->read_reply(true);
    CHECK(reply.status == 204);
    CHECK(reply.head.find("OPTIONS") != std::string::npos);
  }
}

TEST_CASE("a handler that throws costs its own connection only") {
  const HttpFixture server({}, [](HttpRouter& router) {
    Route route;
    route.path = "/throws";
    route.body_bytes_max = 10;
    route.handle = [](HttpRequest, const ReplyTo&) { throw std::bad_alloc(); };
    router.add(std::move(route));
  });
  const auto client = server.connect();
  client->send("POST /throws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  CHECK(client->read_reply().status == 0);
  CHECK(server.normal_request() == 200);
}

TEST_CASE("a protocol of its own gives its refusals its own body, and 400 where 413 would drop the batch") {
  const HttpFixture server({}, [](HttpRouter& router) {
    Route route;
    route.path = "/own";
    route.scope = TokenScope::ingest;
    route.body_bytes_max = 10;
    route.too_large_status = 400;
    route.credentials = {"Splunk", ""};
    route.refuse = [](const Refusal& refusal, const RequestHead&, std::string_view) {
      return HttpReply{refusal.status, "application/json", "{\"text\":\"no\"}", refusal_headers(refusal)};
    };
    route.handle = [](HttpRequest, const ReplyTo& reply) { reply({}); };
    router.add(std::move(route));
  });
  const auto client = server.connect();
  client->send("POST /own HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const RawHttpClient::Reply reply = client->read_reply();
  CHECK(reply.status == 401);
  CHECK(reply.body == "{\"text\":\"no\"}");
  client->send("POST /own HTTP/1.1\r\nHost: a\r\nAuthorization: Splunk " + kIngestToken +
               "\r\nContent-Length: 0\r\n\r\n");
  CHECK(client->read_reply().status == 200);
  client->send("POST /own HTTP/1.1\r\nHost: a\r\nAuthorization: Splunk " + kIngestToken +
               "\r\nContent-Length: 11\r\n\r\n");
  CHECK(client->read_reply().status == 400);
}

// What is in a Site's budget belongs to others, but for 40,000 bytes.
struct HoldSite {
  explicit HoldSite(std::chrono::milliseconds hold) : server(settings(hold)), others(server.budget) {
    REQUIRE(others.grow_to(server_bytes - 40'000));
  }
  static HttpFixture::Settings settings(std::chrono::milliseconds hold) {
    HttpFixture::Settings out;
    out.bytes_in_flight_max = server_bytes;
    out.listener.timeouts.hold = hold;
    out.listener.timeouts.tick = std::chrono::milliseconds(5);
    return out;
  }
  void wait_until_held(std::uint64_t requests) const {
    while (server.counted("straykey_http_waits_total{for=\"body\"}") < requests) std::this_thread::yield();
  }
  static constexpr std::size_t server_bytes = 1 << 20;
  HttpFixture server;
  BudgetShare others;
};

TEST_CASE("a body that finds no room waits for it, counted with what it holds, and is taken when there is room") {
  for (const bool chunked : {false, true}) {
    HoldSite site(std::chrono::hours(1));
    const std::string body(100'000, 'x');
    const auto client = site.server.connect();
    const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + kIngestToken + "\r\n";
    std::thread sender([&] {
      client->send(chunked ? head + "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + body + "\r\n0\r\n\r\n"
                           : head + "Content-Length: 100000\r\n\r\n" + body);
    });
    site.wait_until_held(1);
    CHECK(site.server.budget->used() <= HoldSite::server_bytes);
    if (!chunked) CHECK(site.server.budget->used() > HoldSite::server_bytes - 40'000);
    site.others.clear();
    sender.join();
    CHECK(client->read_reply().body == "100000");
    CHECK(site.server.normal_request() == 200);
    CHECK(site.server.budget->used() == 0);
  }
}

TEST_CASE("a body waits for room until its time is over, and draining ends the wait: 503 then, and nothing is held") {
  {
    HoldSite site(std::chrono::milliseconds(50));
    const auto client = site.server.connect();
    client->send(post_text("/echo", std::string(100'000, 'x')));
    const auto reply = client->read_reply();
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: 1") != std::string::npos);
    CHECK(site.server.counted("straykey_http_waits_total{for=\"body\"}") == 1);
    CHECK(site.server.budget->used() == HoldSite::server_bytes - 40'000);
  }
  HoldSite site(std::chrono::hours(1));
  const auto client = site.server.connect();
  client->send(post_text("/echo", std::string(100'000, 'x')));
  site.wait_until_held(1);
  site.server.server->drain(std::chrono::seconds(10));
  CHECK(client->read_reply().status == 503);
}

}  // namespace straykey
