#include "core/engine/alert_retention.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/engine/outbox.h"
#include "core/operate/alert_answers.h"
#include "core/operate/row_check.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{3, 4};
constexpr std::uint32_t kKeepDays = 40;
constexpr Day kDay21 = 19'803;                // 2024-03-21
constexpr Day kLongAfter = kDay21 + 5 + 33;   // no event of day 21's window is judged any more
constexpr RunHour kOld = kKeepDays * 24 + 1;  // rows of hour 0 are past their age

// Alerts that the engine raised, and what takes them out again.
struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::unique_ptr<NetworkMap> networks = test_networks();
  std::unique_ptr<InlinePipeline> engine;
  std::deque<std::unique_ptr<Request>> requests;
  std::unique_ptr<AlertRetention> retention;

  explicit Bench(std::vector<std::string> endpoints = {}) {
    detection.activation_days = 0;
    detection.keep_days = kKeepDays;
    std::vector<WebhookRoute> routes;
    for (const std::string& name : endpoints) routes.push_back({name, Severity::informational, {}, {}});
    engine = std::make_unique<InlinePipeline>(
        kKey, 1u, detection, InlinePipeline::Stores{{&partition}, &alerts}, routes, [](Delivery) {}, metrics);
    retention = std::make_unique<AlertRetention>(kKey, detection, metrics);
    retention->use_endpoints(endpoints);
  }
  // One alert for each role.
  void raise(const std::vector<std::string>& roles, int day = 21) {
    std::vector<Call> calls;
    for (const std::string& role : roles) {
      Call& call = calls.emplace_back();
      call.id = role + std::to_string(day);
      call.at = march(day);
      call.role = role;
      call.key = "ASIA" + role;
    }
    requests.push_back(request_of(calls));
    REQUIRE(engine->learn(*requests.back(), *networks) == RequestOutcome::committed);
    REQUIRE(engine->judge(*requests.back()) == CommitOutcome::committed);
  }
  Hash128 id_of(const std::string& role) {
    Hash128 id;
    alerts.read()->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto message = decode_message(value);
      const Alert* alert = message ? std::get_if<Alert>(&*message) : nullptr;
      if (alert != nullptr && alert->call.token.identity == "111122223333/" + role + "/orders-fn")
        id = Hash128::from_bytes(key.data());
      return true;
    });
    return id;
  }
  bool has(const std::string& role) { return id_of(role) != Hash128{}; }
  std::uint64_t rows(Table table) { return alerts.read()->rows(table); }
  void acknowledge_it(const std::string& role) {
    const auto change = acknowledge(kKey, {id_of(role), "ours"}, 0);
    REQUIRE(engine->carry_out(*change).kind == ChangeOutcome::Kind::done);
  }
  std::size_t sweep(RunHour now, Day newest_day = kLongAfter) {
    const auto writer = alerts.write();
    const std::size_t erased = retention->sweep(*writer, now, [&] { return newest_day; });
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return erased;
  }
  // Sweeps until a pass over all is behind it.
  std::size_t sweep_all(RunHour now, Day newest_day = kLongAfter) {
    std::size_t erased = 0;
    for (int i = 0; i < 4; ++i) erased += sweep(now, newest_day);
    return erased;
  }
  std::size_t relieve(double fullness, Day newest_day, std::size_t erase_max = 1'000) {
    const auto writer = alerts.write();
    const std::size_t erased = retention->relieve(*writer, {1'000, erase_max, fullness}, [&] { return newest_day; });
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return erased;
  }
  // Sets what became of an alert's delivery.
  void set_delivery(const std::string& role, const std::string& endpoint, bool dead) {
    const auto writer = alerts.write();
    writer->put(Table::outbox, outbox_row_key(endpoint, id_of(role)),
                encode_outbox_row({endpoint, 3, 0, dead, "status 400", "{}"}));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  // What `straykey check` finds of the rows that are left.
  std::vector<std::string> findings() {
    std::vector<std::string> found;
    RowCheck check(kKey, [&](std::string sentence) { found.push_back(std::move(sentence)); });
    const auto reader = alerts.read();
    for (const Table table : {Table::alerts, Table::alert_pairs, Table::alert_state, Table::alerts_by_time,
                              Table::campaigns, Table::dedup, Table::outbox})
      reader->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
        check.alert_row(table, key, value);
        return true;
      });
    return found;
  }
};

TEST_CASE("retention: an alert leaves after keep_days of running, with all that names it") {
  Bench bench;
  bench.raise({"a"});
  CHECK_EQ(bench.sweep(0), 0);
  CHECK_EQ(bench.sweep_all(kOld - 1), 0);
  CHECK_EQ(bench.sweep_all(kOld), 1);
  for (const Table table :
       {Table::alerts, Table::alert_state, Table::alerts_by_time, Table::alert_pairs, Table::campaigns})
    CHECK_EQ(bench.rows(table), 0);
  CHECK_EQ(bench.metrics.counter("straykey_alerts_left_total", "", {{"reason", "age"}}).value(), 1);
}

TEST_CASE("retention: what is answered leaves first, at most 1 % an hour") {
  Bench bench;
  std::vector<std::string> roles;
  for (int i = 0; i < 150; ++i) roles.push_back("role" + std::to_string(i));
  for (std::size_t i = 0; i < roles.size(); i += 50)
    bench.raise({roles.begin() + static_cast<std::ptrdiff_t>(i), roles.begin() + static_cast<std::ptrdiff_t>(i) + 50});
  bench.acknowledge_it("role7");
  bench.acknowledge_it("role8");
  bench.acknowledge_it("role9");
  CHECK_EQ(bench.sweep(kOld), 0);  // nothing in the hour of the start
  CHECK_EQ(bench.sweep_all(kOld + 1), 2);
  CHECK_EQ(bench.rows(Table::alerts), 148);
  CHECK_EQ(bench.sweep(kOld + 2), 1);
  for (const char* role : {"role7", "role8", "role9"}) CHECK_FALSE(bench.has(role));
  CHECK_EQ(bench.sweep_all(kOld + 3), 2);  // now open ones
  CHECK_EQ(bench.rows(Table::alerts), 145);
}

TEST_CASE("retention: while a late event may still join an alert, it stays whatever its age") {
  Bench bench;
  bench.raise({"a"});
  CHECK_EQ(bench.sweep(0), 0);
  CHECK_EQ(bench.sweep_all(kOld, kLongAfter - 1), 0);
  CHECK_EQ(bench.sweep_all(kOld, kLongAfter), 1);
}

TEST_CASE("retention: an alert whose delivery waits stays; dead letters leave with theirs") {
  Bench bench({"siem"});
  bench.raise({"a", "b"});
  bench.set_delivery("b", "siem", true);
  CHECK_EQ(bench.sweep(0), 0);
  CHECK_EQ(bench.sweep_all(kOld), 1);
  CHECK(bench.has("a"));
  CHECK_FALSE(bench.has("b"));
  CHECK_EQ(bench.rows(Table::outbox), 1);
  CHECK(bench.findings().empty());
  CHECK_EQ(bench.relieve(0.99, kLongAfter), 0);
}

TEST_CASE("retention: a reload brings other webhooks and another age") {
  Bench bench({"siem"});
  bench.raise({"a"});
  bench.retention->use_endpoints({"siem", "soc"});
  bench.detection.keep_days = kKeepDays + 1;
  CHECK_EQ(bench.sweep(0), 0);
  bench.retention->use_endpoints({"soc"});
  CHECK_EQ(bench.sweep_all(kOld), 0);
  CHECK_EQ(bench.sweep_all(kOld + 24), 1);
}

TEST_CASE("retention: a webhook that the configuration names no more keeps no alert") {
  Bench bench({"siem"});
  bench.raise({"a"});
  const Hash128 id = bench.id_of("a");
  const auto writer = bench.alerts.write();
  writer->erase(Table::outbox, outbox_row_key("siem", id));
  writer->put(Table::outbox, outbox_row_key("gone", id), encode_outbox_row({"gone", 0, 0, false, {}, "{}"}));
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK_EQ(bench.sweep(0), 0);
  CHECK_EQ(bench.sweep_all(kOld), 1);
  CHECK_EQ(bench.rows(Table::outbox), 0);
}

TEST_CASE("retention: in a nearly full store answered alerts give way, then open ones; none whose window is open") {
  Bench bench;
  bench.raise({"a", "b", "c"});
  bench.acknowledge_it("b");
  CHECK_EQ(bench.relieve(0.84, kDay21 + 5), 0);
  CHECK_EQ(bench.relieve(0.99, kDay21 + 4), 0);
  CHECK_EQ(bench.relieve(0.86, kDay21 + 5), 1);
  CHECK_FALSE(bench.has("b"));
  CHECK_EQ(bench.relieve(0.91, kDay21 + 5), 0);
  CHECK_EQ(bench.relieve(0.92, kDay21 + 5), 2);
  CHECK(bench.findings().empty());
  CHECK_EQ(bench.metrics.counter("straykey_alerts_left_total", "", {{"reason", "room"}}).value(), 3);
}

TEST_CASE("retention: a transaction erases no more than it may, and the next one goes on") {
  Bench bench;
  bench.raise({"a", "b", "c"});
  CHECK_EQ(bench.relieve(0.99, kDay21 + 5, 2), 2);
  CHECK_EQ(bench.relieve(0.99, kDay21 + 5, 2), 1);
}

TEST_CASE("retention: what was acknowledged stays known when its alert has left") {
  Bench bench;
  bench.raise({"a"});
  bench.acknowledge_it("a");
  const std::uint64_t pairs = bench.rows(Table::quarantine);
  CHECK_EQ(bench.relieve(0.86, kDay21 + 5), 1);
  CHECK_EQ(bench.rows(Table::quarantine), pairs);
  bench.raise({"a"}, 30);
  CHECK_FALSE(bench.has("a"));
}

TEST_CASE("retention: a late hit of an alert that left for want of room raises none of the same id") {
  Bench bench;
  bench.raise({"a"});
  CHECK_EQ(bench.relieve(0.99, kDay21 + 5), 1);
  bench.raise({"a"}, 22);
  CHECK_EQ(bench.rows(Table::alerts), 0);
}

TEST_CASE("retention: a campaign goes with its last alert") {
  Bench bench;
  bench.raise({"a", "b"});
  bench.acknowledge_it("a");
  CHECK_EQ(bench.relieve(0.86, kDay21 + 5), 1);
  CHECK_EQ(bench.rows(Table::campaigns), 2);
  CHECK_EQ(bench.relieve(0.99, kDay21 + 5), 1);
  CHECK_EQ(bench.rows(Table::campaigns), 0);
}

TEST_CASE("retention: a store without room raises no alert, counts its hit, and goes on judging") {
  Bench bench;
  bench.alerts.set_fullness(0.98);
  bench.raise({"a", "b"});
  CHECK_EQ(bench.rows(Table::alerts), 0);
  CHECK_EQ(
      bench.metrics
          .counter("straykey_alerts_suppressed_total", "Hits that raised no alert of their own.", {{"reason", "cap"}})
          .value(),
      2);
  bench.alerts.set_fullness(0.5);
  bench.raise({"c"}, 23);
  CHECK_EQ(bench.rows(Table::alerts), 2);  // the alert, and the summary of the day before
  CHECK(bench.has("c"));
}

}  // namespace
}  // namespace straykey
