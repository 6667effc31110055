#include "core/operate/operator_changes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/detect/formats/body_format.h"
#include "core/engine/memory_store.h"
#include "core/engine/outbox.h"
#include "core/operate/stores.h"
#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

const BodyFormat& format_named(std::string_view name) {
  const auto all = body_formats();
  return *std::find_if(all.begin(), all.end(), [&](const BodyFormat& format) { return format.name == name; });
}

// A store with one alert, and the routes of two endpoints.
struct Bench {
  MemoryAlertStore store;
  std::vector<WebhookRoute> routes{{"soc", Severity::low, {}, {}},
                                   {"chat", Severity::low, {}, {}, &format_named("slack")}};
  Hash128 id = testing::sample_alert().id;

  Bench() { put(Table::alerts, id.key(), encode_message(testing::sample_alert())); }
  void put(Table table, const std::string& key, const std::string& value) {
    const auto writer = store.write();
    writer->put(table, key, value);
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  void put_row(const OutboxRow& row) { put(Table::outbox, outbox_row_key(row.endpoint, id), encode_outbox_row(row)); }
  std::optional<OutboxRow> row(const std::string& endpoint) {
    const auto stored = store.read()->get(Table::outbox, outbox_row_key(endpoint, id));
    return stored ? decode_outbox_row(*stored) : std::nullopt;
  }
  OperatorChange::InAlerts redelivered(Redelivery what, bool runs = true) {
    OperatorStores stores{{1, 2}, {}, &store};
    if (runs) stores.routes = &routes;
    const auto change = redeliver(stores, std::move(what), 1'711'000'000);
    const auto writer = store.write();
    OperatorChange::InAlerts done = change->in_alerts(*writer, 0);
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
    return done;
  }
};

TEST_CASE("redelivery: a dead letter becomes due again with its own body, and only there") {
  Bench bench;
  bench.put_row({"soc", 5, 99, true, "refused", "the body"});
  bench.put_row({"chat", 2, 99, false, "no answer", "waits"});
  bench.put_row({"gone", 5, 99, true, "refused", "of an endpoint that is no more"});
  CHECK_EQ(bench.redelivered({bench.id, ""}).rows, 1);
  const OutboxRow soc = bench.row("soc").value();
  CHECK_FALSE(soc.dead);
  CHECK_EQ(soc.attempts, 0);
  CHECK_EQ(soc.next_attempt, 0);
  CHECK_EQ(soc.body, "the body");
  CHECK_EQ(bench.row("chat")->attempts, 2);
  CHECK(bench.row("gone")->dead);
  CHECK_EQ(bench.redelivered({bench.id, ""}).refusal,
           "no webhook refused it for good; name the one that shall get it again");
  // A stopped store does not know which there are.
  CHECK_EQ(bench.redelivered({bench.id, ""}, false).rows, 1);
}

TEST_CASE("redelivery: what an endpoint got is made anew in its format, byte for byte as it was") {
  Bench bench;
  CHECK_EQ(bench.redelivered({bench.id, "chat"}).rows, 1);
  CHECK_EQ(bench.row("chat")->body, format_named("slack").make(testing::sample_alert(), {}));
  CHECK_FALSE(bench.row("soc").has_value());
  const OperatorChange::InAlerts again = bench.redelivered({bench.id, "chat"});
  CHECK_EQ(again.refusal,
           "it waits to be delivered to chat already, after 0 attempts: the sender tries it again by itself");
  CHECK_EQ(again.refused_as, ChangeRefusal::needless);
  bench.put_row({"soc", 5, 99, true, "refused", "the body"});
  CHECK_EQ(bench.redelivered({bench.id, "soc"}).rows, 1);
  CHECK_EQ(bench.row("soc")->body, "the body");
}

TEST_CASE("redelivery: of no alert, or to no endpoint, is refused and changes nothing") {
  Bench bench;
  CHECK_EQ(bench.redelivered({{9, 9}, ""}).refusal, "no alert has the id " + Hash128{9, 9}.hex());
  CHECK_EQ(bench.redelivered({{9, 9}, ""}).refused_as, ChangeRefusal::not_there);
  CHECK_EQ(bench.redelivered({bench.id, "a\nb"}).refusal, "no webhook a\\x0ab is configured and running");
  CHECK_EQ(bench.redelivered({bench.id, "soc"}, false).refusal, "no webhook soc is configured and running");
  CHECK_FALSE(bench.row("soc").has_value());
}

}  // namespace
}  // namespace straykey
