#include "core/engine/descents.h"

#include <string>
#include <vector>

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
  MemoryBaselineStore store;
  Metrics metrics;
  DetectionSettings detection;
  BatchWriter writer{store};
  WaitingCalls waiting{{.hash_key = kKey, .others = {}}, writer, metrics};
  Descents descents{{kKey}, detection, waiting};

  // A call of AssumeRole by `role`, with the key ASIAORDERS0000000001.
  void assume(Call call, const IssuedToken* issued) {
    if (call.assumes.empty()) call.assumes = "archive";
    call.gives = "ASIACHILD00000000001";
    const auto request = request_of({call});
    descents.hand_on(request->events.front(), id_of(call.key), issued);
  }
  // As of an event on the day of the call.
  void know(IssuedToken issued, std::uint8_t handed = 0) {
    issued.issued_day = day_of(*parse_time(Call{}.at));
    descents.hand_on(id_of("ASIAORDERS0000000001"), kRole, issued, IssuedTokens(issued), true, handed);
  }
  std::vector<IssuedToken> made() {
    std::vector<IssuedToken> out;
    std::vector<Descent> others;
    const auto take_over = [&](const Descent& descent) {
      CHECK(descent.key == id_of("ASIACHILD00000000001"));
      CHECK_EQ(descent.role, "111122223333/archive");
      out.push_back(decode_issued_token(descent.token).value());
    };
    descents.settle(take_over, others);
    CHECK(others.empty());
    return out;
  }
  int rows() {
    int count = 0;
    writer.open().scan(Table::pending, {}, {}, [&](std::string_view, std::string_view) { return ++count > 0; });
    return count;
  }
  static Hash128 id_of(std::string_view key) { return access_key_id(kKey, key); }
};

Call unproven() {
  return {.issuer_type = ""};
}

TEST_CASE("descents: a proven caller's key is handed on at once and not kept") {
  Bench bench;
  bench.assume({}, nullptr);
  const auto made = bench.made();
  REQUIRE_EQ(made.size(), 1);
  CHECK_EQ(made[0].service, "lambda");
  CHECK_EQ(made[0].chain, "111122223333/orders > 111122223333/archive");
  bench.know({"lambda", {}, 0});
  CHECK(bench.made().empty());
}

// The other account's copy: the caller's session, and neither its key nor its role.
Event copy_of(const Event& event) {
  Event copy = event;
  copy.type = IdentityType::aws_account;
  copy.access_key = copy.arn = copy.session_issuer_arn = copy.in_scope_issuer_type = {};
  copy.principal_id = "AROAEXAMPLE:orders-fn";
  return copy;
}

TEST_CASE("descents: a session is told, and hands on what its copies issued") {
  Bench bench;
  Call call;
  call.assumes = "archive";
  call.gives = "ASIACHILD00000000001";
  const auto request = request_of({call});
  const Event copy = copy_of(request->events.front());
  const Hash128 session = session_id(kKey, copy.principal_id, copy.day());
  bench.descents.hand_on(copy, session, nullptr);
  CHECK(bench.made().empty());
  CHECK_EQ(bench.rows(), 1);

  const ServiceToken proven = prove_service_token(request->events.front(), nullptr).value();
  bench.descents.tell_session(copy.principal_id, known_of_session(proven, copy.day()));
  CHECK(bench.descents.has_made());
  std::vector<Descent> told, others;
  bench.descents.settle([&](const Descent& descent) { told.push_back(descent); }, others);
  REQUIRE_EQ(told.size(), 1);
  CHECK(told[0].key == session);
  CHECK(told[0].of_session);
  CHECK_FALSE(told[0].teaches);
  const IssuedToken known = decode_issued_token(told[0].token).value();
  CHECK_EQ(known.session_role, kRole);
  CHECK_EQ(service_token_from_issue(known, kRole, "orders-fn").proof, Proof::session);
  for (const bool came_before : {true, false}) {
    if (came_before) bench.descents.hand_on(session, {}, known, IssuedTokens(known), true, 0);
    if (!came_before) bench.descents.hand_on(copy, session, &known);
    const auto made = bench.made();
    REQUIRE_EQ(made.size(), 1);
    CHECK_EQ(made[0].chain, "111122223333/orders > 111122223333/archive");
    CHECK_EQ(service_token_from_issue(made[0], made[0].session_role, {}).proof, Proof::session);
  }
  // A stranger in the session outweighs that, before and after. What a key says outweighs both.
  const IssuedToken stranger = known_of_stranger(kRole, copy.day());
  for (const bool came_before : {true, false}) {
    if (came_before) bench.descents.hand_on(session, {}, stranger, IssuedTokens(stranger), true, 0);
    if (!came_before) bench.descents.hand_on(copy, session, &stranger);
    const auto made = bench.made();
    REQUIRE_EQ(made.size(), 1);
    CHECK_FALSE(made[0].proves());
    CHECK_EQ(made[0].weight(), stranger.weight());
    CHECK(made[0].weight() > known.weight());
    CHECK(made[0].weight() < IssuedToken{}.weight());
  }
}

TEST_CASE("descents: an unproven caller's is kept and handed on each time that its proof comes") {
  Bench bench;
  bench.assume(unproven(), nullptr);
  CHECK(bench.made().empty());
  for (int i = 0; i < 2; ++i) {
    bench.know({"ecs", {}, 0});
    const auto made = bench.made();
    REQUIRE_EQ(made.size(), 1);
    CHECK_EQ(made[0].service, "ecs");
  }
}

TEST_CASE("descents: a weakly proven caller's is handed on weakly, and strongly when the proof comes") {
  Bench bench;
  Call call = unproven();
  call.session = std::string(32, 'a');
  bench.assume(call, nullptr);
  auto made = bench.made();
  REQUIRE_EQ(made.size(), 1);
  CHECK(made[0].weak);
  bench.know({"lambda", {}, 0});
  made = bench.made();
  REQUIRE_EQ(made.size(), 1);
  CHECK_FALSE(made[0].weak);
}

TEST_CASE("descents: a caller whose key the record does not name is proven by the record or never") {
  Bench bench;
  Call call;
  call.key.clear();
  bench.assume(call, nullptr);
  CHECK_EQ(bench.made().size(), 1);
  call.issuer_type.clear();
  bench.assume(call, nullptr);
  CHECK(bench.made().empty());
  CHECK_EQ(bench.rows(), 0);
}

TEST_CASE("descents: what somebody who is no workload was given is his, early or late") {
  Bench bench;
  const IssuedToken somebodys;
  bench.assume(unproven(), &somebodys);
  bench.assume(unproven(), nullptr);
  bench.know(somebodys);
  const auto made = bench.made();
  REQUIRE_EQ(made.size(), 2);
  for (const IssuedToken& token : made) {
    CHECK_FALSE(token.proves());
    CHECK_FALSE(token.waits);
  }
}

TEST_CASE("descents: what a declared broker was given goes to people") {
  Bench bench;
  bench.detection.brokers = {kRole};
  bench.assume({}, nullptr);
  const auto made = bench.made();
  REQUIRE_EQ(made.size(), 1);
  CHECK_FALSE(made[0].proves());
}

TEST_CASE("descents: a key that waits hands nothing on, and a masked key is not its own ancestor") {
  Bench bench;
  IssuedToken waits;
  waits.waits = true;
  bench.assume(unproven(), &waits);
  CHECK(bench.made().empty());
  Call masked;
  masked.key = "ASIACHILD00000000001";
  masked.assumes = "orders";
  bench.assume(masked, nullptr);
  CHECK(bench.made().empty());
}

TEST_CASE("descents: what concerns keys of other shards is left for them") {
  Bench bench;
  const std::uint32_t shard = shard_of(Bench::id_of("ASIACHILD00000000001"), 2);
  for (const std::uint32_t own : {0u, 1u}) {
    Descents descents({kKey, own, 2}, bench.detection, bench.waiting);
    Call call;
    call.assumes = "archive";
    call.gives = "ASIACHILD00000000001";
    const auto request = request_of({call});
    descents.hand_on(request->events.front(), Bench::id_of(call.key), nullptr);
    std::vector<Descent> others;
    int taken_over = 0;
    descents.settle([&](const Descent&) { ++taken_over; }, others);
    CHECK_EQ(taken_over, own == shard ? 1 : 0);
    CHECK_EQ(others.size(), own == shard ? 0 : 1);
  }
}

TEST_CASE("descents: nothing is handed on for ever") {
  Bench bench;
  bench.assume(unproven(), nullptr);
  bench.know({"lambda", {}, 0}, Descents::kHandedMax);
  CHECK(bench.made().empty());
}

}  // namespace
}  // namespace straykey
