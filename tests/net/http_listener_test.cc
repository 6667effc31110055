#include "net/http/http_listener.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("request ids differ, also between two listeners, and replies are counted by code") {
  Metrics metrics;
  const auto auth = std::make_shared<Authenticator>(AuthSettings{});
  const auto budget = std::make_shared<ByteBudget>(1);
  HttpListener one({}, {}, auth, budget, nullptr, metrics);
  HttpListener two({}, {}, auth, budget, nullptr, metrics);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.insert(one.next_request_id());
    ids.insert(two.next_request_id());
  }
  CHECK(ids.size() == 200);
  one.counts.count_reply(200);
  one.counts.count_reply(418);
  const auto counted = [&](std::string_view code) {
    return metrics.counter("straykey_http_requests_total", "", {{"listener", "ingest"}, {"code", code}}).value();
  };
  CHECK(counted("200") == 1);
  CHECK(counted("other") == 1);
}

TEST_CASE("the admin listener stays on loopback and answers to loopback names by default") {
  const HttpListenerSettings settings = admin_listener_defaults();
  CHECK(settings.address == "127.0.0.1");
  CHECK(settings.port == 9443);
  CHECK(settings.allowed_hosts.size() == 3);
}

}  // namespace straykey
