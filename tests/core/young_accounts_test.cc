#include "core/engine/young_accounts.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/detect/candidate.h"
#include "core/engine/judge.h"
#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};
constexpr Day kToday = 20'000;
constexpr std::string_view kOld = "111122223333", kYoung = "444455556666";

struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  DetectionSettings detection;

  // Every day since so many days.
  void seen(std::string_view account, int days) {
    const FactRef ref{FactKind::account, account, ""};
    Fact fact;
    for (int ago = 1; ago <= days; ++ago) (void)fact.seen(kToday - static_cast<Day>(ago));
    const auto writer = partition.write();
    writer->put(Table::facts, fact_key(kKey, ref), encode_fact(fact, ref));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  template <class Ask>
  auto ask(const Ask& about) {
    std::vector<std::unique_ptr<StoreReader>> readers;
    readers.push_back(partition.read());
    const auto reader = alerts.read();
    return about(BaselineView(kKey, readers, *reader));
  }
  bool any_active(Day day = kToday) {
    return ask([&](const BaselineView& view) { return any_is_active(day, detection, view); });
  }
};

Candidate call_of(std::string_view account) {
  Candidate call;
  call.time = Seconds{kToday} * kSecondsPerDay;
  call.token.account = account;
  call.tool = "aws-cli";
  call.tool_kind = ToolKind::cli;
  return call;
}

TEST_CASE("young accounts: one account that is active is enough, and none is too few") {
  Bench bench;
  CHECK_FALSE(bench.any_active());
  bench.seen(kYoung, 13);
  CHECK_FALSE(bench.any_active());
  bench.seen(kOld, 14);
  CHECK(bench.any_active());
  CHECK_FALSE(bench.any_active(kToday - 1));
  bench.detection.activation_days = 0;
  CHECK(bench.any_active(kToday - 100));
}

TEST_CASE("young accounts: once active an account stays so") {
  Bench bench;
  const auto writer = bench.alerts.write();
  writer->put(Table::activated, kOld, encode_sequence(kToday - 300));
  REQUIRE(writer->commit() == CommitOutcome::committed);
  const auto active = [&](Day day) {
    return bench.ask([&](const BaselineView& view) { return is_active(kOld, day, bench.detection, view); });
  };
  CHECK(active(kToday));
  CHECK_FALSE(active(kToday - 301));
}

TEST_CASE("young accounts: what they do counts for themselves alone") {
  Bench bench;
  bench.seen(kOld, 20);
  bench.seen(kYoung, 3);
  bench.ask([&](const BaselineView& view) {
    const Candidate old_call = call_of(kOld), young_call = call_of(kYoung);
    const Teachers for_old(old_call, bench.detection, view), for_young(young_call, bench.detection, view);
    CHECK(for_old.count("111122223333/orders"));
    CHECK_FALSE(for_old.count("444455556666/orders/orders-fn"));
    CHECK_FALSE(for_old.count("arn:aws:iam::444455556666:user/eve"));
    CHECK(for_young.count("444455556666/orders"));
    CHECK(for_young.count("111122223333/orders"));
    CHECK_EQ(for_old.young(), "");
    CHECK_EQ(for_young.young(), kYoung);
    return 0;
  });
}

TEST_CASE(
    "young accounts: strong becomes weak and keeps its pairs; weak keeps only a console session and attack tools") {
  Judgement strong;
  strong.verdict.variation = Variation::cli_unusual;
  strong.quarantined_networks = {"AS64511"};
  strong.quarantines_tool = true;
  keep_weak(strong, call_of(kYoung));
  CHECK_EQ(strong.verdict.variation, Variation::cli_aws_cli);
  CHECK_EQ(strong.verdict.tier(), Tier::weak);
  CHECK_EQ(strong.verdict.limits.size(), 1);
  CHECK((strong.quarantines_tool && strong.quarantined_networks.size() == 1));

  Judgement console;
  console.verdict.variation = Variation::misused_console;
  keep_weak(console, call_of(kYoung));
  CHECK_EQ(console.verdict.variation, Variation::misused_console);
  CHECK_EQ(console.verdict.tier(), Tier::weak);

  Judgement weak;
  weak.verdict.variation = Variation::remote_base;
  weak.quarantined_networks = {"AS64511"};
  weak.quarantined_runtimes = {"macos"};
  weak.quarantined_evidence = {"console", "letter:n"};
  weak.quarantines_tool = weak.quarantines_child = weak.quarantines_presigned = true;
  keep_weak(weak, call_of(kYoung));
  CHECK(weak.verdict.limits.empty());
  CHECK((weak.quarantined_networks.empty() && weak.quarantined_runtimes.empty()));
  CHECK_EQ(weak.quarantined_evidence, std::vector<std::string>{"console"});
  CHECK_FALSE((weak.quarantines_tool || weak.quarantines_child || weak.quarantines_presigned));
}

}  // namespace
}  // namespace straykey
