// Connections that begin with a PROXY header, and the addresses that are counted behind proxies.
#include "net/io/proxied_session.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::vector<Prefix> kLoopback{*parse_prefix("127.0.0.0/8")};

// POST /who answers whose request it is.
struct Site {
  explicit Site(ProxySettings proxies, ConnectionLimits connections = {}, bool tls = false,
                std::shared_ptr<RateLimiter> rates = nullptr)
      : server(settings(std::move(proxies), connections, tls, std::move(rates)), [](HttpRouter& router) {
          Route who;
          who.path = "/who";
          who.scope = TokenScope::ingest;
          who.body_bytes_max = 100;
          who.handle = [](HttpRequest request, const ReplyTo& reply) {
            reply({200, "text/plain", request.peer.text(), {}});
          };
          router.add(std::move(who));
        }) {}
  static HttpFixture::Settings settings(ProxySettings proxies, ConnectionLimits connections, bool tls,
                                        std::shared_ptr<RateLimiter> rates) {
    HttpFixture::Settings out;
    out.tls = tls;
    out.listener.proxies = std::move(proxies);
    out.listener.connections = connections;
    out.listener.timeouts.tick = std::chrono::milliseconds(10);
    out.rates = std::move(rates);
    return out;
  }
  RawHttpClient::Reply ask(const std::string& before, const std::string& headers = "") const {
    RawHttpClient client(server.port(), false);
    client.send(before + post_text("/who", "", headers));
    return client.read_reply();
  }
  std::uint64_t refused() const { return server.counted("straykey_proxy_headers_refused_total{listener=\"ingest\"}"); }
  HttpFixture server;
};

const std::string kLine = "PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\r\n";
const std::string kBinary("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x06\xc0\x00\x02\x01\x30\x39\x01\xbb", 28);

}  // namespace

TEST_CASE("the client that a PROXY header names is whose request it is, whole or byte by byte") {
  const Site site({kLoopback, true});
  CHECK(site.ask(kLine).body == "203.0.113.5");
  CHECK(site.ask(kBinary).body == "203.0.113.6");
  CHECK(site.ask("PROXY UNKNOWN\r\n").body == "127.0.0.1");
  for (const std::string& header : {kLine, kBinary}) {
    RawHttpClient slow(site.server.port(), false);
    slow.send_byte_by_byte(header + post_text("/who", ""));
    CHECK(slow.read_reply().body.starts_with("203.0.113."));
    slow.send(post_text("/who", ""));
    CHECK(slow.read_reply().body.starts_with("203.0.113."));
  }
  CHECK(site.refused() == 0);
}

TEST_CASE("without a good header, or from nobody who is trusted, nothing is served") {
  const Site site({kLoopback, true});
  for (const std::string& before : {std::string(), std::string("PROXY TCP4 203.0.113.5\r\n"), "x" + kLine})
    CHECK(site.ask(before).status == 0);
  while (site.refused() < 3) std::this_thread::yield();
  CHECK(site.ask(kLine).status == 200);
  const Site strangers({{*parse_prefix("192.0.2.0/24")}, true});
  CHECK(strangers.ask(kLine).status == 0);
  CHECK(strangers.refused() == 1);
}

TEST_CASE("a listener without PROXY protocol believes no such header") {
  CHECK(Site({kLoopback, false}).ask(kLine).status == 400);
}

TEST_CASE("a PROXY header comes before TLS") {
  const Site site({kLoopback, true}, {}, true);
  RawHttpClient client(site.server.port(), false);
  client.send(kLine);
  client.start_tls();
  client.send(post_text("/who", ""));
  CHECK(client.read_reply().body == "203.0.113.5");
}

TEST_CASE("limits of an address count the client behind the proxy, and not the proxy") {
  const Site site({kLoopback, true}, {.connections_max = 100, .per_address_max = 2});
  std::vector<std::unique_ptr<RawHttpClient>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<RawHttpClient>(site.server.port(), false));
    open.back()->send("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\r\n" + post_text("/who", ""));
    CHECK((open.back()->read_reply().status == 200) == (i < 2));
  }
  CHECK(site.ask("PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n").body == "203.0.113.9");
  CHECK(site.server.counted("straykey_connections_refused_total{listener=\"ingest\",reason=\"address\"}") == 1);

  const Site by_header({kLoopback, false}, {.connections_max = 100, .per_address_max = 2});
  open.clear();
  for (int i = 0; i < 5; ++i) {
    open.push_back(std::make_unique<RawHttpClient>(by_header.server.port(), false));
    open.back()->send(post_text("/who", "", "X-Forwarded-For: 203.0.113." + std::to_string(i) + "\r\n"));
    CHECK(open.back()->read_reply().body == "203.0.113." + std::to_string(i));
  }
}

TEST_CASE("failures are counted by the client that X-Forwarded-For names") {
  const Site site({kLoopback, false});
  const auto bad = [&site](const std::string& client) {
    RawHttpClient connection(site.server.port(), false);
    connection.send("POST /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + client +
                    "\r\nAuthorization: Bearer wrong\r\nContent-Length: 0\r\n\r\n");
    return connection.read_reply().status;
  };
  unsigned status = 401;
  for (int i = 0; i < 10'000 && status == 401; ++i) status = bad("203.0.113.5");
  CHECK(status == 429);
  CHECK(bad("203.0.113.6") == 401);
}

TEST_CASE("a sender over its rate is told when to come again, before its body is read") {
  Metrics metrics;
  const auto rates =
      std::make_shared<RateLimiter>(RateSettings{.address_requests_per_s = 0.001, .burst_s = 1}, metrics);
  const Site site({kLoopback, false}, {}, false, rates);
  CHECK(site.ask("", "X-Forwarded-For: 203.0.113.5\r\n").status == 200);
  RawHttpClient client(site.server.port(), false);
  client.send("POST /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.5\r\nAuthorization: Bearer " + kIngestToken +
              "\r\nContent-Length: 50\r\n\r\n");
  const auto reply = client.read_reply();
  CHECK(reply.status == 429);
  CHECK(reply.head.find("Retry-After: 60") != std::string::npos);
  CHECK(reply.body.find("rate_limited") != std::string::npos);
  CHECK(site.ask("", "X-Forwarded-For: 203.0.113.6\r\n").status == 200);
  RawHttpClient open(site.server.port(), false);
  open.send("GET /none HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n");
  CHECK(open.read_reply().status == 404);
}

}  // namespace straykey
