#include "core/engine/key_table.h"

#include <algorithm>
#include <memory>
#include <string>

#include "core/engine/expiry.h"
#include "core/engine/memory_store.h"
#include "core/engine/route.h"
#include "core/identity/issued_tokens.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{7, 8};

struct Bench {
  MemoryBaselineStore store, other;
  BatchWriter writer{store};
  KeyTable keys;
  std::vector<std::unique_ptr<Request>> requests;

  explicit Bench(std::size_t keys_max = 100, std::size_t keys_a_flush = 5'000)
      : keys({kKey, {&other}, keys_max, keys_a_flush}, writer) {}
  static void issue(MemoryBaselineStore& where, std::string_view access_key, RunHour hour) {
    where.set_run_hour(hour);
    const auto put = where.write();
    put->put(Table::tokens, access_key_row(kKey, access_key),
             encode(IssuedToken{"lambda", "", day_of(*parse_time(Call{}.at))}));
    REQUIRE(put->commit() == CommitOutcome::committed);
  }
  KeyTable::Key& use(const std::string& access_key, RunHour now) {
    store.set_run_hour(now);
    keys.begin_batch(now);
    requests.push_back(request_of({Call{.key = access_key, .issuer_type = ""}}));
    const Event& event = requests.back()->events.front();
    route(*requests.back(), kKey, 1);
    const Request::RoutedEvent& routed = requests.back()->batches.front().events.front();
    KeyTable::Key& key = keys.at(routed.signature.access_key, event, routed.by_session);
    keys.count(routed, event, key);
    if (key.has_unnamed_calls()) KeyTable::name(key, event, nullptr);
    return key;
  }
  void flush(RunHour now) {
    store.set_run_hour(now);  // for a writer that is not open yet
    keys.flush();
    REQUIRE(writer.commit() == CommitOutcome::committed);
  }
  std::uint64_t calls_in(const std::string& row) {
    const auto reader = store.read();
    const auto stored = reader->get(Table::activity, row);
    return stored ? decode_activity(*stored).value().calls : 0;
  }
  std::optional<RunHour> token_put_at(std::string_view access_key) {
    std::optional<RunHour> found;
    const std::string row = access_key_row(kKey, access_key);
    store.read()->scan_aged(Table::tokens, row, row, [&](std::string_view, std::string_view, RunHour hour) {
      found = hour;
      return false;
    });
    return found;
  }
};

TEST_CASE("key table: the row of a key in use is put again every six hours and not more often") {
  Bench bench;
  Bench::issue(bench.store, "ASIAUSED000000000001", 10);
  CHECK(bench.use("ASIAUSED000000000001", 10).issued != nullptr);
  bench.flush(10);
  CHECK_EQ(bench.token_put_at("ASIAUSED000000000001"), 10);
  (void)bench.use("ASIAUSED000000000001", 15);
  bench.flush(15);
  CHECK_EQ(bench.token_put_at("ASIAUSED000000000001"), 10);
  (void)bench.use("ASIAUSED000000000001", 16);
  bench.flush(16);
  CHECK_EQ(bench.token_put_at("ASIAUSED000000000001"), 16);
}

TEST_CASE("key table: so a key in use is remembered, and one without use for 36 hours is forgotten") {
  Bench bench;
  Bench::issue(bench.store, "ASIAUSED000000000001", 0);
  Bench::issue(bench.store, "ASIAIDLE000000000001", 0);
  Metrics metrics;
  Expiry expiry({baseline_expiry_rules()}, metrics);
  for (RunHour hour = 1; hour < 100; ++hour) {
    (void)bench.use("ASIAUSED000000000001", hour);
    bench.flush(hour);
    const auto writer = bench.store.write();
    (void)expiry.sweep(*writer, hour);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    if (hour <= 36) CHECK(bench.token_put_at("ASIAIDLE000000000001").has_value());
  }
  CHECK_FALSE(bench.token_put_at("ASIAIDLE000000000001").has_value());
  CHECK(bench.token_put_at("ASIAUSED000000000001").has_value());
}

TEST_CASE("key table: a key that was issued into another partition is known, and moves here by its use") {
  Bench bench;
  Bench::issue(bench.other, "ASIAMOVED00000000001", 0);
  CHECK_EQ(bench.use("ASIAMOVED00000000001", 7).issued->service, "lambda");
  bench.flush(7);
  CHECK_EQ(bench.token_put_at("ASIAMOVED00000000001"), 7);
}

TEST_CASE("key table: a row in memory is as good as one in the store, unless it was written or rows were erased") {
  Bench bench;
  const std::string text = "ASIAUSED000000000001";
  const Hash128 id = access_key_id(kKey, text);
  const Day day = day_of(*parse_time(Call{}.at));
  const IssuedToken issued{"lambda", "", day}, other{"ecs", "", day};
  Bench::issue(bench.store, text, 0);
  CHECK_FALSE(bench.keys.holds(id, id, issued));
  (void)bench.use(text, 0);
  CHECK(bench.keys.holds(id, id, issued));
  CHECK_FALSE(bench.keys.holds(id, id, other));
  CHECK_FALSE(bench.keys.holds(id, Hash128{1, 2}, issued));
  bench.keys.reload(id);
  CHECK_FALSE(bench.keys.holds(id, id, issued));
  (void)bench.use(text, 0);
  CHECK(bench.keys.holds(id, id, issued));
  bench.keys.note_erased();
  CHECK_FALSE(bench.keys.holds(id, id, issued));
  Bench::issue(bench.other, "ASIAMOVED00000000001", 0);
  (void)bench.use("ASIAMOVED00000000001", 0);
  const Hash128 moved = access_key_id(kKey, "ASIAMOVED00000000001");
  CHECK_FALSE(bench.keys.holds(moved, moved, issued));
}

TEST_CASE(
    "key table: of a masked key each use has what was issued on its days, and the row keeps all when it is touched") {
  Bench bench;
  const std::string text = "ASIAMASKED0000000001";
  const Day day = day_of(*parse_time(Call{}.at));
  IssuedTokens tokens(IssuedToken{"lambda", "", day - 10});
  const auto put = [&] {
    bench.store.set_run_hour(0);
    const auto writer = bench.store.write();
    writer->put(Table::tokens, access_key_row(kKey, text), encode(tokens));
    REQUIRE(writer->commit() == CommitOutcome::committed);
    bench.keys.reload(access_key_id(kKey, text));
  };
  put();
  CHECK(bench.use(text, 0).issued == nullptr);
  bench.flush(0);
  tokens.add({"ecs", "", day});
  put();
  const auto service_at = [&](int days) {
    const auto request = request_of({Call{.key = text, .issuer_type = ""}});
    request->events.front().time += days * static_cast<Seconds>(kSecondsPerDay);
    const KeyTable::Key& key = bench.keys.at(access_key_id(kKey, text), request->events.front(), false);
    return key.issued ? key.issued->service : "none";
  };
  CHECK_EQ(service_at(0), "ecs");
  CHECK_EQ(service_at(-10), "lambda");
  CHECK_EQ(service_at(-5), "none");
  CHECK_EQ(service_at(2), "ecs");
  CHECK_EQ(service_at(3), "none");
  (void)bench.use(text, 7);
  bench.flush(7);
  CHECK_EQ(bench.store.read()->get(Table::tokens, access_key_row(kKey, text)), encode(tokens));
}

TEST_CASE("key table: of a session counts what was told on its day or the one before, whichever has more weight") {
  const auto known_on = [](const std::vector<std::pair<int, std::string>>& told) {
    Bench bench;
    const auto request = request_of({Call{.console_session = true}});
    const Event& event = request->events.front();
    const Hash128 session = session_id(kKey, event.principal_id, event.day());
    bench.store.set_run_hour(0);
    const auto put = bench.store.write();
    for (const auto& [days_ago, service] : told) {
      IssuedToken token{service, "", event.day() - static_cast<Day>(days_ago)};
      token.session_role = "111122223333/orders";
      const Hash128 row{session.low, session.high - static_cast<std::uint64_t>(days_ago)};
      put->put(Table::tokens, row.bytes(), encode(token));
    }
    REQUIRE(put->commit() == CommitOutcome::committed);
    const KeyTable::Key& key = bench.keys.at(session, event, true);
    return key.issued ? key.issued->service + '.' : std::string("none");
  };
  CHECK_EQ(known_on({}), "none");
  CHECK_EQ(known_on({{0, "lambda"}}), "lambda.");
  CHECK_EQ(known_on({{1, "lambda"}}), "lambda.");
  CHECK_EQ(known_on({{2, "lambda"}}), "none");
  CHECK_EQ(known_on({{0, "lambda"}, {1, "ecs"}}), "ecs.");
  CHECK_EQ(known_on({{0, ""}, {1, "ecs"}}), ".");  // a stranger in the session outweighs the workload
  CHECK_EQ(known_on({{0, "ecs"}, {1, ""}}), ".");
}

TEST_CASE("key table: keys beyond the bound make room, and what they did is in the store") {
  Bench bench(4);
  for (int i = 0; i < 9; ++i) (void)bench.use("ASIAMANY00000000000" + std::to_string(i), 0);
  bench.flush(0);
  for (int i = 0; i < 9; ++i) {
    const auto stored =
        bench.store.read()->get(Table::activity, activity_row(kKey, "ASIAMANY00000000000" + std::to_string(i)));
    REQUIRE(stored.has_value());
    CHECK_EQ(decode_activity(*stored).value().calls, 1);
  }
}

TEST_CASE("key table: a flood of keys leaves nothing waiting for a flush but the keys in memory") {
  Bench bench(100, 10);
  std::size_t most = 0;
  for (int i = 0; i < 3'000; ++i) {
    (void)bench.use("ASIAFLOOD" + std::to_string(100'000 + i), 0);
    if (i % 50 == 0) bench.flush(0);
    most = std::max(most, bench.keys.waiting());
  }
  CHECK_GE(most, 50);
  CHECK_LE(most, 100);
  for (int i = 0; i < 20; ++i) bench.flush(0);
  CHECK_EQ(bench.keys.waiting(), 0);
  for (const int i : {0, 1'500, 2'999})
    CHECK_EQ(bench.calls_in(activity_row(kKey, "ASIAFLOOD" + std::to_string(100'000 + i))), 1);
}

TEST_CASE("key table: of more keys in use than a flush writes, all have their turn") {
  Bench bench(100, 10);
  const auto name = [](int i) { return "ASIAINUSE" + std::to_string(100'000 + i); };
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 40; ++i) (void)bench.use(name(i), 0);
    CHECK_LE(bench.keys.waiting(), 40);
    bench.flush(0);
  }
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    CHECK_GE(bench.calls_in(activity_row(kKey, name(i))), 1);
  }
}

TEST_CASE("key table: a key whose activity was written meanwhile waits once") {
  Bench bench(100, 0);
  const std::string key = "ASIAOFTEN000000000001";
  for (int i = 0; i < 50; ++i) {
    (void)bench.use(key, 0);
    bench.keys.write_activity(access_key_id(kKey, key));
    bench.flush(0);
  }
  CHECK_EQ(bench.keys.waiting(), 1);
  CHECK_EQ(bench.calls_in(activity_row(kKey, key)), 50);
}

TEST_CASE("key table: a key whose issuing event becomes known keeps its calls, which are its identity's from then on") {
  Bench bench;
  const std::string access_key = "ASIALATE000000000001";
  KeyTable::Key& before = bench.use(access_key, 10);
  CHECK_EQ(before.issued, nullptr);
  CHECK_EQ(before.calls->identity, "");
  Bench::issue(bench.other, access_key, 10);
  CHECK_EQ(bench.use(access_key, 10).issued, nullptr);
  bench.keys.reload(access_key_id(kKey, access_key));
  const KeyTable::Key& after = bench.use(access_key, 10);
  REQUIRE_NE(after.issued, nullptr);
  const std::string identity = after.calls->identity;
  REQUIRE_FALSE(identity.empty());
  bench.flush(10);
  CHECK_EQ(bench.calls_in(access_key_row(kKey, access_key)), 3);
  CHECK_EQ(bench.calls_in(identity_activity_row(kKey, identity)), 3);
}

TEST_CASE("key table: what waits of some keys and identities can be put alone") {
  Bench bench;
  const std::string a = "ASIAUSED00000000000A", b = "ASIAUSED00000000000B", other = "ASIAUSED00000000000C",
                    asked = "ASIAUSED00000000000D";
  Bench::issue(bench.store, a, 0);
  Bench::issue(bench.store, b, 0);
  const std::string identity = bench.use(a, 0).calls->identity;
  REQUIRE_FALSE(identity.empty());
  for (const std::string& key : {b, other, asked}) (void)bench.use(key, 0);
  bench.keys.flush_of({access_key_id(kKey, asked)}, {identity});
  REQUIRE(bench.writer.commit() == CommitOutcome::committed);
  CHECK_EQ(bench.calls_in(identity_activity_row(kKey, identity)), 2);
  CHECK_EQ(bench.calls_in(activity_row(kKey, asked)), 1);
  CHECK_EQ(bench.calls_in(activity_row(kKey, other)), 0);
  CHECK_EQ(bench.keys.waiting(), 1);
  bench.flush(0);
  CHECK_EQ(bench.calls_in(activity_row(kKey, other)), 1);
  CHECK_EQ(bench.calls_in(identity_activity_row(kKey, identity)), 2);
}

TEST_CASE("key table: an identity's row holds the calls of all its keys, over one flush and several") {
  Bench bench;
  const std::string a = "ASIAUSED00000000000A", b = "ASIAUSED00000000000B", unproven = "ASIAUSED00000000000C";
  Bench::issue(bench.store, a, 0);
  Bench::issue(bench.store, b, 0);
  const std::string identity = bench.use(a, 0).calls->identity;
  REQUIRE_FALSE(identity.empty());
  for (const std::string& key : {unproven, b, a, unproven}) (void)bench.use(key, 0);
  bench.flush(0);
  CHECK_EQ(bench.calls_in(activity_row(kKey, a)), 2);
  CHECK_EQ(bench.calls_in(activity_row(kKey, b)), 1);
  CHECK_EQ(bench.calls_in(activity_row(kKey, unproven)), 2);
  CHECK_EQ(bench.calls_in(identity_activity_row(kKey, identity)), 3);
  (void)bench.use(b, 0);
  bench.flush(0);
  CHECK_EQ(bench.calls_in(activity_row(kKey, b)), 2);
  CHECK_EQ(bench.calls_in(identity_activity_row(kKey, identity)), 4);
}

TEST_CASE("key table: a partition that cannot be read is told once") {
  Bench bench;
  bench.other.break_down("the disk is gone");
  (void)bench.use("ASIAUSED000000000001", 0);
  CHECK_EQ(bench.keys.hand_over_failure(), "the disk is gone");
  CHECK_EQ(bench.keys.hand_over_failure(), "");
}

}  // namespace
}  // namespace straykey
