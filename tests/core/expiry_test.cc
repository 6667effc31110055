#include "core/engine/expiry.h"

#include <string>
#include <vector>

#include "core/baseline/fact.h"
#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr RunHour kDay = 24;

template <class Kind>
struct Bench {
  Kind store;
  Metrics metrics;
  Expiry expiry;

  explicit Bench(std::span<const ExpiryRule> rules, std::size_t rows_a_sweep = 1'000)
      : expiry({rules, rows_a_sweep}, metrics) {}
  void put(Table table, const std::vector<std::string>& keys, RunHour hour, std::string_view value = "v") {
    store.set_run_hour(hour);
    const auto writer = store.write();
    for (const std::string& key : keys) writer->put(table, key, value);
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  std::size_t sweep(RunHour now) {
    const auto writer = store.write();
    const std::size_t erased = expiry.sweep(*writer, now);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return erased;
  }
  std::size_t relieve(double fullness, RunHour now, std::size_t rows = 1'000) {
    const auto writer = store.write();
    const std::size_t erased = expiry.relieve(*writer, rows, now, fullness);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return erased;
  }
  std::uint64_t rows(Table table) { return store.read()->rows(table); }
  bool has(Table table, std::string_view key) { return store.read()->get(table, key).has_value(); }
};

std::vector<std::string> keys(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back("key" + std::to_string(i));
  return out;
}

std::string fact_of_days(std::initializer_list<Day> days, bool acknowledged = false) {
  Fact fact;
  for (const Day day : days) (void)fact.seen(day);
  fact.acknowledged = acknowledged;
  return encode_fact(fact, {FactKind::identity_network, "scope", "value"});
}

TEST_CASE("expiry: a waiting call goes when it is older than two days, and not before") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  bench.put(Table::pending, {"old"}, 0);
  CHECK_EQ(bench.sweep(2 * kDay - 1), 0);
  CHECK_EQ(bench.sweep(2 * kDay), 0);
  CHECK_EQ(bench.sweep(2 * kDay + 1), 1);
  CHECK_EQ(bench.rows(Table::pending), 0);
}

TEST_CASE("expiry: a row's age counts from its last put") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  bench.put(Table::facts, {"used", "left"}, 0, fact_of_days({100}));
  bench.put(Table::facts, {"used"}, 60 * kDay, fact_of_days({100, 160}));
  (void)bench.sweep(70 * kDay);
  CHECK_EQ(bench.sweep(70 * kDay + 1), 1);
  CHECK(bench.has(Table::facts, "used"));
  CHECK_FALSE(bench.has(Table::facts, "left"));
}

TEST_CASE("expiry: when an account was first seen is not forgotten, however quiet it is") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  const std::string account(1, static_cast<char>(FactKind::account));
  const std::string early_day(1, static_cast<char>(FactKind::account_early_day));
  const std::string network(1, static_cast<char>(FactKind::identity_network));
  bench.put(Table::facts, {account, early_day, network}, 0, fact_of_days({100}));
  (void)bench.sweep(70 * kDay);
  for (RunHour hour = 1; hour < 10; ++hour) (void)bench.sweep(70 * kDay + hour);
  CHECK(bench.has(Table::facts, account));
  CHECK(bench.has(Table::facts, early_day));
  CHECK_FALSE(bench.has(Table::facts, network));
}

TEST_CASE("expiry: at most one percent of the facts go in an hour, however long nothing ran") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  bench.put(Table::facts, keys(1'000), 0, fact_of_days({100}));
  const RunHour far = 100'000;
  CHECK_EQ(bench.sweep(far), 0);  // the rest of the hour in which the process started
  std::size_t erased = 0;
  for (int i = 0; i < 50; ++i) erased += bench.sweep(far + 1);
  CHECK_EQ(erased, 10);
  erased = 0;
  for (int i = 0; i < 50; ++i) erased += bench.sweep(far + 2);
  CHECK_EQ(erased, 10);
  CHECK_EQ(bench.rows(Table::facts), 980);
}

TEST_CASE("expiry: restarts do not add up") {
  MemoryBaselineStore store;
  Metrics metrics;
  {
    const auto writer = store.write();
    for (const std::string& key : keys(300)) writer->put(Table::facts, key, fact_of_days({100}));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  for (int start = 0; start < 20; ++start) {
    Expiry expiry({baseline_expiry_rules()}, metrics);
    const auto writer = store.write();
    CHECK_EQ(expiry.sweep(*writer, 100'000), 0);
  }
}

TEST_CASE("expiry: a sweep looks at a bounded number of rows and the next goes on there") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules(), 10);
  bench.put(Table::pending, keys(100), 0);
  bench.put(Table::pending, {"zz"}, 0);
  (void)bench.sweep(1'000);
  CHECK_EQ(bench.sweep(1'001), 6);  // 5 % of 101, rounded up
  bench.put(Table::pending, keys(100), 1'001);
  std::size_t erased = 0;
  for (RunHour hour = 1'002; hour < 1'020; ++hour) erased += bench.sweep(hour);
  CHECK_EQ(erased, 1);
  CHECK_FALSE(bench.has(Table::pending, "zz"));
}

TEST_CASE("expiry: a pair that an operator acknowledged stays in quarantine's table for ever") {
  Bench<MemoryAlertStore> bench(alert_expiry_rules());
  bench.put(Table::quarantine, {"ours"}, 0, fact_of_days({100}, true));
  bench.put(Table::quarantine, {"hit"}, 0, fact_of_days({100}));
  (void)bench.sweep(1);
  for (RunHour hour = 1'700; hour < 1'710; ++hour) (void)bench.sweep(hour);
  CHECK(bench.has(Table::quarantine, "ours"));
  CHECK_FALSE(bench.has(Table::quarantine, "hit"));
  CHECK_EQ(bench.metrics.counter("straykey_rows_expired_total", "", {{"table", "quarantine"}}).value(), 1);
}

TEST_CASE("expiry: room is made only in a store that is nearly full, and established facts stay") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  bench.put(Table::facts, {"established"}, 0, fact_of_days({100, 101}));
  bench.put(Table::facts, {"once"}, 0, fact_of_days({100}));
  bench.put(Table::tokens, {"token"}, 0);
  bench.put(Table::candidates, {"candidate"}, 0);
  for (const Table table : {Table::pending, Table::proposed, Table::activity}) bench.put(table, keys(3), 0);
  CHECK_EQ(bench.relieve(0.84, 1'000), 0);
  CHECK_EQ(bench.relieve(0.86, 1'000), 10);
  CHECK(bench.has(Table::facts, "established"));
  CHECK_FALSE(bench.has(Table::facts, "once"));
  CHECK(bench.has(Table::tokens, "token"));
  CHECK(bench.has(Table::candidates, "candidate"));
  CHECK_EQ(bench.metrics.counter("straykey_rows_evicted_total", "", {{"table", "facts"}}).value(), 1);
}

TEST_CASE("expiry: a fact whose days lie in several partitions is as established as one whose days lie in one") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  MemoryBaselineStore other;
  {
    const auto writer = other.write();
    writer->put(Table::facts, "known", fact_of_days({104}));
    writer->put(Table::facts, "same day", fact_of_days({100}));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  Expiry expiry({.rules = baseline_expiry_rules(), .others = {&other}}, bench.metrics);
  bench.put(Table::facts, {"known", "same day", "only here"}, 0, fact_of_days({100}));
  {
    const auto writer = bench.store.write();
    CHECK_EQ(expiry.relieve(*writer, 1'000, 1'000, 0.9), 2);
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  CHECK(bench.has(Table::facts, "known"));
  other.break_down("unreadable");
  bench.put(Table::facts, {"who knows"}, 0, fact_of_days({100}));
  CHECK_EQ(expiry.relieve(*bench.store.write(), 1'000, 1'000, 0.9), 0);
}

TEST_CASE("expiry: in the merger's store, hits and pairs of a single day make room; dedup and what was said stay") {
  Bench<MemoryAlertStore> bench(alert_expiry_rules());
  bench.put(Table::hits, keys(3), 0);
  bench.put(Table::dedup, keys(3), 0);
  bench.put(Table::alerts, keys(3), 0);
  bench.put(Table::quarantine, {"once"}, 0, fact_of_days({100}));
  bench.put(Table::quarantine, {"twice"}, 0, fact_of_days({100, 104}));
  bench.put(Table::quarantine, {"ours"}, 0, fact_of_days({100}, true));
  CHECK_EQ(bench.relieve(0.9, 1'000), 4);
  CHECK_EQ(bench.rows(Table::dedup) + bench.rows(Table::alerts), 6);
  CHECK(bench.has(Table::quarantine, "twice"));
  CHECK(bench.has(Table::quarantine, "ours"));
}

TEST_CASE("expiry: what is younger than a day goes only from a store that is fuller still") {
  Bench<MemoryBaselineStore> bench(baseline_expiry_rules());
  bench.put(Table::activity, {"young"}, 100);
  CHECK_EQ(bench.relieve(0.9, 110), 0);
  CHECK_EQ(bench.relieve(0.93, 110), 1);
}

}  // namespace
}  // namespace straykey
