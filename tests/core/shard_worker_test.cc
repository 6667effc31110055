#include "core/engine/shard_worker.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/engine/memory_store.h"
#include "core/engine/route.h"
#include "core/engine/sequence.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{7, 8};

struct Bench {
  MemoryBaselineStore store;
  Metrics metrics;
  DetectionSettings detection;
  std::unique_ptr<NetworkMap> networks = test_networks();
  std::unique_ptr<ShardWorker> worker;
  std::deque<std::unique_ptr<Request>> requests;

  Bench() { restart(); }
  void restart(ShardWorker::Settings settings = {}) {
    settings.hash_key = kKey;
    worker = std::make_unique<ShardWorker>(settings, detection, store, metrics);
  }
  Request::ShardBatch& apply(std::unique_ptr<Request> request, bool may_be_forged = false) {
    requests.push_back(std::move(request));
    Request& last = *requests.back();
    last.may_be_forged = may_be_forged;
    route(last, kKey, 1);
    worker->apply(last, last.batches[0], *networks);
    return last.batches[0];
  }
  CommitOutcome learn(std::unique_ptr<Request> request, std::uint64_t judged_up_to = 0) {
    apply(std::move(request));
    return worker->commit(judged_up_to);
  }
  // Calls only. An account's first event of a day leaves a candidate before them, which takes a number too.
  std::vector<Candidate> candidates() {
    std::vector<Candidate> out;
    store.read()->scan(Table::candidates, {}, {}, [&](std::string_view, std::string_view value) {
      Candidate candidate = decode_candidate(value).value();
      if (!candidate.account_day) out.push_back(std::move(candidate));
      return true;
    });
    return out;
  }
  std::size_t rows(Table table) {
    std::size_t count = 0;
    store.read()->scan(table, {}, {}, [&](std::string_view, std::string_view) { return ++count > 0; });
    return count;
  }
  Fact fact(FactKind kind, std::string_view scope, std::string_view value) {
    const FactRef ref{kind, scope, value};
    const auto reader = store.read();
    const auto stored = reader->get(Table::facts, fact_key(kKey, ref));
    return stored ? decode_fact_of(*stored, ref).value() : Fact{};
  }
  std::uint64_t counted(std::string_view name, std::vector<Label> labels = {}) {
    return metrics.counter(name, "", std::move(labels)).value();
  }
};

TEST_CASE("shard worker: a call teaches B1, B2, B4 to B6 and its account on its day") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.agent = std::string(kAwsCli)}})), CommitOutcome::committed);
  const Day day = *parse_day("2024-03-21");
  const std::string identity = "111122223333/orders/orders-fn", role = "111122223333/orders";
  CHECK(bench.fact(FactKind::identity_network, identity, "AS64511").presence.seen_on(day));
  CHECK(bench.fact(FactKind::identity_network, identity, "198.51.100.0/24").presence.seen_on(day));
  CHECK(bench.fact(FactKind::network_identity, "AS64511", role).presence.seen_on(day));
  CHECK(bench.fact(FactKind::network_identity, "AS64511", identity).presence.seen_on(day));
  CHECK(bench.fact(FactKind::identity_other_call, identity, "AS64511").presence.seen_on(day));
  CHECK_EQ(bench.fact(FactKind::address_identity, "198.51.100.7", role).presence.days, 0);
  CHECK(bench.fact(FactKind::identity_tool, identity, "aws-cli").presence.seen_on(day));
  CHECK(bench.fact(FactKind::tool_identity, "aws-cli", identity).presence.seen_on(day));
  CHECK(bench.fact(FactKind::identity_runtime, identity, "linux ").presence.seen_on(day));
  CHECK(bench.fact(FactKind::account, kTestAccount, "").presence.seen_on(day));
}

TEST_CASE(
    "shard worker: evidence is learned, a weak proof teaches kinds of its own, and a link teaches that it was used") {
  const Day day = *parse_day("2024-03-21");
  const std::string identity = "111122223333/orders/orders-fn", role = "111122223333/orders";
  const std::string agent = std::string(kAwsCli) + " m/n,g";
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.agent = agent}})), CommitOutcome::committed);
  CHECK(bench.fact(FactKind::identity_evidence, identity, "letter:n").presence.seen_on(day));
  CHECK_EQ(bench.fact(FactKind::identity_evidence, identity, "letter:g").presence.days, 0);
  CHECK_EQ(bench.fact(FactKind::weak_identity_evidence, identity, "letter:n").presence.days, 0);

  Bench weak;
  REQUIRE_EQ(weak.learn(request_of({Call{.issuer_type = "", .agent = agent + " exec-env/AWS_Lambda_python3.12"}})),
             CommitOutcome::committed);
  CHECK(weak.fact(FactKind::weak_identity_evidence, identity, "letter:n").presence.seen_on(day));
  CHECK(weak.fact(FactKind::weak_identity_network, identity, "AS64511").presence.seen_on(day));
  CHECK(weak.fact(FactKind::weak_identity_tool, identity, "aws-cli").presence.seen_on(day));
  CHECK(weak.fact(FactKind::weak_tool_identity, "aws-cli", identity).presence.seen_on(day));
  CHECK(weak.fact(FactKind::weak_identity_runtime, identity, "linux AWS_Lambda_python3.12").presence.seen_on(day));
  for (const FactKind kind : {FactKind::identity_network, FactKind::identity_tool, FactKind::identity_evidence})
    CHECK_EQ(weak.fact(kind, identity, kind == FactKind::identity_network ? "AS64511" : "aws-cli").presence.days, 0);
  CHECK_EQ(weak.fact(FactKind::tool_identity, "aws-cli", identity).presence.days, 0);
  CHECK(weak.fact(FactKind::network_identity, "AS64511", role).presence.seen_on(day));  // as any role session

  Bench link;
  REQUIRE_EQ(link.learn(request_of({Call{.agent = agent, .presigned = true}})), CommitOutcome::committed);
  CHECK(link.fact(FactKind::identity_presigned, identity, "").presence.seen_on(day));
  CHECK_EQ(link.rows(Table::facts), 3);  // that, the account, and its first day
  REQUIRE_EQ(link.learn(request_of({Call{.role = "web", .ip = "192.0.2.10", .presigned = true}})),
             CommitOutcome::committed);
  CHECK_EQ(link.rows(Table::facts), 3);

  Bench console;
  REQUIRE_EQ(console.learn(request_of({Call{.agent = agent, .console_session = true}})), CommitOutcome::committed);
  CHECK(console.fact(FactKind::identity_evidence, identity, "console").presence.seen_on(day));
  CHECK_EQ(console.rows(Table::facts), 3);
}

TEST_CASE("shard worker: a call from inside AWS teaches no network") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.ip = "192.0.2.10"}})), CommitOutcome::committed);
  CHECK_EQ(bench.fact(FactKind::network_identity, "192.0.2.0/24", "111122223333/orders").presence.days, 0);
  CHECK(bench.candidates().empty());
}

TEST_CASE("shard worker: an event from the future is proposed and teaches nothing") {
  Bench bench;
  Call call;
  call.from_future = true;
  REQUIRE_EQ(bench.learn(request_of({call})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::facts), 0);
  CHECK_EQ(bench.candidates().size(), 1);
}

TEST_CASE("shard worker: a combination is proposed once a day, also after a restart") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}, Call{.id = "2"}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "3", .api = "GetObject"}})), CommitOutcome::committed);
  bench.restart();
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "4"}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.candidates().size(), 1);
  CHECK_EQ(bench.candidates()[0].count, 2);
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(22), .id = "5"}})), CommitOutcome::committed);
  CHECK_EQ(bench.candidates().size(), 2);
}

TEST_CASE("shard worker: a batch knows the candidates that it left, an empty one says so") {
  Bench bench;
  const auto& first = bench.apply(request_of({Call{.id = "1"}}));
  const auto& second = bench.apply(request_of({Call{.id = "2"}}));
  const auto& third =
      bench.apply(request_of({Call{.id = "3", .ip = "203.0.113.9"}, Call{.id = "4", .ip = "203.0.113.10"}}));
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  CHECK_EQ(first.candidates.first, 1);
  CHECK_EQ(first.candidates.last, 2);
  CHECK_EQ(second.candidates.last, 0);
  CHECK_EQ(third.candidates.first, 3);
  CHECK_EQ(third.candidates.last, 4);
}

TEST_CASE("shard worker: what is known has no news, so nothing is written") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  bench.apply(request_of({Call{.id = "2"}}));
  CHECK_FALSE(bench.worker->has_news());
  CHECK_EQ(bench.worker->commit(0), CommitOutcome::committed);
}

TEST_CASE("shard worker: a commit that failed leaves nothing, and the same request sent again proposes again") {
  Bench bench;
  bench.store.fail_next_commit(CommitOutcome::failed);
  const auto& batch = bench.apply(request_of({Call{.id = "1"}}));
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::failed);
  CHECK_FALSE(bench.worker->failure().empty());
  CHECK_EQ(batch.candidates.last, 0);
  CHECK_EQ(bench.rows(Table::facts), 0);
  CHECK(bench.candidates().empty());
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.candidates().size(), 1);
  CHECK_EQ(bench.requests.back()->batches[0].candidates.first, 1);
  CHECK_GT(bench.rows(Table::facts), 0);
}

TEST_CASE("shard worker: after a failure numbers go on where they were, although the store cannot be read just then") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  bench.store.break_down("the disk is gone");
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "2", .ip = "203.0.113.9"}})), CommitOutcome::failed);
  bench.store.restart();
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "2", .ip = "203.0.113.9"}})), CommitOutcome::committed);
  CHECK_EQ(bench.requests.back()->batches[0].candidates.first, 3);
  CHECK_EQ(bench.candidates().size(), 2);
}

TEST_CASE("shard worker: repeats are passed on once their candidate is judged, and each event once") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  const Request::ShardBatch& batch = bench.requests.back()->batches[0];
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(21, 12), .id = "2"}, Call{.id = "2"}, Call{.id = "3"}})),
             CommitOutcome::committed);
  CHECK(bench.worker->hand_over_repeats(0).empty());
  const auto repeats = bench.worker->hand_over_repeats(batch.candidates.last);
  REQUIRE_EQ(repeats.size(), 1);
  CHECK_EQ(repeats[0].count, 2);
  CHECK_EQ(repeats[0].combination, bench.candidates()[0].combination);
  CHECK_EQ(repeats[0].last_time, *parse_time(march(21, 12)));
  CHECK(bench.worker->hand_over_repeats(batch.candidates.last).empty());
  CHECK_EQ(bench.counted("straykey_events_duplicate_total"), 1);
}

TEST_CASE("shard worker: repeats survive forgetting what is known") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "2"}})), CommitOutcome::committed);
  bench.worker->forget_known();
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "3"}})), CommitOutcome::committed);
  std::uint64_t count = 0;
  for (const Repeat& repeat : bench.worker->hand_over_repeats(2)) count += repeat.count;
  CHECK_EQ(count, 2);
  CHECK_EQ(bench.candidates().size(), 1);
}

TEST_CASE("shard worker: a full signature table is emptied, which proposes nothing twice") {
  Bench bench;
  ShardWorker::Settings small;
  small.signatures_max = 4;
  small.keys_max = 4;
  bench.restart(small);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 20; ++i)
      REQUIRE_EQ(
          bench.learn(request_of({Call{.key = "ASIA" + std::to_string(i), .ip = "203.0.113." + std::to_string(i)}})),
          CommitOutcome::committed);
  CHECK_EQ(bench.candidates().size(), 20);
}

TEST_CASE("shard worker: an issuing event proves the calls after it") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of(Issue{})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.issuer_type = ""}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.candidates().size(), 1);
  CHECK_EQ(bench.candidates()[0].token.proof, Proof::issuing_event);
  CHECK(bench.fact(FactKind::role_service, "111122223333/orders", "lambda").presence.days != 0);
}

TEST_CASE(
    "shard worker: a late issuing event turns what waited into facts and candidates, once, also after a restart") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of(
                 {Call{.id = "1", .issuer_type = ""}, Call{.id = "2", .issuer_type = "", .ip = "203.0.113.9"}})),
             CommitOutcome::committed);
  CHECK(bench.candidates().empty());
  CHECK_EQ(bench.rows(Table::pending), 2);
  bench.restart();
  REQUIRE_EQ(bench.learn(request_of(Issue{})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 0);
  REQUIRE_EQ(bench.candidates().size(), 2);
  CHECK_EQ(bench.candidates()[0].token.identity, "111122223333/orders/orders-fn");
  CHECK(bench.fact(FactKind::identity_network, "111122223333/orders/orders-fn", "AS64511").presence.days != 0);
  REQUIRE_EQ(bench.learn(request_of(Issue{})), CommitOutcome::committed);  // the issuing event again
  CHECK_EQ(bench.candidates().size(), 2);
  CHECK_EQ(bench.requests[1]->batches[0].candidates.last, 3);
}

TEST_CASE("shard worker: a key issued to nobody's workload proves nothing, before and after") {
  Bench bench;
  Issue to_nobody;
  to_nobody.principal = "rds.amazonaws.com";
  REQUIRE_EQ(bench.learn(request_of({Call{.issuer_type = ""}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of(to_nobody)), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(22), .issuer_type = ""}})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 0);
  CHECK(bench.candidates().empty());
}

TEST_CASE("shard worker: a waiting call that can only teach is kept without its record, and is proven all the same") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1", .issuer_type = "", .ip = "192.0.2.10"},
                                     Call{.id = "2", .issuer_type = "", .ip = "203.0.113.9"}})),
             CommitOutcome::committed);
  std::vector<bool> with_record;
  bench.store.read()->scan(Table::pending, {}, {}, [&](std::string_view, std::string_view value) {
    ByteReader in(value);
    (void)in.string();
    const Candidate call = decode_candidate(in.string()).value();
    CHECK_EQ(call.record.empty(), call.address_class != SourceClass::external);
    CHECK_EQ(call.event_id.empty(), call.record.empty());
    with_record.push_back(!call.record.empty());
    return true;
  });
  CHECK_EQ(with_record.size(), 2);
  CHECK_EQ(std::count(with_record.begin(), with_record.end(), true), 1);
  REQUIRE_EQ(bench.learn(request_of(Issue{})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 0);
  REQUIRE_EQ(bench.candidates().size(), 1);
  CHECK_EQ(bench.candidates()[0].event_id, "2");
  CHECK(bench.fact(FactKind::identity_tool, "111122223333/orders/orders-fn", Candidate(bench.candidates()[0]).tool)
            .presence.days != 0);
}

TEST_CASE("shard worker: what may be forged proves a key, and takes no proof back") {
  const Issue to_nobody{.principal = "rds.amazonaws.com"};
  for (const bool may_be_forged : {false, true}) {
    Bench bench;
    // A proof by the session's name alone, because the role was seen as Lambda's.
    REQUIRE_EQ(bench.learn(request_of(Issue{.issued_key = "ASIAEXAMPLEOTHER0001"})), CommitOutcome::committed);
    const Call call{.issuer_type = "", .agent = "Boto3/1.34 exec-env/AWS_Lambda_python3.12"};
    REQUIRE_EQ(bench.learn(request_of({call})), CommitOutcome::committed);
    REQUIRE_EQ(bench.candidates().size(), 1);
    bench.apply(request_of(to_nobody), may_be_forged);
    REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
    CHECK_EQ(bench.candidates().size(), may_be_forged ? 1 : 2);
    CHECK_EQ(bench.candidates().back().contradiction, !may_be_forged);
    // It is told with the time of the event that issued the key.
    if (!may_be_forged) CHECK_EQ(bench.candidates().back().last_time, *parse_time(to_nobody.at));
  }
  Bench proven;
  REQUIRE_EQ(proven.learn(request_of({Call{.issuer_type = ""}})), CommitOutcome::committed);
  proven.apply(request_of(Issue{}), true);
  REQUIRE_EQ(proven.worker->commit(0), CommitOutcome::committed);
  CHECK_EQ(proven.candidates().size(), 1);
}

TEST_CASE(
    "shard worker: a forged call that issued a key takes no proof back when its caller turns out to be a person") {
  const Call theft{.key = "ASIACHILD",
                   .role = "archive",
                   .session = "archive-fn",
                   .issuer_type = "",
                   .agent = "Boto3/1.34 exec-env/AWS_Lambda_python3.12"};
  const Call hands_on{.key = "ASIAOFAPERSON", .issuer_type = "", .assumes = "archive", .gives = "ASIACHILD"};
  const Issue to_somebody{.principal = "rds.amazonaws.com", .issued_key = "ASIAOFAPERSON"};
  for (const int forged : {0, 1, 2}) {  // 2: forged first, and then as it was
    Bench bench;
    REQUIRE_EQ(bench.learn(request_of(Issue{.role = "archive", .session = "archive-fn", .issued_key = "ASIAANOTHER"})),
               CommitOutcome::committed);
    REQUIRE_EQ(bench.learn(request_of({theft})), CommitOutcome::committed);
    bench.apply(request_of({hands_on}), forged != 0);
    if (forged == 2) REQUIRE_EQ(bench.learn(request_of({hands_on})), CommitOutcome::committed);
    REQUIRE_EQ(bench.learn(request_of(to_somebody)), CommitOutcome::committed);
    const auto candidates = bench.candidates();
    CHECK_EQ(
        std::count_if(candidates.begin(), candidates.end(), [](const Candidate& one) { return one.contradiction; }),
        forged == 1 ? 0 : 1);
  }
}

TEST_CASE("shard worker: at most 64 kinds of calls a key wait for proof; the rest are counted") {
  Bench bench;
  for (int i = 0; i < 70; ++i)
    REQUIRE_EQ(bench.learn(request_of({Call{.issuer_type = "", .ip = "203.0.113." + std::to_string(i)}})),
               CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 64);
  CHECK_EQ(bench.counted("straykey_pending_overflow_total", {{"bound", "key"}}), 6);
  REQUIRE_EQ(bench.learn(request_of({Call{.key = "ASIAANOTHER", .issuer_type = ""}})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 65);
}

TEST_CASE("shard worker: the calls of all unproven keys together are bounded too") {
  Bench bench;
  ShardWorker::Settings settings;
  settings.pending_max = 3;
  bench.restart(settings);
  for (int i = 0; i < 5; ++i)
    REQUIRE_EQ(bench.learn(request_of({Call{.key = "ASIA" + std::to_string(i), .issuer_type = ""}})),
               CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::pending), 3);
  CHECK_EQ(bench.counted("straykey_pending_overflow_total", {{"bound", "all"}}), 2);
}

TEST_CASE("shard worker: what waited for proof is gone after two days of running, whatever the events' days say") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.issuer_type = ""}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.at = "2025-12-01T00:00:00Z", .issuer_type = ""}})),
             CommitOutcome::committed);
  const auto live_until = [&](RunHour hour) {
    bench.worker->flush(hour);
    REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  };
  for (RunHour hour = 0; hour <= 48; ++hour) live_until(hour);
  CHECK_EQ(bench.rows(Table::pending), 2);
  for (RunHour hour = 49; hour <= 51; ++hour) live_until(hour);
  CHECK_EQ(bench.rows(Table::pending), 0);
  CHECK(bench.rows(Table::facts) > 0);
}

TEST_CASE("shard worker: a store that is nearly full gives up what was seen once, and learns it anew") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(20)}, Call{.at = march(21)}})), CommitOutcome::committed);
  const std::size_t established = bench.rows(Table::facts);
  REQUIRE_EQ(bench.learn(request_of({Call{.key = "ASIAONCE", .role = "once", .ip = "203.0.113.9"}})),
             CommitOutcome::committed);
  CHECK(bench.rows(Table::facts) > established);
  bench.store.set_fullness(0.95);
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(22)}})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::facts), established + 1);  // one more early day of the account
  CHECK(bench.counted("straykey_rows_evicted_total", {{"table", "facts"}}) > 0);
  bench.store.set_fullness(0);
  REQUIRE_EQ(bench.learn(request_of({Call{.key = "ASIAONCE", .role = "once", .ip = "203.0.113.9"}})),
             CommitOutcome::committed);
  CHECK(bench.rows(Table::facts) > established);
}

TEST_CASE("shard worker: candidates that were judged go with the next thing that is written") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "2"}}), 2),
             CommitOutcome::committed);  // nothing new: nothing is written
  CHECK_EQ(bench.candidates().size(), 1);
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(22), .id = "3"}}), 2), CommitOutcome::committed);
  REQUIRE_EQ(bench.candidates().size(), 1);
  CHECK_EQ(bench.candidates()[0].event_id, "3");
}

TEST_CASE(
    "shard worker: until a request has finished that tells a session, each other request with its events tells it") {
  Bench bench;
  ShardWorker::Settings settings;
  settings.shards = 2;
  bench.restart(settings);
  std::string session = "AROA1:orders-fn";
  while (shard_of(session_id(kKey, session, *parse_day("2024-03-21")), 2) == 0) session += 'n';
  const auto request = [&](std::size_t calls) {
    auto made = request_of(std::vector<Call>(calls, Call{.id = "1"}));
    for (Event& event : made->events) event.principal_id = session;
    return made;
  };
  // Twice in one request: that the second did not have to tell it again does not make it known.
  const Request::ShardBatch& lost = bench.apply(request(2));
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  CHECK_EQ(lost.handed_on.size(), 1);
  const Request::ShardBatch& again = bench.apply(request(1));
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  CHECK_EQ(again.handed_on.size(), 1);
  bench.worker->need_not_tell(again.told);
  const Request::ShardBatch& last = bench.apply(request(1));
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  CHECK_EQ(last.handed_on.size(), 0);
}

TEST_CASE("shard worker: numbers go on after a restart although all candidates are gone") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  bench.restart();
  REQUIRE_EQ(bench.learn(request_of({Call{.at = march(22), .id = "2"}}), 2), CommitOutcome::committed);
  CHECK_EQ(bench.requests.back()->batches[0].candidates.first, 3);
  CHECK_EQ(bench.candidates().size(), 1);
}

TEST_CASE("shard worker: in a partition older than the merger, new candidates get numbers that were not judged") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{}})), CommitOutcome::committed);
  const auto& batch = bench.apply(request_of({Call{.id = "2", .role = "other", .session = "other-fn"}}));
  REQUIRE_EQ(bench.worker->commit(500), CommitOutcome::committed);
  CHECK_EQ(batch.candidates.first, 501);
}

TEST_CASE("shard worker: what a key did is on disk with its candidate, and later at the flush") {
  Bench bench;
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "1"}})), CommitOutcome::committed);
  CHECK_EQ(bench.rows(Table::activity), 2);  // the key's and the identity's
  REQUIRE_EQ(bench.learn(request_of({Call{.id = "2", .api = "GetObject"}})), CommitOutcome::committed);
  bench.worker->flush(0);
  CHECK(bench.worker->has_news());
  REQUIRE_EQ(bench.worker->commit(0), CommitOutcome::committed);
  std::vector<std::uint64_t> calls;
  bench.store.read()->scan(Table::activity, {}, {}, [&](std::string_view, std::string_view value) {
    calls.push_back(decode_activity(value)->calls);
    return true;
  });
  CHECK_EQ(calls, std::vector<std::uint64_t>{2, 2});
}

TEST_CASE("shard worker: hostile names and accounts of any length stop nothing") {
  Bench bench;
  Call call;
  call.account = std::string(600, '1');
  call.role = std::string(3'000, 'r');
  call.key = "ASIA" + std::string(3'000, 'k');
  call.ip = std::string(3'000, 'i');
  CHECK_EQ(bench.learn(request_of({call})), CommitOutcome::committed);
  call.account = "";
  CHECK_EQ(bench.learn(request_of({call})), CommitOutcome::committed);
  CHECK(bench.candidates().empty());
}

}  // namespace
}  // namespace straykey
