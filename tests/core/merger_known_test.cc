// What [[known]] covers. Which calls that are, tests/scenarios/known_*.scenario tell.
#include <boost/json.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/engine/merger.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// The engine on one thread, with one entry of [[known]] and an endpoint that wants everything.
struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::vector<Delivery> delivered;
  std::unique_ptr<NetworkMap> networks = test_networks();
  std::unique_ptr<InlinePipeline> engine;
  std::deque<std::unique_ptr<Request>> requests;

  explicit Bench(std::uint64_t alerts_max = 50) {
    detection.activation_days = 0;
    detection.identity_alerts_max = alerts_max;
    detection.known = {{.name = "office",
                        .identity = "111122223333/orders/*",
                        .network = "AS64511",
                        .tool = {},
                        .platform = {},
                        .until = 25'000,
                        .reason = "the new office"}};
    engine = std::make_unique<InlinePipeline>(
        HashKey{3, 4}, 1u, detection, InlinePipeline::Stores{{&partition}, &alerts},
        std::vector<WebhookRoute>{{"siem", Severity::informational, {}, {}}},
        [this](Delivery d) { delivered.push_back(std::move(d)); }, metrics);
  }
  void judge(const std::vector<Call>& calls) {
    requests.push_back(request_of(calls));
    REQUIRE(engine->learn(*requests.back(), *networks) == RequestOutcome::committed);
    REQUIRE(engine->judge(*requests.back()) == CommitOutcome::committed);
  }
  std::vector<AlertState> states() {
    std::vector<AlertState> out;
    alerts.read()->scan(Table::alert_state, {}, {}, [&](std::string_view, std::string_view value) {
      out.push_back(decode_alert_state(value).value());
      return true;
    });
    return out;
  }
  std::uint64_t covered() { return metrics.counter("straykey_alerts_known_total", "").value(); }
};

Call from_office(std::string id, std::string session = "orders-fn") {
  Call call;
  call.id = std::move(id);
  call.at = march(21);
  call.session = std::move(session);
  return call;
}

TEST_CASE("known: a covered alert is stored as acknowledged, with the entry's words, and sent to nobody") {
  Bench bench;
  bench.judge({from_office("1")});
  CHECK(bench.delivered.empty());
  CHECK_EQ(bench.alerts.read()->rows(Table::outbox), 0);
  CHECK_EQ(bench.covered(), 1);
  REQUIRE_EQ(bench.states().size(), 1);
  const AlertState state = bench.states().front();
  CHECK(state.status == AlertState::Status::acknowledged);
  CHECK_EQ(state.status_at, parse_time(march(21)).value());
  CHECK_EQ(state.acknowledged_until, 25'000);
  CHECK_EQ(state.note, "the new office");
  CHECK_EQ(state.known, std::vector<std::string>{"office"});
  const auto shown = boost::json::parse(alert_with_state("{}", state));
  CHECK_EQ(shown.at("known"), boost::json::value{"office"});
}

TEST_CASE("known: what is not covered is sent, and is in no covered alert") {
  Bench bench;
  Call other = from_office("2");
  other.role = "cart";
  bench.judge({from_office("1"), other});
  CHECK_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.covered(), 1);
  CHECK_EQ(bench.states().size(), 2);
}

TEST_CASE("known: a covered alert joins no campaign, so nobody counts it there") {
  Bench bench;
  bench.judge({from_office("1")});
  CHECK_EQ(bench.alerts.read()->rows(Table::campaigns), 0);
}

TEST_CASE("known: covered alerts have a cap of their own, take nobody else's place, and are summed up for nobody") {
  Bench bench(1);
  Call abroad = from_office("3");
  abroad.ip = "203.0.113.9";
  abroad.agent = kAwsCli;
  Call tool = from_office("4");
  tool.agent = "rclone/v1.65.0";
  bench.judge({from_office("1"), abroad, tool});
  CHECK_EQ(bench.covered(), 1);
  CHECK_FALSE(bench.delivered.empty());
  CHECK_EQ(bench.metrics.counter("straykey_alerts_known_total", "").value(), 1);
}

TEST_CASE("known: the state of an alert without entries is written as before") {
  AlertState state;
  state.note = "n";
  const std::string before = encode_alert_state(state);
  CHECK_EQ(before.front(), 2);
  state.known = {"a", "b"};
  const std::string bytes = encode_alert_state(state);
  CHECK_EQ(bytes.front(), 3);
  CHECK_EQ(decode_alert_state(bytes).value().known, state.known);
  CHECK_FALSE(decode_alert_state(std::string_view(bytes).substr(0, bytes.size() - 1)));
  CHECK(decode_alert_state(before).value().known.empty());
}

}  // namespace
}  // namespace straykey
