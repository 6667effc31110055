#include "core/engine/outbox.h"

#include <random>
#include <string>
#include <vector>

#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

Hash128 id_of(std::uint64_t number) {
  return hash128(kFixedHashKey, std::to_string(number));
}

std::string stored(std::string_view body) {
  return encode_stored_alert(body, body);
}

struct Bench {
  MemoryAlertStore store;
  std::vector<Delivery> delivered;
  Outbox outbox{{{"a", Severity::low, {}, {}}, {"b", Severity::high, {}, {}}},
                [this](Delivery d) { delivered.push_back(std::move(d)); }};

  void add(std::uint64_t from, std::uint64_t to, Severity severity = Severity::low) {
    const auto writer = store.write();
    for (std::uint64_t i = from; i < to; ++i) {
      const auto bytes = id_of(i).bytes();
      writer->put(Table::alerts, {bytes.data(), bytes.size()}, stored("body " + std::to_string(i)));
      outbox.add(*writer, id_of(i), "body " + std::to_string(i), severity, "remote_service_token", "111122223333");
    }
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
    outbox.committed();
  }
  void answer(const Delivery& delivery, DeliveryOutcome::Kind kind) {
    const auto writer = store.write();
    outbox.apply(*writer, {delivery.endpoint, delivery.alert_id, kind, delivery.attempts + 1, 99, 500, "refused"});
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
    outbox.committed();
  }
  void refill() {
    const auto reader = store.read();
    outbox.refill(*reader);
  }
  std::vector<OutboxRow> rows() {
    std::vector<OutboxRow> out;
    store.read()->scan(Table::outbox, {}, {}, [&](std::string_view, std::string_view value) {
      out.push_back(decode_outbox_row(value).value());
      return true;
    });
    return out;
  }
};

TEST_CASE("outbox: an endpoint hears what it wants") {
  const WebhookRoute all{"a", Severity::informational, {}, {}};
  CHECK(all.wants(Severity::informational, "serverless_cli", "1"));
  const WebhookRoute some{"a", Severity::medium, {"serverless_cli"}, {"111122223333"}};
  CHECK(some.wants(Severity::high, "serverless_cli", "111122223333"));
  CHECK_FALSE(some.wants(Severity::low, "serverless_cli", "111122223333"));
  CHECK_FALSE(some.wants(Severity::high, "remote_service_token", "111122223333"));
  CHECK_FALSE(some.wants(Severity::high, "serverless_cli", "444455556666"));
}

TEST_CASE("outbox: an alert goes to the endpoints that want it, after the commit and not before") {
  Bench bench;
  {
    const auto writer = bench.store.write();
    bench.outbox.add(*writer, id_of(1), "body", Severity::low, "serverless_cli", "1");
    CHECK(bench.delivered.empty());
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  bench.outbox.committed();
  REQUIRE_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.delivered[0].endpoint, "a");
  CHECK_EQ(bench.delivered[0].body, "body");
}

TEST_CASE("outbox: after a failed commit nothing goes out") {
  Bench bench;
  {
    const auto writer = bench.store.write();
    bench.outbox.add(*writer, id_of(1), "body", Severity::high, "serverless_cli", "1");
  }
  bench.outbox.failed();
  bench.outbox.committed();
  CHECK(bench.delivered.empty());
  CHECK(bench.rows().empty());
}

TEST_CASE(
    "outbox: a 2xx erases the row, a refusal keeps it with what is known, a dead one stays and is not sent again") {
  Bench bench;
  bench.add(0, 3);
  bench.answer(bench.delivered[0], DeliveryOutcome::Kind::delivered);
  bench.answer(bench.delivered[1], DeliveryOutcome::Kind::retry);
  bench.answer(bench.delivered[2], DeliveryOutcome::Kind::dead);
  const auto rows = bench.rows();
  REQUIRE_EQ(rows.size(), 2);
  for (const OutboxRow& row : rows) {
    CHECK_EQ(row.attempts, 1);
    CHECK_EQ(row.last_error, "refused");
  }
  CHECK_EQ(rows[0].dead + rows[1].dead, 1);

  std::vector<Delivery> again;  // a new process
  Outbox fresh({{"a", Severity::low, {}, {}}}, [&](Delivery d) { again.push_back(std::move(d)); });
  const auto reader = bench.store.read();
  fresh.refill(*reader);
  REQUIRE_EQ(again.size(), 1);
  CHECK_EQ(again[0].body, bench.delivered[1].body);
  CHECK_EQ(again[0].attempts, 1);
  CHECK_EQ(again[0].not_before, 99);
}

TEST_CASE(
    "outbox: at most 256 deliveries are in hand; the others wait on disk until there is room, and none goes twice") {
  Bench bench;
  bench.refill();
  bench.add(0, 600);
  CHECK_EQ(bench.delivered.size(), kDeliveriesInHandMax);
  for (std::size_t done = 0; done < bench.delivered.size(); ++done) {
    bench.answer(bench.delivered[done], DeliveryOutcome::Kind::delivered);
    if (bench.outbox.wants_refill()) bench.refill();
    REQUIRE_LE(bench.delivered.size() - done - 1, kDeliveriesInHandMax);
  }
  CHECK_EQ(bench.delivered.size(), 600);
  CHECK(bench.rows().empty());
  std::set<Hash128> ids;
  for (const Delivery& delivery : bench.delivered) ids.insert(delivery.alert_id);
  CHECK_EQ(ids.size(), 600);
}

TEST_CASE("outbox: rows that could not be read are asked for again") {
  Bench bench;
  bench.add(0, 1);
  std::vector<Delivery> again;
  Outbox fresh({{"a", Severity::low, {}, {}}}, [&](Delivery d) { again.push_back(std::move(d)); });
  bench.store.break_down("the disk is gone");
  {
    const auto reader = bench.store.read();
    fresh.refill(*reader);
  }
  CHECK(again.empty());
  CHECK(fresh.wants_refill());
  bench.store.restart();
  const auto reader = bench.store.read();
  fresh.refill(*reader);
  CHECK_EQ(again.size(), 1);
}

TEST_CASE("outbox: an endpoint that was removed from the configuration keeps its rows and disturbs nobody") {
  Bench bench;
  bench.add(0, 1, Severity::high);
  CHECK_EQ(bench.delivered.size(), 2);
  Outbox fresh({}, [](Delivery) { FAIL("nobody is there"); });
  {
    const auto reader = bench.store.read();
    fresh.refill(*reader);
  }
  CHECK_EQ(bench.rows().size(), 2);
}

TEST_CASE("outbox: rows and stored alerts read back, and cut bytes are none") {
  const OutboxRow row{"siem", 3, 77, true, "refused"};
  const std::string bytes = encode_outbox_row(row);
  CHECK_EQ(encode_outbox_row(decode_outbox_row(bytes).value()), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_outbox_row(bytes.substr(0, size)).has_value());

  const std::string alert = encode_stored_alert(R"({"data":{"id":"x"}})", R"({"id":"x"})");
  CHECK_EQ(decode_stored_alert(alert)->body, R"({"data":{"id":"x"}})");
  CHECK_EQ(decode_stored_alert(alert)->document, R"({"id":"x"})");
  for (std::size_t size = 0; size < alert.size(); ++size)
    CHECK_FALSE(decode_stored_alert(alert.substr(0, size)).has_value());
  std::mt19937 random(47);
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = alert;
    changed[random() % changed.size()] = static_cast<char>(random());
    if (const auto read = decode_stored_alert(changed)) REQUIRE_LE(read->document.size(), read->body.size());
  }
}

}  // namespace
}  // namespace straykey
