#include "core/engine/waiting_candidates.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/detect/alert_state.h"
#include "core/detect/candidate.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// One partition of candidates, and what waits.
struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  std::vector<std::unique_ptr<StoreReader>> readers;
  WaitingCandidates waiting{1};
  std::uint64_t last = 0;

  std::uint64_t put(const std::string& identity, Day day, Seconds second = 0, bool account_day = false) {
    Candidate candidate;
    candidate.combination = {++last, 1};
    candidate.time = static_cast<Seconds>(day) * kSecondsPerDay + second;
    candidate.token.account = std::string(kTestAccount);
    candidate.token.identity = identity;
    candidate.account_day = account_day;
    const auto writer = partition.write();
    writer->put(Table::candidates, encode_sequence(last), encode_candidate(candidate));
    writer->put(Table::shard_meta, kNextSequenceKey, encode_sequence(last + 1));
    REQUIRE(writer->commit() == CommitOutcome::committed);
    return last;
  }
  void find_backlog() {
    readers.clear();
    readers.push_back(partition.read());
    waiting.find_backlog(readers);
  }
  // The numbers of the next transaction, request by request.
  std::vector<std::vector<std::uint64_t>> next() {
    readers.clear();
    readers.push_back(partition.read());
    std::vector<std::vector<std::uint64_t>> out;
    for (const auto& request : waiting.next(readers)) {
      out.emplace_back();
      for (const CandidateRange& range : request)
        for (std::uint64_t number = range.first; number <= range.last; ++number) out.back().push_back(number);
    }
    return out;
  }
};
using Numbers = std::vector<std::vector<std::uint64_t>>;

TEST_CASE(
    "waiting candidates: whole requests share a transaction while they fit, in the order in which they finished") {
  Bench bench;
  bench.waiting.candidates_max = 5;
  for (int i = 0; i < 9; ++i) bench.put("a", 10);
  bench.waiting.add({{0, 1, 2}});
  bench.waiting.add({{0, 3, 5}});
  bench.waiting.add({{0, 6, 6}});
  CHECK_EQ(bench.waiting.count(), 6);
  CHECK_EQ(bench.next(), Numbers{{1, 2}, {3, 4, 5}});
  bench.waiting.settle(false);  // the transaction failed: the same again
  CHECK_EQ(bench.next(), Numbers{{1, 2}, {3, 4, 5}});
  bench.waiting.settle(true);
  CHECK_EQ(bench.waiting.count(), 1);
  CHECK_EQ(bench.next(), Numbers{{6}});
  bench.waiting.settle(true);
  CHECK(bench.waiting.empty());
  CHECK(bench.next().empty());
}

TEST_CASE("waiting candidates: what is too large is judged by day, accounts first, and cut between two identities") {
  Bench bench;
  bench.waiting.candidates_max = 4;
  std::set<std::uint64_t> of_a, of_b;
  for (int i = 0; i < 3; ++i) of_a.insert(bench.put("a", 11, 50 - i));
  const std::uint64_t account = bench.put(std::string(kTestAccount), 11, 99, true);
  for (int i = 0; i < 3; ++i) of_b.insert(bench.put("b", 11, i));
  const std::uint64_t early = bench.put("c", 10);
  bench.find_backlog();
  bench.waiting.add({{0, 20, 20}});
  CHECK_EQ(bench.waiting.count(), 9);

  CHECK_EQ(bench.next(), Numbers{{early, account}});
  bench.waiting.settle(true);
  std::vector<std::set<std::uint64_t>> parts;
  for (int i = 0; i < 2; ++i) {
    CHECK(bench.waiting.backlog_waits());
    CHECK(bench.waiting.in_midst());
    const Numbers part = bench.next();
    REQUIRE_EQ(part.size(), 1);
    parts.emplace_back(part[0].begin(), part[0].end());
    bench.waiting.settle(false);
    CHECK_EQ(bench.next(), part);
    bench.waiting.settle(true);
  }
  std::sort(parts.begin(), parts.end());
  CHECK_EQ(parts, std::vector<std::set<std::uint64_t>>{of_a, of_b});
  CHECK_FALSE(bench.waiting.backlog_waits());
  CHECK_EQ(bench.next(), Numbers{{20}});
}

TEST_CASE("waiting candidates: an identity with more of one day than a transaction holds is cut by time") {
  Bench bench;
  bench.waiting.candidates_max = 2;
  for (const Seconds second : {40, 30, 20, 10, 50}) bench.put("a", 10, second);
  bench.waiting.add({{0, 1, 5}});
  for (const auto& expected : {Numbers{{4, 3}}, Numbers{{2, 1}}, Numbers{{5}}}) {
    CHECK_EQ(bench.next(), expected);
    bench.waiting.settle(true);
  }
  CHECK(bench.waiting.empty());
}

TEST_CASE("waiting candidates: numbers without a row are passed, judged ones are left out, an unreadable store waits") {
  Bench bench;
  bench.waiting.candidates_max = 2;
  for (int i = 0; i < 6; ++i) bench.put("a", 10, i);
  const auto writer = bench.partition.write();
  writer->erase(Table::candidates, encode_sequence(3));
  writer->put(Table::shard_meta, kNextSequenceKey, encode_sequence(8));
  REQUIRE(writer->commit() == CommitOutcome::committed);
  bench.waiting.note_judged({0, 4, 5});
  bench.waiting.note_judged({0, 9, 9});  // before the partition was restored from a backup
  const auto marks = bench.alerts.write();
  bench.waiting.write_marks(*marks);
  REQUIRE(marks->commit() == CommitOutcome::committed);
  bench.waiting.settle(true);
  bench.find_backlog();
  CHECK_EQ(bench.waiting.count(), 5);
  CHECK_FALSE(bench.waiting.is_judged(0, 9));
  bench.partition.break_down("the disk is gone");
  CHECK(bench.next().empty());
  bench.waiting.settle(false);
  bench.readers.clear();
  bench.partition.restart();
  std::set<std::uint64_t> judged;
  while (!bench.waiting.empty()) {
    for (const auto& part : bench.next()) judged.insert(part.begin(), part.end());
    bench.waiting.settle(true);
  }
  CHECK_EQ(judged, std::set<std::uint64_t>{1, 2, 3, 6, 7});
  CHECK_EQ(bench.waiting.count(), 0);
}

// The merger, with what an earlier run learned and did not judge.
struct Judging {
  static constexpr HashKey kKey{3, 4};
  MemoryBaselineStore partitions[2];
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::map<Hash128, int> delivered;
  std::unique_ptr<NetworkMap> networks = test_networks();
  std::unique_ptr<InlinePipeline> engine;

  Judging() {
    detection.activation_days = 0;
    restart();
  }
  void restart(std::size_t at_most = WaitingCandidates::kAllAtOnce) {
    engine = std::make_unique<InlinePipeline>(
        kKey, 2u, detection, InlinePipeline::Stores{{&partitions[0], &partitions[1]}, &alerts},
        std::vector<WebhookRoute>{{"siem", Severity::informational, {}, {}}},
        [this](Delivery d) { ++delivered[d.alert_id]; }, metrics);
    engine->merger().judge_at_most(at_most);
  }
  // Thefts of two days, half of them by a command line, the later day first.
  void learn_thefts(int roles) {
    for (const int day : {12, 10}) {
      for (int role = 0; role < roles; ++role) {
        Call call{.at = march(day, role % 24),
                  .id = std::to_string(day) + "-" + std::to_string(role),
                  .key = "ASIA" + std::to_string(role),
                  .role = "role-" + std::to_string(role)};
        if (role % 2 == 0) call.agent = std::string(kAwsCli);
        REQUIRE(engine->learn(*request_of({call}), *networks) == RequestOutcome::committed);
      }
    }
  }
  void find() { REQUIRE(engine->merger().find_unjudged() == CommitOutcome::committed); }
  void judge_one_transaction() {
    engine->merger().judge_waiting();
    REQUIRE(engine->merger().commit() == CommitOutcome::committed);
  }
  // Alert id -> occurrences.
  std::map<std::string, std::uint64_t> raised() {
    std::map<std::string, std::uint64_t> out;
    alerts.read()->scan(Table::alert_state, {}, {}, [&](std::string_view key, std::string_view value) {
      out[std::string(key)] = decode_alert_state(value).value().occurrences;
      return true;
    });
    return out;
  }
};

TEST_CASE("merger: a backlog of two days is judged in several transactions; cut short after each, it gives the same") {
  constexpr int kRoles = 600;
  Judging at_once;
  at_once.learn_thefts(kRoles);
  at_once.find();
  at_once.judge_one_transaction();
  CHECK_FALSE(at_once.engine->merger().has_to_judge());
  const auto expected = at_once.raised();
  CHECK_EQ(expected.size(), kRoles + kRoles / 2);
  for (const auto& [id, occurrences] : expected) CHECK_EQ(occurrences, 2);  // the later day joins the earlier

  Judging in_parts, cut_short;
  in_parts.learn_thefts(kRoles);
  in_parts.restart(500);
  in_parts.find();
  CHECK_EQ(in_parts.engine->merger().waiting(), 2 * kRoles + 2 * 2);  // and the account's days, in each partition
  int transactions = 0;
  for (; in_parts.engine->merger().has_to_judge(); ++transactions) in_parts.judge_one_transaction();
  CHECK(transactions >= 3);
  CHECK(in_parts.raised() == expected);

  cut_short.learn_thefts(kRoles);
  int runs = 0;
  do {
    cut_short.restart(500);
    cut_short.find();
    cut_short.judge_one_transaction();
    ++runs;
  } while (cut_short.engine->merger().has_to_judge());
  CHECK_EQ(runs, transactions);  // so nothing was judged twice
  CHECK(cut_short.raised() == expected);
  int to_deliver = 0;
  cut_short.alerts.read()->scan(Table::outbox, {}, {},
                                [&](std::string_view, std::string_view) { return ++to_deliver > 0; });
  CHECK_EQ(to_deliver, expected.size());
  for (const auto& [id, times] : cut_short.delivered) CHECK_EQ(times, 1);
}

TEST_CASE("merger: a part whose commit failed is judged again, and then the rest") {
  Judging untroubled, troubled;
  untroubled.learn_thefts(20);
  REQUIRE(untroubled.engine->judge_all() == CommitOutcome::committed);
  troubled.learn_thefts(20);
  troubled.restart(7);
  troubled.find();
  for (int i = 0; troubled.engine->merger().has_to_judge(); ++i) {
    if (i % 2 == 0) {
      troubled.alerts.fail_next_commit(CommitOutcome::failed);
      troubled.engine->merger().judge_waiting();
      CHECK(troubled.engine->merger().commit() == CommitOutcome::failed);
    }
    troubled.judge_one_transaction();
  }
  CHECK(troubled.raised() == untroubled.raised());
}

}  // namespace
}  // namespace straykey
