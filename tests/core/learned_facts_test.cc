#include "core/engine/learned_facts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/baseline_view.h"
#include "core/engine/batch_writer.h"
#include "core/engine/memory_store.h"

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};
constexpr std::string_view kAccount = "111122223333";

// An account in one partition or several.
struct AccountBench {
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions;
  MemoryAlertStore alerts;

  explicit AccountBench(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) partitions.push_back(std::make_unique<MemoryBaselineStore>());
  }
  bool learn(Day day, std::size_t partition = 0) {
    BatchWriter writer(*partitions[partition]);
    const bool is_new = learn_early_day(writer, kKey, kAccount, day);
    REQUIRE(writer.commit() == CommitOutcome::committed);
    return is_new;
  }
  std::vector<Day> earliest() {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions) readers.push_back(partition->read());
    const auto reader = alerts.read();
    return BaselineView(kKey, readers, *reader).earliest_days(kAccount);
  }
};

const FactRef kFact{FactKind::identity_tool, "111122223333/orders", "boto3"};

TEST_CASE("learned facts: a fact is held for the day with which it was added, and for no other") {
  LearnedFacts facts;
  CHECK_FALSE(facts.holds(kFact, 20'000));
  facts.add(kFact, 20'000);
  CHECK(facts.holds(kFact, 20'000));
  CHECK_FALSE(facts.holds(kFact, 20'001));
  facts.add(kFact, 20'001);
  CHECK(facts.holds(kFact, 20'001));
}

TEST_CASE("learned facts: kind, scope and value all tell facts apart, also where their texts joined are the same") {
  LearnedFacts facts;
  facts.add({FactKind::identity_tool, "ab", "c"}, 20'000);
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "a", "bc"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_runtime, "ab", "c"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "ab", "d"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "ab", ""}, 20'000));
}

TEST_CASE("learned facts: of facts that end alike and share a place only the last one is held") {
  LearnedFacts facts;
  const FactRef same_place{FactKind::identity_tool, "999922223333/orders", "boto3"};
  facts.add(kFact, 20'000);
  facts.add(same_place, 20'000);
  CHECK(facts.holds(same_place, 20'000));
  CHECK_FALSE(facts.holds(kFact, 20'000));
}

TEST_CASE("learned facts: nothing is held after forget()") {
  LearnedFacts facts;
  facts.add(kFact, 20'000);
  facts.forget();
  CHECK_FALSE(facts.holds(kFact, 20'000));
}

TEST_CASE("learned facts: texts over their bound are not remembered") {
  LearnedFacts facts;
  const std::string most(LearnedFacts::kTextsBytesMax, 'x'), more = most + 'x';
  facts.add({FactKind::account, most, ""}, 20'000);
  CHECK(facts.holds({FactKind::account, most, ""}, 20'000));
  facts.add({FactKind::account, more, ""}, 20'000);
  CHECK_FALSE(facts.holds({FactKind::account, more, ""}, 20'000));
}

TEST_CASE("account days: the seven earliest are kept, in whatever order they come and in whatever partition") {
  std::vector<Day> days{100, 101, 103, 107, 115, 131, 163, 227, 355};
  const std::vector<Day> first_seven(days.begin(), days.begin() + 7);
  for (int turn = 0; turn < 40; ++turn) {
    std::next_permutation(days.begin(), days.end());
    std::rotate(days.begin(), days.begin() + 4, days.end());
    AccountBench bench(2);
    for (std::size_t i = 0; i < days.size(); ++i) (void)bench.learn(days[i], i % 2);
    CHECK(bench.earliest() == first_seven);
    for (const auto& partition : bench.partitions) CHECK(partition->read()->rows(Table::facts) <= kEarliestDays);
  }
}

TEST_CASE("account days: a day that is known, or later than seven others, is not new") {
  AccountBench bench(1);
  for (Day day = 50; day < 57; ++day) CHECK(bench.learn(day));
  CHECK_FALSE(bench.learn(53));
  CHECK_FALSE(bench.learn(57));
  CHECK(bench.learn(49));
  CHECK(bench.earliest() == std::vector<Day>{49, 50, 51, 52, 53, 54, 55});
}

TEST_CASE("account days: what the account's own fact tells is taken in") {
  AccountBench bench(1);
  Fact fact;
  for (const Day day : {10u, 90u, 91u, 92u}) (void)fact.seen(day);
  const FactRef ref{FactKind::account, kAccount, ""};
  const auto writer = bench.partitions[0]->write();
  writer->put(Table::facts, fact_key(kKey, ref), encode_fact(fact, ref));
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK(bench.learn(11));
  CHECK(bench.earliest() == std::vector<Day>{10, 11, 90, 91, 92});
}

}  // namespace
}  // namespace straykey
