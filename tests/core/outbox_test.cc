#include "core/engine/outbox.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/detect/formats/body_format.h"
#include "core/detect/message.h"
#include "core/engine/memory_store.h"
#include "tests/support/alert_samples.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

Hash128 id_of(std::uint64_t number) {
  return hash128(kFixedHashKey, std::to_string(number));
}

Announcement announced(Hash128 id, Severity severity, const std::string& body) {
  return {id, severity, "serverless_cli", "111122223333",
          [body](const BodyFormat&, const BodyContext&) { return body; }};
}

struct Bench {
  MemoryAlertStore store;
  std::vector<Delivery> delivered;
  Outbox outbox{{{"a", Severity::low, {}, {}}, {"b", Severity::high, {}, {}}},
                [this](Delivery d) { delivered.push_back(std::move(d)); }};

  void add(std::uint64_t from, std::uint64_t to, Severity severity = Severity::low) {
    const auto writer = store.write();
    for (std::uint64_t i = from; i < to; ++i) {
      outbox.add(*writer, announced(id_of(i), severity, "body " + std::to_string(i)));
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
  const auto about = [](Severity severity, std::string_view analytic, std::string_view account, bool notable = true) {
    return Announcement{{}, severity, analytic, account, {}, notable};
  };
  const WebhookRoute all{"a", Severity::informational, {}, {}};
  CHECK(all.wants(about(Severity::informational, "serverless_cli", "1")));
  const WebhookRoute some{"a", Severity::medium, {"serverless_cli"}, {"111122223333"}};
  CHECK(some.wants(about(Severity::high, "serverless_cli", "111122223333")));
  CHECK_FALSE(some.wants(about(Severity::low, "serverless_cli", "111122223333")));
  CHECK_FALSE(some.wants(about(Severity::high, "remote_service_token", "111122223333")));
  CHECK_FALSE(some.wants(about(Severity::high, "serverless_cli", "444455556666")));
  CHECK(some.wants(about(Severity::high, "serverless_cli", "")));
}

TEST_CASE("outbox: of a campaign's alerts people hear what is of note, machines all, or as the endpoint says") {
  const Announcement one_of_many{{}, Severity::high, "serverless_cli", "1", {}, false};
  for (const BodyFormat& format : body_formats()) {
    WebhookRoute route{"a", Severity::informational, {}, {}, &format};
    CHECK_EQ(route.wants(one_of_many), !format.for_people);
    route.campaign_alerts = CampaignAlerts::all;
    CHECK(route.wants(one_of_many));
    route.campaign_alerts = CampaignAlerts::notable;
    CHECK_FALSE(route.wants(one_of_many));
    CHECK(route.wants({{}, Severity::high, "serverless_cli", "1", {}, true}));
  }
  CHECK(WebhookRoute{"a", Severity::low, {}, {}}.wants(one_of_many));
}

TEST_CASE("outbox: an alert goes to the endpoints that want it, after the commit and not before") {
  Bench bench;
  {
    const auto writer = bench.store.write();
    bench.outbox.add(*writer, announced(id_of(1), Severity::low, "body"));
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
    bench.outbox.add(*writer, announced(id_of(1), Severity::high, "body"));
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

TEST_CASE("outbox: what waits for an endpoint that goes while it runs stays, and goes out when it is there again") {
  Bench bench;
  bench.add(0, 2, Severity::high);
  REQUIRE_EQ(bench.delivered.size(), 4);
  bench.outbox.use_routes({{"a", Severity::high, {}, {}}, {"c", Severity::low, {}, {}}});
  bench.answer(bench.delivered[0], DeliveryOutcome::Kind::delivered);
  bench.delivered.clear();
  bench.add(2, 3, Severity::low);  // a wants no low ones any more, b is gone
  REQUIRE_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.delivered[0].endpoint, "c");
  bench.refill();
  CHECK_EQ(bench.delivered.size(), 1);  // what a has in hand is not handed over twice
  bench.outbox.use_routes({{"a", Severity::high, {}, {}}, {"b", Severity::high, {}, {}}});
  bench.delivered.clear();
  bench.refill();
  REQUIRE_EQ(bench.delivered.size(), 2);
  for (const Delivery& delivery : bench.delivered) CHECK_EQ(delivery.endpoint, "b");
  CHECK_EQ(bench.rows().size(), 4);
}

TEST_CASE(
    "outbox: each endpoint has the body of its own format, made once a format and kept over attempts and restarts") {
  const BodyFormat shout{"shout", [](const Message&, const BodyContext&) { return std::string("LOUD"); }};
  const std::vector<WebhookRoute> routes{{"a", Severity::low, {}, {}, &shout},
                                         {"b", Severity::low, {}, {}, &shout},
                                         {"c", Severity::low, {}, {}, nullptr}};
  MemoryAlertStore store;
  std::map<std::string, std::string> delivered;
  const auto deliver = [&](Delivery delivery) { delivered[delivery.endpoint] = std::move(delivery.body); };
  Outbox outbox(routes, deliver);
  int made = 0;
  {
    const auto writer = store.write();
    outbox.add(*writer,
               {id_of(1), Severity::high, "serverless_cli", "1", [&](const BodyFormat& format, const BodyContext&) {
                  ++made;
                  return std::string(format.name);
                }});
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  outbox.committed();
  const std::map<std::string, std::string> expected{{"a", "shout"}, {"b", "shout"}, {"c", "standard_webhooks"}};
  CHECK_EQ(delivered, expected);
  CHECK_EQ(made, 2);
  {
    const auto writer = store.write();
    outbox.apply(*writer, {"a", id_of(1), DeliveryOutcome::Kind::retry, 1, 99, 500, "refused"});
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  delivered.clear();
  Outbox fresh(routes, deliver);
  fresh.refill(*store.read());
  CHECK_EQ(delivered, expected);
}

TEST_CASE(
    "outbox: a row of format 1 is delivered with the body that lies beside its alert, after a failed attempt, too") {
  MemoryAlertStore store;
  const std::string row = ByteWriter()
                              .fixed<std::uint8_t>(1)
                              .string("a")
                              .fixed<std::uint32_t>(2)
                              .fixed<Seconds>(0)
                              .fixed<std::uint8_t>(0)
                              .string("no answer")
                              .bytes();
  {
    const auto writer = store.write();
    writer->put(Table::outbox, hash128(kFixedHashKey, "a").key() + id_of(1).key(), row);
    writer->put(Table::alerts, id_of(1).key(),
                ByteWriter().fixed<std::uint8_t>(1).varint(1).varint(2).string("[{}]").bytes());
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  for (int life = 0; life < 2; ++life) {
    std::vector<Delivery> delivered;
    Outbox outbox({{"a", Severity::low, {}, {}}}, [&](Delivery d) { delivered.push_back(std::move(d)); });
    outbox.refill(*store.read());
    REQUIRE_EQ(delivered.size(), 1);
    CHECK_EQ(delivered[0].body, "[{}]");
    const auto writer = store.write();
    outbox.apply(*writer, {"a", id_of(1), DeliveryOutcome::Kind::retry, 3, 0, 500, "refused"});
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
}

TEST_CASE("outbox: what waits while the format of its endpoint is changed is made anew in the new one, once") {
  const auto format_named = [](std::string_view name) {
    return std::ranges::find_if(body_formats(), [&](const BodyFormat& format) { return format.name == name; });
  };
  const Message message = testing::sample_alert();
  const Hash128 id = testing::sample_alert().id;
  MemoryAlertStore store;
  std::vector<Delivery> delivered;
  const auto outbox_of = [&](std::string_view format) {
    return Outbox({{"a", Severity::low, {}, {}, &*format_named(format)}},
                  [&](Delivery d) { delivered.push_back(std::move(d)); });
  };
  const auto change = [&](Outbox& outbox, const auto& what) {
    const auto writer = store.write();
    what(*writer);
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
    outbox.committed();
    if (outbox.wants_refill()) outbox.refill(*store.read());
  };
  Outbox before = outbox_of("slack");
  change(before, [&](StoreWriter& writer) {
    writer.put(Table::alerts, id.key(), encode_message(message));
    before.add(writer,
               {id, Severity::high, "serverless_cli", "111122223333",
                [&](const BodyFormat& format, const BodyContext& context) { return format.make(message, context); }});
  });
  change(before, [&](StoreWriter& writer) {
    before.apply(writer, {"a", id, DeliveryOutcome::Kind::retry, 3, 99, 500, "refused"});
  });
  REQUIRE_EQ(delivered.size(), 1);
  CHECK_EQ(delivered[0].format, "slack");

  Outbox after = outbox_of("ecs");
  after.refill(*store.read());
  REQUIRE_EQ(delivered.size(), 2);
  CHECK_EQ(delivered[1].body, delivered[0].body);  // the sender sees that its format is another one
  CHECK_EQ(delivered[1].format, "slack");
  change(after, [&](StoreWriter& writer) {
    after.apply(writer, {"a", id, DeliveryOutcome::Kind::reformat, delivered[1].attempts, 0, 0, {}});
  });
  REQUIRE_EQ(delivered.size(), 3);
  CHECK_EQ(delivered[2].body, format_named("ecs")->make(message, {}));
  CHECK_EQ(delivered[2].format, "ecs");
  CHECK_EQ(delivered[2].attempts, 3);
  CHECK_EQ(delivered[2].not_before, 99);

  Outbox again = outbox_of("ecs");  // it is stored
  again.refill(*store.read());
  CHECK_EQ(delivered[3].body, delivered[2].body);
  CHECK_EQ(delivered[3].format, "ecs");
}

TEST_CASE("outbox: a row of an older build reads back without the name of a format") {
  OutboxRow row{"siem", 3, 77, true, "refused", "body", {}};
  std::string bytes = encode_outbox_row(row);
  REQUIRE_EQ(bytes.front(), 3);
  bytes.front() = 2;
  bytes.pop_back();  // the empty text
  CHECK_EQ(decode_outbox_row(bytes)->body, "body");
  CHECK_EQ(encode_outbox_row(decode_outbox_row(bytes).value()), encode_outbox_row(row));
}

TEST_CASE("outbox: rows read back, and cut bytes are none") {
  const OutboxRow row{"siem", 3, 77, true, "refused", "body", "slack"};
  const std::string bytes = encode_outbox_row(row);
  CHECK_EQ(encode_outbox_row(decode_outbox_row(bytes).value()), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_outbox_row(bytes.substr(0, size)).has_value());
}

TEST_CASE("outbox: what finds no room is counted in one digest, which is told when the endpoint has got some of it") {
  Bench bench;
  constexpr std::uint64_t kMore = 7;
  bench.add(0, kOutboxWaitingMax + kMore);
  const auto digest_of = [&] {
    std::vector<DeliveryDigest> found;
    bench.store.read()->scan(Table::alerts, {}, {}, [&](std::string_view, std::string_view value) {
      found.push_back(std::get<DeliveryDigest>(decode_message(value).value()));
      return true;
    });
    return found;
  };
  REQUIRE_EQ(digest_of().size(), 1);
  CHECK_EQ(digest_of()[0].count, kMore);
  CHECK_EQ(digest_of()[0].endpoint, "a");
  CHECK_EQ(digest_of()[0].severity, Severity::low);
  CHECK_EQ(bench.rows().size(), kOutboxWaitingMax + 1);

  const auto is_digest = [&](const Delivery& delivery) { return delivery.alert_id == digest_of()[0].id; };
  std::size_t answered = 0, before_digest = 0;
  const auto told = [&] { return std::any_of(bench.delivered.begin(), bench.delivered.end(), is_digest); };
  for (; answered < bench.delivered.size() && !told(); ++answered) {
    bench.answer(bench.delivered[answered], DeliveryOutcome::Kind::delivered);
    if (bench.outbox.wants_refill()) bench.refill();
  }
  before_digest = answered;
  REQUIRE(told());
  CHECK_GE(before_digest, kOutboxWaitingMax - kOutboxWaitingLow);
  const auto at = std::find_if(bench.delivered.begin(), bench.delivered.end(), is_digest);
  CHECK_NE(at->body.find("\"type\":\"deliveries.digest\""), std::string::npos);
  CHECK_NE(at->body.find("7 messages were not sent to a"), std::string::npos);
  // There is room again.
  const std::size_t rows = bench.rows().size();
  bench.add(20'000, 20'001);
  CHECK_EQ(bench.rows().size(), rows + 1);
  CHECK_EQ(digest_of().size(), 1);
}

TEST_CASE("outbox: a restart knows how many wait, and dead letters take no room") {
  Bench bench;
  bench.add(0, kOutboxWaitingMax);
  for (std::size_t i = 0; i < 10; ++i) bench.answer(bench.delivered[i], DeliveryOutcome::Kind::dead);
  std::vector<Delivery> delivered;
  Outbox fresh({{"a", Severity::low, {}, {}}}, [&](Delivery delivery) { delivered.push_back(std::move(delivery)); });
  fresh.refill(*bench.store.read());
  const auto put = [&](std::uint64_t from, std::uint64_t to) {
    const auto writer = bench.store.write();
    for (std::uint64_t i = from; i < to; ++i) fresh.add(*writer, announced(id_of(i), Severity::low, "body"));
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
    fresh.committed();
  };
  const auto messages = [&] {
    std::size_t count = 0;
    bench.store.read()->scan(Table::alerts, {}, {}, [&](std::string_view, std::string_view) { return ++count > 0; });
    return count;
  };
  put(30'000, 30'010);
  CHECK_EQ(messages(), 0);
  put(30'010, 30'011);
  CHECK_EQ(messages(), 1);
}

}  // namespace
}  // namespace straykey
