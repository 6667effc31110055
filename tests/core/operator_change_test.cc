#include "core/engine/operator_change.h"

#include <string>
#include <utility>

#include "core/baseline/fact.h"
#include "core/operate/alert_answers.h"
#include "core/operate/operator_changes.h"
#include "tests/core/engine_bench.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// A role's function calls on each of these days of March.
void teach_days(Bench& bench, const std::string& role, int first, int last) {
  for (int day = first; day <= last; ++day) {
    Call call = call_of(role);
    call.at = march(day);
    call.id += march(day);
    REQUIRE(bench.submit({call}) == SubmitResult::accepted);
    bench.apply_all();
    bench.commit_all();
    bench.merge_all();
  }
}

constexpr Seconds kNow = 1'711'000'000;

Forgetting identity_of(const std::string& role) {
  return {std::string(kTestAccount) + '/' + role + '/' + role, "", ""};
}

TEST_CASE("engine: a forgotten identity leaves every partition, also one that no worker has, and is new again") {
  Bench bench;
  teach_days(bench, "a", 1, 3);
  REQUIRE_EQ(bench.delivered.size(), 1);
  REQUIRE(bench.change(acknowledge({1, 2}, {bench.delivered[0].alert_id, ""}, kNow)) == SubmitResult::accepted);
  bench.merge_all();
  teach_days(bench, "a", 4, 20);
  REQUIRE_EQ(bench.delivered.size(), 1);  // the network is known
  {
    const std::string identity = identity_of("a").identity;
    const FactRef old{FactKind::identity_tool, identity, "old-tool"};
    const auto writer = bench.retired.write();
    Fact fact;
    fact.seen(19'790);
    writer->put(Table::facts, fact_key({1, 2}, old), encode_fact(fact, old));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  bench.apply_all();
  CHECK_EQ(bench.outcomes.size(), 1);  // the merger's part is missing
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 2);
  CHECK(bench.outcomes[1].kind == ChangeOutcome::Kind::done);
  CHECK_GE(bench.outcomes[1].rows, 4);
  CHECK_EQ(bench.retired.read()->rows(Table::facts), 0);
  CHECK_EQ(bench.rows(Table::operator_log), 2);
  teach_days(bench, "a", 21, 21);
  CHECK_EQ(bench.delivered.size(), 2);
}

TEST_CASE("engine: what workers remember of a forgotten identity is gone with it: the same call teaches it again") {
  Bench bench;
  const auto facts = [&] {
    std::uint64_t rows = 0;
    for (MemoryBaselineStore& partition : bench.partitions)
      partition.read()->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view) {
        if (fact_kind(key) == FactKind::identity_network) ++rows;
        return true;
      });
    return rows;
  };
  teach_days(bench, "a", 1, 1);
  const std::uint64_t taught = facts();
  REQUIRE_GT(taught, 0);
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  bench.apply_all();
  CHECK_EQ(facts(), 0);
  bench.merge_all();
  teach_days(bench, "a", 1, 1);
  CHECK_EQ(facts(), taught);
}

TEST_CASE(
    "engine: requests before and behind a change in the queue have transactions of their own, and all are answered") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  REQUIRE(bench.submit({call_of("b")}) == SubmitResult::accepted);
  bench.apply_all();
  CHECK_EQ(bench.replies.size(), 1);  // what came before is committed, what came behind is not
  bench.commit_all();
  CHECK_EQ(bench.replies.size(), 2);
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 1);
  CHECK(bench.outcomes[0].kind == ChangeOutcome::Kind::done);
}

TEST_CASE("engine: a change that one shard could not commit fails alone, and asked again is done") {
  Bench bench;
  teach_days(bench, "a", 1, 3);
  REQUIRE(bench.submit({call_of("b")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  // One of the two has rows of the identity.
  for (MemoryBaselineStore& partition : bench.partitions) partition.fail_next_commit(CommitOutcome::failed);
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  bench.apply_all();
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 1);
  CHECK(bench.outcomes[0].kind == ChangeOutcome::Kind::failed);
  CHECK_FALSE(bench.outcomes[0].sentence.empty());
  CHECK_EQ(bench.rows(Table::operator_log), 0);
  bench.restart();
  for (MemoryBaselineStore& partition : bench.partitions) partition.restart();
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  bench.apply_all();
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 2);
  CHECK(bench.outcomes[1].kind == ChangeOutcome::Kind::done);
}

TEST_CASE("engine: a change that the merger could not commit is answered so, and what it was merged with is kept") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  REQUIRE(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::accepted);
  bench.apply_all();
  bench.alerts.fail_next_commit(CommitOutcome::failed);
  CHECK(bench.engine->merge(std::move(bench.messages)) == CommitOutcome::failed);
  REQUIRE_EQ(bench.outcomes.size(), 1);
  CHECK(bench.outcomes[0].kind == ChangeOutcome::Kind::failed);
  CHECK(bench.engine->merge({}) == CommitOutcome::committed);
  CHECK_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.outcomes.size(), 1);
  CHECK_EQ(bench.rows(Table::operator_log), 0);
}

TEST_CASE("engine: an acknowledgement is the merger's alone; of an alert that is not there it is refused") {
  Bench bench;
  teach_days(bench, "a", 1, 1);
  const Hash128 id = bench.delivered.at(0).alert_id;
  REQUIRE(bench.change(acknowledge({1, 2}, {id, "ours"}, kNow)) == SubmitResult::accepted);
  REQUIRE(bench.change(acknowledge({1, 2}, {{7, 8}, "ours"}, kNow)) == SubmitResult::accepted);
  CHECK(bench.items.empty());
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 2);
  CHECK(bench.outcomes[0].kind == ChangeOutcome::Kind::done);
  CHECK(bench.outcomes[1].kind == ChangeOutcome::Kind::refused);
  CHECK_EQ(bench.rows(Table::operator_log), 1);
}

TEST_CASE("engine: a broken or damaged store takes no change, and one under way is answered") {
  Bench bench;
  teach_days(bench, "a", 1, 1);
  REQUIRE(bench.change(acknowledge({1, 2}, {bench.delivered.at(0).alert_id, ""}, kNow)) == SubmitResult::accepted);
  bench.partitions[0].damage_as({"shard-00", "a page is torn"});
  bench.engine->refill_outbox();
  CHECK(bench.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::damaged);
  bench.merge_all();
  REQUIRE_EQ(bench.outcomes.size(), 1);
  CHECK(bench.outcomes[0].kind == ChangeOutcome::Kind::stopped);

  Bench broken;
  teach_days(broken, "a", 1, 1);
  broken.alerts.fail_next_commit(CommitOutcome::unknown);
  REQUIRE(broken.change(acknowledge({1, 2}, {broken.delivered.at(0).alert_id, ""}, kNow)) == SubmitResult::accepted);
  CHECK(broken.engine->merge(std::exchange(broken.messages, {})) == CommitOutcome::unknown);
  CHECK(broken.outcomes.at(0).kind == ChangeOutcome::Kind::failed);
  CHECK(broken.change(forget({1, 2}, identity_of("a"), kNow)) == SubmitResult::stopped);
}

}  // namespace
}  // namespace straykey
