#include "core/operate/alert_search.h"

#include <string>
#include <vector>

#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::vector<Call> calls_of_roles(int count) {
  std::vector<Call> calls;
  for (int i = 0; i < count; ++i) calls.push_back(call_of_role("role" + std::to_string(i), 1 + i));
  return calls;
}

// The identities of all pages, in their order. The filter wants so many at a time.
std::vector<std::string> all_pages(const OperatorStores& stores, const AlertFilter& filter, std::size_t limit) {
  std::vector<std::string> identities;
  std::string after;
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = search_alerts(stores, filter, after, limit);
    REQUIRE(page.ok());
    for (const std::string& row : page.value().rows) {
      const std::size_t at = row.find("\"identity\":\"") + 12;
      identities.push_back(row.substr(at, row.find('"', at) - at));
    }
    after = page.value().next;
    if (after.empty()) return identities;
  }
  FAIL("the pages do not end");
  return identities;
}

void fill(AlertIndexFill& filling, AlertStore& store, AlertIndex& index) {
  while (true) {
    const auto step = filling.step(store, index);
    REQUIRE(step.ok());
    if (!step.value()) return;
  }
}

TEST_CASE("alert search: the pages are the same from the store, from a full index, and from one that holds a part") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(12)));
  AlertIndex all, newest(5);
  AlertIndexFill fill_all, fill_newest;
  fill(fill_all, store.alerts, all);
  fill(fill_newest, store.alerts, newest);
  CHECK_EQ(all.alerts(), 12);
  CHECK_EQ(newest.alerts(), 5);
  for (const std::size_t limit : {1u, 4u, 5u, 50u}) {
    OperatorStores stores = store.stores();
    const auto expected = all_pages(stores, {}, limit);
    CHECK_EQ(expected.size(), 12);
    CHECK_EQ(expected.front(), std::string(kTestAccount) + "/role11/role11-fn");
    for (const AlertIndex* index : {&all, &newest}) {
      stores.index = index;
      CHECK_EQ(all_pages(stores, {}, limit), expected);
    }
    const auto filter = alert_filter_of({{"identity", std::string(kTestAccount) + "/role2/role2-fn"}}).value();
    CHECK_EQ(all_pages(stores, filter, limit).size(), 1);
  }
}

TEST_CASE("alert search: a page behind any place ends, however far from every alert that is") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(3)));
  for (const Seconds at : {Seconds{0}, Seconds{1}, Seconds{1} << 40, AlertPlace::kNewest - 1, AlertPlace::kNewest}) {
    const auto page = search_alerts(store.stores(), {}, AlertPlace{at, {}}.key(), 5);
    REQUIRE(page.ok());
    CHECK_EQ(page.value().rows.size(), at > 1 ? 3 : 0);
  }
}

TEST_CASE("alert search: counts are of the index, or of the newest alerts where there is none") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge(calls_of_roles(3)));
  const auto counted = count_alerts(store.stores(), {});
  REQUIRE(counted.ok());
  CHECK_NE(counted.value().find("\"alerts\":3,"), std::string::npos);
  CHECK_NE(counted.value().find("{\"value\":\"AS64511\",\"alerts\":3}"), std::string::npos);
  AlertIndex empty;
  OperatorStores stores = store.stores();
  stores.index = &empty;
  CHECK_NE(count_alerts(stores, {}).value().find("\"alerts\":0,"), std::string::npos);
}

TEST_CASE("alert search: a summary is of an alert, and an alert that changed is found by what it is now") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  AlertIndex index;
  take_into(index, *store.alerts.read(), id);
  take_into(index, *store.alerts.read(), Hash128{1, 2});
  CHECK_EQ(index.alerts(), 1);
  CHECK_NE(alert_summary(*store.alerts.read(), id)->find("\"status\":\"open\""), std::string::npos);
  CHECK_FALSE(alert_summary(*store.alerts.read(), Hash128{1, 2}).has_value());
}

TEST_CASE("alert search: a store that fails is told") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  store.alerts.break_down("the disk is gone");
  CHECK_EQ(search_alerts(store.stores(), {}, "", 5).error().message, "the disk is gone");
  CHECK_EQ(count_alerts(store.stores(), {}).error().message, "the disk is gone");
}

}  // namespace
}  // namespace straykey
