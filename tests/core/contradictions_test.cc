#include "core/engine/contradictions.h"

#include <memory>
#include <string>
#include <vector>

#include "core/detect/alert_state.h"
#include "core/detect/candidate.h"
#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};
constexpr Day kDay = 19'803;
const AlertPairs::Pair kPair{FactKind::quarantine_identity_network, "111122223333/cart", "AS64511"};

Candidate weak_call(const std::string& access_key, std::uint64_t combination = 1) {
  Candidate call;
  call.combination = {combination, 0};
  call.time = call.last_time = Seconds{kDay} * kSecondsPerDay;
  call.access_key = access_key;
  call.token.service = call.token.must_have_assumed = "ecs";
  call.token.role_identity = call.token.identity = "111122223333/cart";
  return call;
}

Candidate contradiction(const std::string& access_key, const std::string& service = {}) {
  Candidate out;
  out.contradiction = true;
  out.time = Seconds{kDay - 2} * kSecondsPerDay;  // its event is of kDay
  out.access_key = access_key;
  out.token.role_identity = "111122223333/cart";
  out.token.service = service;
  return out;
}

struct Bench {
  MemoryAlertStore store;
  std::unique_ptr<StoreWriter> writer = store.write();
  Contradictions contradictions{kKey};

  void hit(const Candidate& call, const std::vector<Hash128>& alerts) {
    const FactRef ref{kPair.kind, kPair.scope, kPair.value};
    const std::string key = fact_key(kKey, ref);
    const auto stored = writer->get(Table::quarantine, key);
    Fact fact = stored ? decode_fact_of(*stored, ref).value() : Fact{};
    const bool is_new = fact.seen(call.day());
    writer->put(Table::quarantine, key, encode_fact(fact, ref));
    contradictions.note_quarantined(*writer, call, key, is_new);
    contradictions.note_hit(*writer, call, alerts, {kPair});
  }
  bool in_quarantine() {
    const FactRef ref{kPair.kind, kPair.scope, kPair.value};
    return writer->get(Table::quarantine, fact_key(kKey, ref)).has_value();
  }
};

TEST_CASE("contradictions: the alerts of a key are told once, and its pairs leave quarantine") {
  Bench bench;
  const Candidate call = weak_call("ASIA1");
  bench.hit(call, {{1, 1}});
  bench.hit(weak_call("ASIA1", 2), {{1, 1}, {2, 2}});
  CHECK_FALSE(bench.contradictions.denies(*bench.writer, call));
  CHECK_EQ(bench.contradictions.take(*bench.writer, contradiction("ASIA1")), std::vector<Hash128>{{1, 1}, {2, 2}});
  CHECK_FALSE(bench.in_quarantine());
  CHECK(bench.contradictions.denies(*bench.writer, call));
  CHECK(bench.contradictions.take(*bench.writer, contradiction("ASIA1")).empty());
}

TEST_CASE("contradictions: what the event confirms stands, and so do other roles' sessions of a masked key") {
  Bench bench;
  const Candidate call = weak_call("ASIA1");
  bench.hit(call, {{1, 1}});
  Candidate other = contradiction("ASIA1");
  other.token.role_identity = "111122223333/other";
  CHECK(bench.contradictions.take(*bench.writer, other).empty());
  CHECK_FALSE(bench.contradictions.denies(*bench.writer, call));
  CHECK(bench.contradictions.take(*bench.writer, contradiction("ASIA1", "ecs")).empty());
  CHECK(bench.in_quarantine());
}

TEST_CASE("contradictions: a pair that another call put into quarantine on the same day stays there") {
  Candidate proven = weak_call("ASIA2");
  proven.token.must_have_assumed.clear();
  for (const Candidate& other : {proven, weak_call("ASIA2")}) {
    for (const bool first : {true, false}) {
      Bench bench;
      if (first) bench.hit(other, {{2, 2}});
      bench.hit(weak_call("ASIA1"), {{1, 1}});
      if (!first) bench.hit(other, {{2, 2}});
      CHECK_EQ(bench.contradictions.take(*bench.writer, contradiction("ASIA1")).size(), 1);
      CHECK(bench.in_quarantine());
    }
  }
}

TEST_CASE("contradictions: an alert stands while one of its keys does, and where not all of its keys are known") {
  Bench bench;
  AlertState state;
  const Candidate call = weak_call("ASIA1");
  state.take_in(call);
  state.take_in(weak_call("ASIA2"));
  static_cast<void>(bench.contradictions.take(*bench.writer, contradiction("ASIA1")));
  CHECK_FALSE(bench.contradictions.rests_on_nothing(*bench.writer, state, call));
  static_cast<void>(bench.contradictions.take(*bench.writer, contradiction("ASIA2")));
  CHECK(bench.contradictions.rests_on_nothing(*bench.writer, state, call));
  while (state.keys.size() < AlertState::kListMax) state.keys.emplace_back("ASIA1");
  CHECK_FALSE(bench.contradictions.rests_on_nothing(*bench.writer, state, call));
}

TEST_CASE("contradictions: an event says nothing of the same key on other days, as in masked logs") {
  for (const int days : {-3, -2, 2, 3}) {
    CAPTURE(days);
    Bench bench;
    Candidate call = weak_call("ASIA1");
    call.time = call.last_time += days * static_cast<Seconds>(kSecondsPerDay);
    const bool is_its = days >= -2 && days <= 2;
    bench.hit(call, {{1, 1}});
    AlertState state;
    state.take_in(call);
    CHECK_EQ(bench.contradictions.take(*bench.writer, contradiction("ASIA1")).size(), is_its ? 1 : 0);
    CHECK_EQ(bench.contradictions.denies(*bench.writer, call), is_its);
    CHECK_EQ(bench.contradictions.rests_on_nothing(*bench.writer, state, call), is_its);
    CHECK_EQ(bench.in_quarantine(), !is_its);
  }
}

TEST_CASE("contradictions: its rows are known as such, and nothing else is") {
  Bench bench;
  bench.hit(weak_call("ASIA1"), {{1, 1}});
  bench.hit(weak_call("ASIA2", 2), {});
  static_cast<void>(bench.contradictions.take(*bench.writer, contradiction("ASIA2")));
  int rows = 0;
  bench.writer->scan(Table::hits, {}, {}, [&](std::string_view key, std::string_view value) {
    ++rows;
    CHECK(is_contradiction_row(key, value));
    CHECK_FALSE(is_contradiction_row(key, std::string(value) + "x"));
    CHECK_FALSE(is_contradiction_row(std::string(key) + "x", value));
    return true;
  });
  CHECK(rows >= 2);
  CHECK_FALSE(is_contradiction_row("short", ""));
}

}  // namespace
}  // namespace straykey
