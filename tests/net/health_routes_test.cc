#include "net/admin/health_routes.h"

#include <atomic>
#include <string>
#include <vector>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

RawHttpClient::Reply get(const HttpFixture& server, const std::string& path, const std::string& token = "",
                         const std::string& host = "localhost:1") {
  const auto client = server.connect();
  client->send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
               (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n");
  return client->read_reply();
}

}  // namespace

TEST_CASE("health and readiness answer without a token, readiness with its reasons and what waits unjudged") {
  std::atomic<bool> ready{false};
  const HttpFixture server({}, [&](HttpRouter& router) {
    add_health_routes(router, [&ready] {
      return ready ? ReadinessReport{{}, 5'000} : ReadinessReport{{"starting", "store"}, 0};
    });
  });
  CHECK(get(server, "/healthz").body == "ok\n");
  const RawHttpClient::Reply reply = get(server, "/readyz");
  CHECK(reply.status == 503);
  CHECK(reply.body == "{\"ready\":false,\"reasons\":[\"starting\",\"store\"],\"unjudged\":0}\n");
  ready = true;
  CHECK(get(server, "/readyz").status == 200);
  CHECK(get(server, "/readyz").body == "{\"ready\":true,\"reasons\":[],\"unjudged\":5000}\n");
}

TEST_CASE("metrics need an admin token unless they are open, and the admin listener answers to its own names only") {
  HttpFixture::Settings settings;
  settings.listener = admin_listener_defaults();
  settings.listener.port = 0;
  Metrics metrics;
  metrics.counter("straykey_test_total", "A test.").add(3);
  const auto add = [&](bool open) {
    return [&metrics, open](HttpRouter& router) {
      add_health_routes(router, [] { return ReadinessReport{}; });
      add_metrics_route(router, metrics, {open});
    };
  };
  const HttpFixture closed(settings, add(false));
  CHECK(get(closed, "/metrics").status == 401);
  CHECK(get(closed, "/metrics", kIngestToken).status == 403);
  const RawHttpClient::Reply reply = get(closed, "/metrics", kAdminToken);
  CHECK(reply.status == 200);
  CHECK(reply.head.find("Content-Type: text/plain; version=0.0.4") != std::string::npos);
  CHECK(reply.body.find("straykey_test_total 3\n") != std::string::npos);
  CHECK(get(closed, "/metrics", kAdminToken, "rebound.example").status == 403);
  CHECK(get(closed, "/healthz", "", "rebound.example:9443").status == 403);
  CHECK(get(closed, "/healthz", "", "[::1]:9443").status == 200);
  const HttpFixture open(settings, add(true));
  CHECK(get(open, "/metrics").status == 200);
}

}  // namespace straykey
