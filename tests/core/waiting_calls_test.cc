#include "core/engine/waiting_calls.h"

#include <string>

#include "core/engine/memory_store.h"
#include "core/engine/route.h"
#include "core/identity/issued_tokens.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{7, 8};
const std::string kRole = "111122223333/orders";

struct Bench {
  MemoryBaselineStore store, other;
  Metrics metrics;
  DetectionSettings detection;
  std::unique_ptr<NetworkMap> networks = test_networks();
  BatchWriter writer{store};
  WaitingCalls waiting{{.hash_key = kKey, .others = {&other}, .per_key_max = 3, .max = 5}, writer, metrics};

  std::uint32_t keep(const Call& call, bool counts = true, const IssuedToken* issued = nullptr) {
    const auto request = request_of({call});
    const Event& event = request->events.front();
    return waiting.keep(observe(event, issued, *networks, detection), event, counts);
  }
  // As of an event on the day of the calls.
  WaitingCalls::Proven prove(Hash128 key, std::string_view role, IssuedToken issued) {
    issued.issued_day = day_of(*parse_time(Call{}.at));
    return waiting.prove(key, role, issued, IssuedTokens(issued));
  }
  std::uint64_t overflow(std::string_view bound) {
    return metrics.counter("straykey_pending_overflow_total", "", {{"bound", bound}}).value();
  }
};

Call unproven(const std::string& key, const std::string& ip = "198.51.100.7") {
  return {.key = key, .issuer_type = "", .ip = ip};
}

Hash128 id_of(std::string_view key) {
  return access_key_id(kKey, key);
}

TEST_CASE("waiting calls: a strong proof takes a key's calls, a weak one leaves them to wait for a better") {
  Bench bench;
  bench.keep(unproven("ASIA1"));
  bench.keep(unproven("ASIA2"));
  IssuedToken weak{"ecs", {}, 0};
  weak.weak = true;
  weak.chain = "111122223333/billing > 111122223333/orders";
  REQUIRE_EQ(bench.prove(id_of("ASIA1"), kRole, weak).calls.size(), 1);
  const auto calls = bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls;
  REQUIRE_EQ(calls.size(), 1);
  CHECK_EQ(calls[0].token.identity, "111122223333/orders/orders-fn");
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls.empty());
  CHECK(bench.prove(id_of("ASIA2"), "111122223333/another", IssuedToken{"lambda", {}, 0}).calls.empty());
  CHECK_EQ(bench.prove(id_of("ASIA2"), {}, IssuedToken{"lambda", {}, 0}).calls.size(), 1);
}

TEST_CASE("waiting calls: an issuing event proves the calls of its own days, and the others wait on") {
  Bench bench;
  bench.keep(unproven("ASIA1"));
  const Day day = day_of(*parse_time(Call{}.at));
  for (const Day issued : {day - 3, day + 3}) {
    const IssuedToken token{"lambda", {}, issued};
    CHECK(bench.waiting.prove(id_of("ASIA1"), kRole, token, IssuedTokens(token)).calls.empty());
  }
  const IssuedToken before{"lambda", {}, day - 2}, same_day{"ecs", {}, day};
  IssuedTokens both(before);
  both.add(same_day);
  CHECK(bench.waiting.prove(id_of("ASIA1"), kRole, before, both).calls.empty());  // the other one is nearer
  CHECK_EQ(bench.waiting.prove(id_of("ASIA1"), kRole, same_day, both).calls.size(), 1);
}

TEST_CASE("waiting calls: a proof denies what a call was judged as by a weaker one, once for each role") {
  Bench bench;
  const auto keep_task = [&](const std::string& key, const std::string& ip) {
    Call call = unproven(key, ip);
    call.session = "0123456789abcdef0123456789abcdef";
    bench.keep(call);
  };
  keep_task("ASIA1", "198.51.100.7");
  keep_task("ASIA1", "203.0.113.7");
  const auto person = bench.prove(id_of("ASIA1"), kRole, IssuedToken{});
  CHECK(person.calls.empty());
  REQUIRE_EQ(person.denied.size(), 1);
  CHECK_EQ(person.denied[0].access_key, "ASIA1");
  CHECK_EQ(person.denied[0].token.role_identity, kRole);
  keep_task("ASIA1", "198.51.100.7");
  CHECK_EQ(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).denied.size(), 1);
  keep_task("ASIA1", "198.51.100.7");
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"ecs", {}, 0}).denied.empty());
  bench.keep(unproven("ASIA2"));
  CHECK(bench.prove(id_of("ASIA2"), kRole, IssuedToken{}).denied.empty());
}

TEST_CASE("waiting calls: the event on which a descent rests denies nothing when it comes once more") {
  IssuedToken weak{"ecs", {}, day_of(*parse_time("2024-03-21T09:05:00Z"))};
  weak.weak = true;
  weak.chain = "111122223333/billing > 111122223333/orders";
  weak.parent_role = "111122223333/billing";
  IssuedToken of_unknown_caller{{}, {}, weak.issued_day};
  of_unknown_caller.waits = true;
  for (const bool descended : {true, false}) {
    CAPTURE(descended);
    Bench bench;
    Call call = unproven("ASIA1");
    call.session = "0123456789abcdef0123456789abcdef";
    bench.keep(call, true, descended ? &weak : nullptr);
    CHECK_EQ(bench.prove(id_of("ASIA1"), kRole, of_unknown_caller).denied.empty(), descended);
    if (descended) CHECK_FALSE(bench.prove(id_of("ASIA1"), kRole, IssuedToken{}).denied.empty());
  }
}

TEST_CASE("waiting calls: what an instance's name proved waits, and is not judged twice when its event says the same") {
  Bench bench;
  Call call = unproven("ASIA1");
  call.session = "i-0123456789abcdef0";
  bench.keep(call);
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"ec2", {}, 0}).calls.empty());
  bench.keep(call);
  const auto of_a_function = bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0});
  CHECK_EQ(of_a_function.calls.size(), 1);
  CHECK_EQ(of_a_function.denied.size(), 1);
}

TEST_CASE("waiting calls: repeats are counted, flushed or not, and a call that came again is none") {
  for (const bool flushed : {false, true}) {
    CAPTURE(flushed);
    Bench bench;
    Call call = unproven("ASIA1");
    const std::uint32_t place = bench.keep(call);
    call.at = "2024-03-21T10:05:00Z";
    CHECK_EQ(bench.keep(call), place);
    CHECK_EQ(bench.keep(call, false), place);
    bench.waiting.count_repeat(place, *parse_time("2024-03-21T11:05:00Z"));
    if (flushed) {
      CHECK(bench.waiting.has_more_to_flush());
      bench.waiting.flush(1);
      CHECK_FALSE(bench.waiting.has_more_to_flush());
      bench.waiting.forget_places();
    }
    bench.waiting.count_repeat(bench.keep(call, false), *parse_time("2024-03-21T08:05:00Z"));
    if (!flushed) bench.waiting.forget_places();
    const auto calls = bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls;
    REQUIRE_EQ(calls.size(), 1);
    CHECK_EQ(calls[0].count, 4);
    CHECK_EQ(format_time(calls[0].time), "2024-03-21T09:05:00Z");
    CHECK_EQ(format_time(calls[0].last_time), "2024-03-21T11:05:00Z");
    bench.waiting.flush(10);
    CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls.empty());
  }
}

TEST_CASE("waiting calls: of more calls than a key may have, the same ones wait whatever their order") {
  std::vector<std::vector<std::string>> kept;
  for (const bool backwards : {false, true}) {
    Bench bench;
    for (int i = 0; i < 20; ++i)
      bench.keep(unproven("ASIA1", "198.51.100." + std::to_string(backwards ? 20 - i : i + 1)));
    CHECK_EQ(bench.overflow("key"), 17);
    std::vector<std::string>& addresses = kept.emplace_back();
    for (const Candidate& call : bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls)
      addresses.push_back(call.address);
  }
  CHECK_EQ(kept[0].size(), 3);
  CHECK_EQ(kept[0], kept[1]);
}

TEST_CASE("waiting calls: those of somebody who is no workload go without a proof") {
  Bench bench;
  bench.keep(unproven("ASIA1"));
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{}).calls.empty());
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls.empty());
}

TEST_CASE("waiting calls: issued keys stay, each once, and are told by the role of the session that was given them") {
  Bench bench;
  const HandedKey archive{id_of("ASIA2"), "111122223333/archive", 19'800, true};
  bench.waiting.keep(id_of("ASIA1"), kRole, archive);
  bench.waiting.keep(id_of("ASIA1"), kRole, archive);
  for (int i = 0; i < 2; ++i) {
    const auto issued = bench.waiting.issued_to(id_of("ASIA1"), kRole, true);
    REQUIRE_EQ(issued.size(), 1);
    CHECK(issued[0].issued == archive);
    CHECK_EQ(issued[0].parent_role, kRole);
  }
  CHECK(bench.waiting.issued_to(id_of("ASIA1"), "111122223333/another", true).empty());
  CHECK_EQ(bench.waiting.issued_to(id_of("ASIA1"), {}, true).size(), 1);
  CHECK(bench.prove(id_of("ASIA1"), kRole, IssuedToken{"lambda", {}, 0}).calls.empty());
}

TEST_CASE("waiting calls: what waits in another partition is found there") {
  Bench bench;
  {
    BatchWriter writer(bench.other);
    WaitingCalls there({.hash_key = kKey, .others = {}}, writer, bench.metrics);
    there.keep(id_of("ASIA1"), kRole, {id_of("ASIA2"), "111122223333/archive", 19'800, false});
    REQUIRE(writer.commit() == CommitOutcome::committed);
  }
  CHECK(bench.waiting.issued_to(id_of("ASIA1"), kRole, false).empty());
  const auto issued = bench.waiting.issued_to(id_of("ASIA1"), kRole, true);
  REQUIRE_EQ(issued.size(), 1);
  CHECK_FALSE(issued[0].issued.teaches);
  bench.other.break_down("broken");
  CHECK_EQ(bench.waiting.issued_to(id_of("ASIA1"), kRole, true).size(), 1);
  CHECK_EQ(bench.waiting.hand_over_failure(), "broken");
  CHECK(bench.waiting.hand_over_failure().empty());
  CHECK_EQ(bench.waiting.issued_to(id_of("ASIA1"), kRole, false).size(), 1);  // it lies here now, too
  CHECK(bench.waiting.hand_over_failure().empty());
}

TEST_CASE("waiting calls: what a key's calls told in another partition is told here, and from here from then on") {
  Bench bench;
  {
    BatchWriter writer(bench.other);
    WaitingCalls there({.hash_key = kKey, .others = {}}, writer, bench.metrics);
    const auto request = request_of({unproven("ASIA1")});
    Event event = request->events.front();
    event.principal_id = "AROA1:orders-fn";
    there.keep(observe(event, nullptr, *bench.networks, bench.detection), event, true);
    const IssuedToken issued{"lambda", {}, event.day()};
    REQUIRE_EQ(there.prove(id_of("ASIA1"), kRole, issued, IssuedTokens(issued)).calls.size(), 1);
    REQUIRE_EQ(writer.commit(), CommitOutcome::committed);
  }
  CHECK(bench.waiting.told_by(id_of("ASIA1"), kRole, false).empty());
  for (const bool everywhere : {true, false}) {
    const auto told = bench.waiting.told_by(id_of("ASIA1"), kRole, everywhere);
    REQUIRE_EQ(told.size(), 1);
    CHECK_EQ(told[0].principal, "AROA1:orders-fn");
  }
}

TEST_CASE("waiting calls: a key and all keys together are bounded, calls and issued keys apart") {
  Bench bench;
  for (int i = 1; i <= 4; ++i) bench.keep(unproven("ASIA1", "198.51.100." + std::to_string(i)));
  CHECK_EQ(bench.overflow("key"), 1);
  for (int i = 1; i <= 4; ++i) {
    bench.waiting.keep(id_of("ASIA1"), kRole, {id_of(std::to_string(i)), "111122223333/archive", 19'800, true});
    REQUIRE(bench.writer.commit() == CommitOutcome::committed);
  }
  CHECK_EQ(bench.waiting.issued_to(id_of("ASIA1"), kRole, true).size(), 2);
  CHECK_EQ(bench.overflow("all"), 2);
}

TEST_CASE("waiting calls: the row of an issued key that was cut or changed is none") {
  Bench bench;
  bench.waiting.keep(id_of("ASIA1"), kRole, {id_of("ASIA2"), "111122223333/archive", 19'800, true});
  std::string row;
  bench.writer.open().scan(Table::pending, {}, {}, [&](std::string_view, std::string_view value) {
    row = value;
    return true;
  });
  REQUIRE(decode_waiting_key(row));
  for (std::size_t size = 0; size < row.size(); ++size) CHECK_FALSE(decode_waiting_key(row.substr(0, size)));
  CHECK_FALSE(decode_waiting_key(row + "x"));
}

}  // namespace
}  // namespace straykey
