#include "core/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/activity.h"
#include "tests/core/engine_bench.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("engine: a reply waits for the commit, and the merger hears of the request before its sender does") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  CHECK(bench.replies.empty());
  CHECK(bench.messages.empty());
  bench.commit_all();
  CHECK_EQ(bench.replies.size(), 1);
  CHECK_EQ(bench.messages.size(), 1);
  CHECK_EQ(bench.metrics.gauge("straykey_queue_bytes", "").value(), 0);
}

// Key i of a chain, in a shard of its own choice.
std::string chain_key(int number, std::uint32_t shard) {
  for (int i = 0;; ++i) {
    std::string key = fmt::format("ASIACHAIN{}X{}", number, i);
    if (shard_of(access_key_id({1, 2}, key), Bench::kShards) == shard) return key;
  }
}

// The workload's key, in shard 0, is given a key in shard 1, and that one another in shard 0, which a thief uses.
std::vector<Call> chain_of_calls() {
  const std::string first = chain_key(1, 0), second = chain_key(2, 1), third = chain_key(3, 0);
  const auto assume = [](std::string key, std::string role, std::string next_role, std::string next_key) {
    return Call{.key = std::move(key),
                .role = std::move(role),
                .session = "work",
                .issuer_type = "",
                .ip = "192.0.2.10",
                .assumes = std::move(next_role),
                .gives = std::move(next_key)};
  };
  Call theft{.key = third, .role = "c", .session = "next", .issuer_type = ""};
  return {theft, assume(second, "b", "c", third), assume(first, "a", "b", second)};
}

Issue chain_issue() {
  return {.role = "a", .session = "work", .issued_key = chain_key(1, 0)};
}

TEST_CASE("engine: a reply waits until all shards know of the keys that a proven key was given, at any depth") {
  Bench bench;
  REQUIRE(bench.submit(chain_of_calls()) == SubmitResult::accepted);
  bench.settle();
  CHECK_EQ(bench.replies.size(), 1);
  CHECK_EQ(bench.alerts_raised(), 0);
  REQUIRE(bench.submit(chain_issue()) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies.size(), 1);
  CHECK_EQ(bench.engine->unfinished(), 1);
  bench.settle();
  CHECK_EQ(bench.replies.size(), 2);
  CHECK_EQ(bench.engine->unfinished(), 0);
  bench.merge_all();
  CHECK_EQ(bench.alerts_raised(), 1);
}

TEST_CASE("engine: a crash before the second shard has committed is mended when the sender sends again") {
  for (int rounds = 1; rounds <= 3; ++rounds) {
    Bench bench;
    REQUIRE(bench.submit(chain_of_calls()) == SubmitResult::accepted);
    bench.settle();
    REQUIRE(bench.submit(chain_issue()) == SubmitResult::accepted);
    for (int i = 0; i < rounds - 1; ++i) {
      bench.apply_all();
      bench.commit_all();
    }
    bench.restart();
    CHECK_EQ(bench.replies.size(), 1);
    REQUIRE(bench.submit(chain_issue()) == SubmitResult::accepted);
    bench.settle();
    bench.merge_all();
    CHECK_EQ(bench.replies.size(), 2);
    CHECK_EQ(bench.alerts_raised(), 1);
  }
}

TEST_CASE("engine: if the shard of a handed key cannot commit, the request fails, and mends it when it comes again") {
  Bench bench;
  REQUIRE(bench.submit(chain_of_calls()) == SubmitResult::accepted);
  bench.settle();
  REQUIRE(bench.submit(chain_issue()) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  bench.partitions[1].fail_next_commit(CommitOutcome::failed);
  bench.settle();
  CHECK(bench.replies.back() == RequestOutcome::failed);
  REQUIRE(bench.submit(chain_issue()) == SubmitResult::accepted);
  bench.settle();
  CHECK(bench.replies.back() == RequestOutcome::committed);
  bench.merge_all();
  CHECK_EQ(bench.alerts_raised(), 1);
}

TEST_CASE("engine: by the hours it has run, and not by the clock or the events' days, rows leave every partition") {
  Bench bench;
  const auto pending = [&](MemoryBaselineStore& store) { return store.read()->rows(Table::pending); };
  {
    const auto writer = bench.retired.write();
    writer->put(Table::pending, "old", "call");
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  Call unproven = call_of("a");
  unproven.issuer_type = "";
  REQUIRE(bench.submit({unproven}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  const auto live = [&](int hours) {
    for (int i = 0; i < hours; ++i) {
      bench.uptime += 3'600;
      bench.engine->age_rows();
      for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush(shard);
    }
  };
  live(47);
  CHECK_EQ(pending(bench.partitions[0]) + pending(bench.partitions[1]), 1);
  CHECK_EQ(pending(bench.retired), 1);
  live(3);
  CHECK_EQ(pending(bench.partitions[0]) + pending(bench.partitions[1]), 0);
  CHECK_EQ(pending(bench.retired), 0);
}

TEST_CASE(
    "engine: a flush writes its share of the soft state, the last one all of it; a store that fails ends it too") {
  Bench bench;
  const auto call_inside = [](const std::string& role) {
    Call call = call_of(role);
    call.ip = "192.0.2.10";  // AWS's: nothing to propose, so that only a flush writes what was done
    return call;
  };
  const auto use = [&](const std::vector<std::string>& roles) {
    for (const std::string& role : roles) REQUIRE(bench.submit({call_inside(role)}) == SubmitResult::accepted);
    bench.apply_all();
    bench.commit_all();
  };
  const auto rows = [&] {
    int count = 0;
    for (const char* role : {"a", "b", "c", "d", "e"})
      for (MemoryBaselineStore& partition : bench.partitions)
        if (partition.read()->get(Table::activity, activity_row({1, 2}, std::string("ASIA") + role))) ++count;
    return count;
  };
  use({"a", "b", "c", "d", "e"});
  CHECK_EQ(rows(), 0);
  for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush(shard);
  CHECK_GE(rows(), 1);
  CHECK_LE(rows(), 2);
  for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush_all(shard);
  CHECK_EQ(rows(), 5);

  use({"f", "g", "h", "i", "j"});
  for (MemoryBaselineStore& partition : bench.partitions) partition.break_down("the disk is gone");
  for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush_all(shard);
}

TEST_CASE("engine: without credits nothing is routed, and they come back with the reply") {
  Bench bench(1);
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  CHECK(bench.submit({call_of("b")}) == SubmitResult::overloaded);
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"queues"});
  CHECK(bench.submit({call_of("c")}, true) == SubmitResult::accepted);  // it has reserved its bytes elsewhere
  bench.apply_all();
  bench.commit_all();
  CHECK(bench.engine->not_ready().empty());
  CHECK(bench.submit({call_of("d")}, true) == SubmitResult::accepted);
  CHECK(bench.engine->not_ready().empty());
  CHECK(bench.submit({call_of("b")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies.size(), 4);
}

TEST_CASE("engine: finished requests are judged in the order in which they finished, however their messages travel") {
  Bench bench;
  for (const char* role : {"a", "b", "c"}) {
    REQUIRE(bench.submit({call_of(role)}) == SubmitResult::accepted);
    bench.apply_all();
    bench.commit_all();
  }
  REQUIRE_EQ(bench.messages.size(), 3);
  REQUIRE(bench.engine->merge({bench.messages[2]}) == CommitOutcome::committed);
  REQUIRE(bench.engine->merge({bench.messages[1]}) == CommitOutcome::committed);
  CHECK(bench.delivered.empty());  // the first is still on its way
  REQUIRE(bench.engine->merge({bench.messages[0]}) == CommitOutcome::committed);
  REQUIRE_EQ(bench.delivered.size(), 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK_NE(bench.delivered[i].body.find(std::string("\"ASIA") + static_cast<char>('a' + i)), std::string::npos);
}

TEST_CASE("engine: a call is late by what was acknowledged when it came, and not when its request finished") {
  Bench bench;
  const auto call_in = [](std::uint32_t shard, const std::string& name) {
    for (int i = 0;; ++i)
      if (const Call call = call_of(name + std::to_string(i));
          shard_of(access_key_id({1, 2}, call.key), Bench::kShards) == shard)
        return call;
  };
  const Call first = call_in(0, "first");
  REQUIRE(bench.submit({first, call_in(1, "second")}) == SubmitResult::accepted);
  REQUIRE_EQ(bench.items.size(), 2);
  const auto held = bench.items.back();
  bench.items.pop_back();
  REQUIRE(bench.submit({first}) == SubmitResult::accepted);  // its twin
  Call later = call_in(0, "later");
  later.at = "2024-04-25T09:00:00Z";
  REQUIRE(bench.submit({later}) == SubmitResult::accepted);
  bench.settle();
  bench.merge_all();
  CHECK_EQ(bench.replies.size(), 2);
  CHECK_EQ(bench.alerts_raised(), 1);
  bench.items.push_back(held);
  bench.settle();
  bench.merge_all();
  CHECK_EQ(bench.alerts_raised(), 3);

  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    if (restarted) bench.restart();
    REQUIRE(bench.submit({call_of(restarted ? "late-again" : "late")}) == SubmitResult::accepted);
    bench.settle();
    bench.merge_all();
    CHECK_EQ(bench.alerts_raised(), 3);
  }
}

TEST_CASE("engine: messages of a failed merge are kept until a later one commits") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  bench.alerts.fail_next_commit(CommitOutcome::failed);
  CHECK(bench.engine->merge(std::move(bench.messages)) == CommitOutcome::failed);
  CHECK(bench.delivered.empty());
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"store"});
  CHECK(bench.engine->merge({}) == CommitOutcome::committed);
  CHECK_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.rows(Table::alerts), 1);
  CHECK(bench.engine->not_ready().empty());
}

TEST_CASE("engine: a failed commit fails every request of its batch; an unknown one also ends taking requests") {
  Bench bench;
  for (MemoryBaselineStore& partition : bench.partitions) partition.fail_next_commit(CommitOutcome::failed);
  REQUIRE(bench.submit({call_of("a"), call_of("b"), call_of("c")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies, std::vector<RequestOutcome>{RequestOutcome::failed});
  CHECK_EQ(bench.fatal, 0);
  for (MemoryBaselineStore& partition : bench.partitions) partition.fail_next_commit(CommitOutcome::unknown, true);
  REQUIRE(bench.submit({call_of("a"), call_of("b"), call_of("c")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies, std::vector<RequestOutcome>(2, RequestOutcome::failed));
  CHECK_EQ(bench.fatal, 1);
  CHECK(bench.submit({call_of("d")}) == SubmitResult::stopped);
  CHECK(bench.engine->broken());
}

TEST_CASE("engine: a store that takes writes again is ready again, though nobody sends anything") {
  Bench bench;
  for (MemoryBaselineStore& partition : bench.partitions) partition.fail_next_commit(CommitOutcome::failed);
  REQUIRE(bench.submit({call_of("a"), call_of("b"), call_of("c")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  REQUIRE_EQ(bench.engine->not_ready(), std::vector<std::string>{"store"});
  for (MemoryBaselineStore& partition : bench.partitions) partition.fail_next_commit(CommitOutcome::failed);
  for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush(shard);
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"store"});
  for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush(shard);
  CHECK(bench.engine->not_ready().empty());
}

TEST_CASE("engine: time passes while the merger cannot commit, and what is put meanwhile is not old afterwards") {
  Bench bench;
  bench.engine->age_rows();
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  std::vector<Engine::Message> messages = std::exchange(bench.messages, {});
  for (int hours = 0; hours < 50; ++hours) {
    bench.uptime += 3'600;
    bench.alerts.fail_next_commit(CommitOutcome::failed);
    REQUIRE(bench.engine->merge(std::exchange(messages, {})) == CommitOutcome::failed);
    for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush(shard);
  }
  REQUIRE(bench.submit({call_of("b")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  RunHour newest = 0;
  for (MemoryBaselineStore& partition : bench.partitions) {
    partition.read()->scan_aged(Table::facts, {}, {}, [&](std::string_view, std::string_view, RunHour put_at) {
      newest = std::max(newest, put_at);
      return true;
    });
  }
  CHECK_EQ(newest, 50);
  CHECK(bench.engine->merge({}) == CommitOutcome::committed);
}

TEST_CASE("engine: soft state is flushed when due by uptime; the wall clock has no say") {
  Bench bench;
  const auto say_again = [&] {
    REQUIRE(bench.submit({call_of("a"), {.id = "again", .key = "ASIAa", .role = "a", .session = "a"}}) ==
            SubmitResult::accepted);
    bench.apply_all();
    bench.commit_all();
    (void)bench.engine->merge(std::exchange(bench.messages, {}));
  };
  const auto flushed = [&] {
    for (std::uint32_t shard = 0; shard < Bench::kShards; ++shard) bench.engine->flush_if_due(shard);
    return !std::exchange(bench.messages, {}).empty();
  };
  say_again();
  REQUIRE(bench.submit({Call{.id = "new", .key = "ASIAa", .role = "a", .session = "a"}}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_FALSE(flushed());
  bench.uptime += 5;
  CHECK(flushed());
  CHECK_FALSE(flushed());
}

TEST_CASE("engine: a partition that turns out damaged ends admission and judging; what is stored is still delivered") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  REQUIRE(bench.engine->merge(std::exchange(bench.messages, {})) == CommitOutcome::committed);
  REQUIRE_EQ(bench.delivered.size(), 1);
  REQUIRE_EQ(bench.rows(Table::outbox), 1);

  REQUIRE(bench.submit({call_of("b")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies.back(), RequestOutcome::committed);
  bench.retired.damage_as({"shard-02", "a value fails its checksum"});
  bench.messages.push_back(
      DeliveryOutcome{"siem", bench.delivered[0].alert_id, DeliveryOutcome::Kind::delivered, 1, 0, 200, ""});
  CHECK(bench.engine->merge(std::exchange(bench.messages, {})) == CommitOutcome::committed);
  CHECK(bench.engine->damaged());
  CHECK_EQ(bench.rows(Table::outbox), 0);
  CHECK_EQ(bench.rows(Table::alerts), 1);
  CHECK(bench.submit({call_of("c")}) == SubmitResult::damaged);
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"damaged: shard-02"});
  CHECK_EQ(bench.metrics.gauge("straykey_store_damaged", "", {{"part", "shard-02"}}).value(), 1);
  CHECK_EQ(bench.fatal, 0);

  // The candidate waits on disk: with the store whole again it is judged.
  bench.retired.restart();
  bench.restart();
  bench.merge_all();
  CHECK_EQ(bench.rows(Table::alerts), 2);
  CHECK(bench.submit({call_of("c")}) == SubmitResult::accepted);
}

TEST_CASE("engine: a worker that cannot commit for damage answers failed, and names it") {
  Bench bench;
  for (MemoryBaselineStore& partition : bench.partitions) partition.damage_as({"shard-00", "gone"});
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  REQUIRE_EQ(bench.replies.size(), 1);
  CHECK_EQ(bench.replies[0], RequestOutcome::failed);
  CHECK(bench.submit({call_of("b")}) == SubmitResult::damaged);
}

// What an earlier run left: the thefts of so many roles, committed and not judged.
void leave_unjudged(Bench& bench, const std::vector<std::string>& roles) {
  for (const std::string& role : roles) REQUIRE(bench.submit({call_of(role)}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  bench.restart();
}

bool is_of(const Delivery& delivery, const std::string& role) {
  return delivery.body.find("\"ASIA" + role) != std::string::npos;
}

TEST_CASE("engine: what an earlier run left is judged in small transactions, while new requests are taken and wait") {
  Bench bench(256u << 20, 3);
  leave_unjudged(bench, {"a", "b", "c", "d", "e", "f"});
  const std::uint64_t left = bench.engine->unjudged();
  CHECK(left >= 6);  // and the days of the account
  CHECK(bench.engine->not_ready().empty());
  CHECK(bench.delivered.empty());
  bench.replies.clear();

  REQUIRE(bench.submit({call_of("new")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  CHECK_EQ(bench.replies, std::vector<RequestOutcome>{RequestOutcome::committed});
  CHECK(bench.engine->unjudged() > left);
  bench.merge_all();  // the new request's message comes before any part of the backlog is judged
  int transactions = 1;
  for (; bench.engine->backlog_waits(); ++transactions) {
    CHECK(bench.engine->unjudged() > 0);
    for (const Delivery& delivery : bench.delivered) CHECK_FALSE(is_of(delivery, "new"));
    bench.merge_all();
  }
  CHECK(transactions >= 3);
  CHECK_EQ(bench.delivered.size(), 6);
  REQUIRE(bench.engine->has_to_judge());
  bench.merge_all();
  REQUIRE_EQ(bench.delivered.size(), 7);
  CHECK(is_of(bench.delivered.back(), "new"));
  CHECK_FALSE(bench.engine->has_to_judge());
  CHECK_EQ(bench.engine->unjudged(), 0);
  CHECK_EQ(bench.metrics.gauge("straykey_candidates_unjudged", "").value(), 0);
}

TEST_CASE(
    "engine: a run that ends amid the backlog leaves the rest and what it took itself to the next; all come once") {
  Bench bench(256u << 20, 2);
  leave_unjudged(bench, {"a", "b", "c", "d", "e", "f"});
  REQUIRE(bench.submit({call_of("new")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  int runs = 0;
  std::uint64_t before = bench.engine->unjudged();
  for (; bench.engine->has_to_judge() || !bench.messages.empty(); ++runs) {
    bench.merge_all();
    bench.restart();
    CHECK(bench.engine->unjudged() < before);
    before = bench.engine->unjudged();
  }
  CHECK(runs >= 4);
  CHECK_EQ(bench.rows(Table::alerts), 7);
  for (const char* role : {"a", "b", "c", "d", "e", "f", "new"})
    CHECK_EQ(std::count_if(bench.delivered.begin(), bench.delivered.end(),
                           [&](const Delivery& delivery) { return is_of(delivery, role) && delivery.attempts == 0; }),
             1);
}

TEST_CASE(
    "engine: a request with very many candidates is judged in several transactions; outcomes need not wait for it") {
  Bench bench(256u << 20, 3);
  REQUIRE(bench.submit({call_of("first")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  while (bench.engine->has_to_judge() || !bench.messages.empty()) bench.merge_all();
  REQUIRE_EQ(bench.rows(Table::outbox), 1);
  std::vector<Call> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(call_of("role" + std::to_string(i)));
  REQUIRE(bench.submit(calls) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  bench.merge_all();
  const std::size_t after_one = bench.delivered.size();
  CHECK(after_one > 1);
  CHECK(after_one <= 4);
  CHECK_FALSE(bench.engine->backlog_waits());
  bench.messages.push_back(
      DeliveryOutcome{"siem", bench.delivered[0].alert_id, DeliveryOutcome::Kind::delivered, 1, 0, 200, ""});
  bench.merge_all();
  CHECK_EQ(bench.rows(Table::outbox), bench.rows(Table::alerts) - 1);
  CHECK(bench.engine->has_to_judge());
  while (bench.engine->has_to_judge()) bench.merge_all();
  CHECK_EQ(bench.rows(Table::alerts), 11);
}

TEST_CASE("engine: a damaged alert store is named; nothing waits for it for ever") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.apply_all();
  bench.commit_all();
  bench.alerts.damage_as({"merger", "gone"});
  CHECK(bench.engine->merge(std::exchange(bench.messages, {})) == CommitOutcome::committed);
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"damaged: merger"});
  CHECK(bench.engine->merge({DeliveryOutcome{"siem", {}, DeliveryOutcome::Kind::retry, 1, 0, 0, ""}}) ==
        CommitOutcome::committed);
  CHECK_EQ(bench.fatal, 0);
}

}  // namespace
}  // namespace straykey
