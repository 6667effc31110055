#include "core/operate/alert_listing.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::vector<Call> calls_of_roles(int count) {
  std::vector<Call> calls;
  for (int i = 0; i < count; ++i) calls.push_back(call_of_role("role" + std::to_string(i), 10 + i));
  return calls;
}

template <class Read>
std::vector<Hash128> all_pages(const Read& read, std::size_t& pages) {
  std::vector<Hash128> ids;
  std::string after;
  do {
    const auto page = read(after);
    REQUIRE(page.ok());
    for (const auto& row : page.value().rows) ids.push_back(row.id);
    after = page.value().next;
    ++pages;
    REQUIRE_LE(pages, 100);
  } while (!after.empty());
  return ids;
}

TEST_CASE("alert listing: pages of any size hold every alert once, oldest first") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(5)));
  std::vector<Seconds> times;
  REQUIRE(
      for_each_alert(store.alerts, [&](const ListedAlert& alert) { times.push_back(alert.state.first_seen); }).ok());
  REQUIRE_EQ(times.size(), 5);
  CHECK(std::is_sorted(times.begin(), times.end()));
  for (const std::size_t rows : {1u, 2u, 3u, 5u, 6u}) {
    std::size_t pages = 0;
    const auto ids = all_pages(
        [&](const std::string& after) { return list_alerts(store.alerts, after, {.rows_max = rows}); }, pages);
    CHECK_EQ(std::set<Hash128>(ids.begin(), ids.end()).size(), 5);
    CHECK_EQ(ids.size(), 5);
  }
}

TEST_CASE("alert listing: a page ends when it holds enough bytes, and one alert always passes") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(3)));
  std::size_t pages = 0;
  const auto ids =
      all_pages([&](const std::string& after) { return list_alerts(store.alerts, after, {.bytes_max = 1}); }, pages);
  CHECK_EQ(ids.size(), 3);
  CHECK_GE(pages, 3);
}

TEST_CASE("alert listing: one alert is found with its state laid over it; an id of nothing finds nothing") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  const auto alert = find_alert(*store.alerts.read(), id);
  REQUIRE(alert.has_value());
  CHECK_NE(alert->document.find("\"status\":\"open\""), std::string::npos);
  CHECK_FALSE(find_alert(*store.alerts.read(), Hash128{1, 2}).has_value());
}

TEST_CASE("alert listing: every message is listed with its deliveries that still wait, in pages of any size") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(3)));
  store.pipeline->merger().apply({.endpoint = "siem",
                                  .alert_id = store.delivered.at(0).alert_id,
                                  .kind = DeliveryOutcome::Kind::delivered,
                                  .error = {}});
  REQUIRE(store.pipeline->merger().commit() == CommitOutcome::committed);
  std::size_t deliveries = 0, pages = 0;
  const auto ids = all_pages(
      [&](const std::string& after) {
        auto page = list_messages(store.alerts, after, {.rows_max = 2});
        if (page)
          for (const StoredMessage& message : page->rows) {
            CHECK(message.body.starts_with("{\"type\":\"alert.created\""));
            CHECK(message.state.has_value());
            deliveries += message.deliveries.size();
          }
        return page;
      },
      pages);
  CHECK_EQ(ids.size(), 3);
  CHECK_EQ(deliveries, 5);
}

TEST_CASE("alert listing: rows that cannot be read, and a delivery without its alert, are told as errors") {
  const auto error_after = [](Table table, const std::string& key, const std::string& value) {
    OperatedStore store;
    REQUIRE(store.learn_and_judge({call_of_role("orders")}));
    const auto writer = store.alerts.write();
    writer->put(table, key, value);
    REQUIRE(writer->commit() == CommitOutcome::committed);
    std::string after;
    do {
      auto page = list_messages(store.alerts, after, {});
      if (!page) return page.error().message;
      after = page->next;
    } while (!after.empty());
    return std::string();
  };
  CHECK_EQ(error_after(Table::alerts, std::string(16, 'a'), "nothing"), "a row of alerts cannot be read");
  CHECK_EQ(error_after(Table::outbox, std::string(32, 'a'), encode_outbox_row({})), "a row of the outbox has no alert");
}

TEST_CASE("alert listing: a store that fails is an error, not an empty list") {
  OperatedStore store;
  store.alerts.break_down("the disk is gone");
  CHECK_EQ(list_alerts(store.alerts, {}, {}).error().message, "the disk is gone");
  CHECK_EQ(list_messages(store.alerts, {}, {}).error().message, "the disk is gone");
  CHECK_EQ(for_each_alert(store.alerts, [](const ListedAlert&) {}).error().message, "the disk is gone");
}

}  // namespace
}  // namespace straykey
