#include "core/engine/alert_caps.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/detect/settings.h"
#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{3, 4};
constexpr Day kDay = 20'000;

struct Bench {
  MemoryAlertStore store;
  DetectionSettings detection;
  std::unique_ptr<AlertCaps> caps;

  Bench() {
    detection.identity_alerts_max = 2;
    detection.flood_max = 5;
    restart();
  }
  void restart() { caps = std::make_unique<AlertCaps>(kKey, detection); }
  static AlertCaps::Hit hit(std::string_view identity, Tier tier = Tier::weak, Severity severity = Severity::low) {
    return {Analytic::remote_service_token, tier, severity, identity.substr(0, 1), identity, kDay};
  }
  bool admit(const AlertCaps::Hit& hit) {
    const auto writer = store.write();
    const bool admitted = caps->admit(*writer, hit);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return admitted;
  }
  std::vector<AlertSummary> take_over(Day day, const std::set<std::string_view>& accounts) {
    const auto writer = store.write();
    auto over = caps->take_over(*writer, day, accounts);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return over;
  }
};

TEST_CASE("alert caps: an identity may raise so many of a day, tier and analytic; others are free") {
  Bench bench;
  CHECK(bench.admit(Bench::hit("a/one")));
  CHECK(bench.admit(Bench::hit("a/one")));
  CHECK_FALSE(bench.admit(Bench::hit("a/one")));
  CHECK(bench.admit(Bench::hit("a/one", Tier::strong)));
  CHECK(bench.admit(Bench::hit("a/two")));
  AlertCaps::Hit other = Bench::hit("a/one");
  other.analytic = Analytic::serverless_cli;
  CHECK(bench.admit(other));
  other = Bench::hit("a/one");
  ++other.day;
  CHECK(bench.admit(other));
}

TEST_CASE("alert caps: the summary counts by tier, has the highest severity, and comes once, when the day is over") {
  Bench bench;
  for (int i = 0; i < 2; ++i)
    for (const Tier tier : {Tier::weak, Tier::strong}) CHECK(bench.admit(Bench::hit("a/one", tier)));
  CHECK_FALSE(bench.admit(Bench::hit("a/one")));
  CHECK_FALSE(bench.admit(Bench::hit("a/one", Tier::strong, Severity::high)));
  CHECK_FALSE(bench.admit(Bench::hit("a/one")));
  CHECK(bench.take_over(kDay, {"a"}).empty());
  CHECK(bench.take_over(kDay + 1, {"b"}).empty());
  bench.restart();
  const auto over = bench.take_over(kDay + 1, {"a"});
  const AlertSummary expected{Analytic::remote_service_token, "a", "a/one", kDay, Severity::high, 1, 2, 2};
  CHECK_EQ(over, std::vector<AlertSummary>{expected});
  CHECK(bench.take_over(kDay + 1, {"a"}).empty());
}

TEST_CASE("alert caps: of an account that fell silent, the next day but one of any other will do") {
  Bench bench;
  for (int i = 0; i < 3; ++i) (void)bench.admit(Bench::hit("a/one"));
  CHECK(bench.take_over(kDay + 1, {"b"}).empty());
  CHECK_EQ(bench.take_over(kDay + 2, {"b"}).size(), 1);
}

TEST_CASE("alert caps: beyond the organisation's cap one summary stands for all identities, any account's next day") {
  Bench bench;
  int admitted = 0;
  for (int i = 0; i < 8; ++i) admitted += bench.admit(Bench::hit("a/" + std::to_string(i))) ? 1 : 0;
  CHECK_EQ(admitted, 5);
  const auto over = bench.take_over(kDay + 1, {"b"});
  const AlertSummary expected{Analytic::remote_service_token, "", "", kDay, Severity::low, 0, 3, 5};
  CHECK_EQ(over, std::vector<AlertSummary>{expected});
}

TEST_CASE("alert caps: a failed commit loses no summary") {
  Bench bench;
  for (int i = 0; i < 3; ++i) (void)bench.admit(Bench::hit("a/one"));
  CHECK_EQ(bench.caps->take_over(*bench.store.write(), kDay + 1, {"a"}).size(), 1);  // never committed
  CHECK_EQ(bench.take_over(kDay + 1, {"a"}).size(), 1);
}

TEST_CASE("alert caps: every row that is written is known to the check, and others are not") {
  Bench bench;
  for (int i = 0; i < 3; ++i) (void)bench.admit(Bench::hit("a/one"));
  int rows = 0;
  bench.store.read()->scan(Table::flood, {}, {}, [&](std::string_view key, std::string_view value) {
    CHECK(is_flood_row(key, value));
    CHECK_FALSE(is_flood_row(key, std::string(value) + 'x'));
    return ++rows > 0;
  });
  CHECK_EQ(rows, 3);
  CHECK_FALSE(is_flood_row("1234", "\x01\x01"));
}

TEST_CASE(
    "alert caps: a summary's id says analytic, account, identity and day, and its document says who and how many") {
  AlertSummary summary{Analytic::remote_service_token, "a", "a/one", kDay, Severity::high, 1, 2, 50};
  const Hash128 id = summary.id();
  summary.weak = 9;
  CHECK_EQ(summary.id(), id);
  CHECK_NE(summary_document(summary).find(R"("title":"a/one raised 50 alerts of remote_service_token for 2024-10-04)"),
           std::string::npos);
  CHECK_NE(summary_document(summary).find(R"("suppressed":10)"), std::string::npos);
  summary.identity = "a/two";
  CHECK_NE(summary.id(), id);
  summary = {Analytic::serverless_cli, "a", "a/one", kDay, Severity::high, 1, 2, 50};
  CHECK_NE(summary.id(), id);
}

}  // namespace
}  // namespace straykey
