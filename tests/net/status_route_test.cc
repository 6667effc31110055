#include "net/admin/status_route.h"

#include <unistd.h>

#include <string>

#include "core/engine/standby_status.h"
#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("status route: readiness and every counter and gauge are told with their labels") {
  Metrics metrics;
  metrics.counter("straykey_test_total", "Help.", {{"reason", "a \"b\"\\c"}, {"source", "x,y"}}).add(7);
  metrics.gauge("straykey_test_bytes", "Help.").set(1.5);
  metrics.histogram("straykey_test_seconds", "Help.").observe(1);
  const HttpFixture server({}, [&](HttpRouter& router) {
    add_status_route(router,
                     {metrics,
                      [] {
                        return ReadinessReport{{"queues"}, 3};
                      },
                      [] { return Seconds{1'711'000'000}; }, "1.2.3",
                      [] {
                        return ReloadReport{.at = 1'711'000'000,
                                            .applied = false,
                                            .errors = {"a \"b\""},
                                            .changed = {},
                                            .wait_for_next_start = {"storage.shards"}};
                      }},
                     {});
  });
  const auto client = server.connect();
  client->send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto reply = client->read_reply();
  CHECK_EQ(reply.status, 200);
  CHECK_NE(reply.body.find("\"ready\":false,\"reasons\":[\"queues\"],\"unjudged\":3"), std::string::npos);
  CHECK_NE(reply.body.find("\"pid\":" + std::to_string(::getpid()) + ","), std::string::npos);
  CHECK_NE(reply.body.find(R"({"reason":"a \"b\"\\c","source":"x,y"},"value":7})"), std::string::npos);
  CHECK_NE(reply.body.find("straykey_test_bytes"), std::string::npos);
  CHECK_EQ(reply.body.find("straykey_test_seconds"), std::string::npos);
  CHECK_NE(reply.body.find(R"("reload":{"at":"2024-03-21T05:46:40Z","applied":false,"errors":["a \"b\""],"changed":[],)"
                           R"("wait_for_next_start":["storage.shards"]})"),
           std::string::npos);
  CHECK_EQ(reply.body.find("\"standby\""), std::string::npos);
}

TEST_CASE("status route: with a standby it says which node judges and what this one waits for") {
  Metrics metrics;
  const HttpFixture server({}, [&](HttpRouter& router) {
    StatusSource source{metrics, [] { return ReadinessReport{}; }, [] { return Seconds{1'711'000'000}; }, "1.2.3"};
    source.standby = [] {
      return std::make_shared<const StandbyStatus>(StandbyStatus{.since = 1'710'999'000,
                                                                 .is_read = true,
                                                                 .judge = "straykey-1",
                                                                 .position = 7,
                                                                 .behind = 2,
                                                                 .differs = {"network data"},
                                                                 .waits_for = {}});
    };
    add_status_route(router, std::move(source), {});
  });
  const auto client = server.connect();
  client->send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_NE(
      client->read_reply().body.find(
          R"("standby":{"judges":false,"since":"2024-03-21T05:30:00Z","judge":"straykey-1","position":7,"behind":2,)"
          R"("read":true,"differs":["network data"],"waits_for":""})"),
      std::string::npos);
}

}  // namespace
}  // namespace straykey
