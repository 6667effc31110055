#include "core/operate/baseline_listing.h"

#include <map>
#include <set>
#include <string>

#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr const char* kIdentity = "111122223333/orders/orders-fn";

// The same identity with two keys, which lie where their hash says.
void teach_two_keys(OperatedStore& store) {
  for (int key = 0; key < 8; ++key) {
    Call call = call_of_role("orders", 10 + key % 3);
    call.key = "ASIAORDERS000" + std::to_string(key);
    call.id += call.key;
    REQUIRE(store.learn_and_judge({call}));
  }
}

TEST_CASE("baseline listing: what is known of an identity is the OR of all partitions, each value once") {
  OperatedStore store;
  teach_two_keys(store);
  const auto facts = facts_of_identity(store.stores(), kIdentity);
  REQUIRE(facts.ok());
  std::set<std::pair<FactKind, std::string>> values;
  for (const KnownFact& known : facts.value()) {
    CHECK(values.emplace(known.kind, known.fact.value).second);
    if (known.kind == FactKind::identity_network) CHECK_EQ(__builtin_popcountll(known.fact.fact.presence.days), 3);
  }
  CHECK(values.contains({FactKind::identity_network, "AS64511"}));
  CHECK(values.contains({FactKind::identity_tool, "boto3"}));
  CHECK(facts_of_identity(store.stores(), "111122223333/nobody").value().empty());
}

TEST_CASE("baseline listing: pages of any size hold the same facts once, learned ones before quarantine") {
  OperatedStore store;
  teach_two_keys(store);
  std::map<std::size_t, std::vector<std::string>> read;
  for (const std::size_t rows : {1u, 2u, 7u, 1'000u}) {
    std::string after;
    do {
      const auto page = list_facts(store.stores(), after, {.rows_max = rows});
      REQUIRE(page.ok());
      CHECK_LE(page.value().rows.size(), 2 * rows);
      for (const KnownFact& known : page.value().rows)
        read[rows].push_back(std::string(fact_kind_name(known.kind)) + ' ' + known.fact.scope + ' ' + known.fact.value +
                             ' ' + std::to_string(known.fact.fact.presence.days));
      after = page.value().next;
      REQUIRE_LE(read[rows].size(), 1'000);
    } while (!after.empty());
  }
  CHECK_GE(read[1'000].size(), 8);
  for (const std::size_t rows : {1u, 2u, 7u}) CHECK_EQ(read[rows], read[1'000]);
  CHECK_FALSE(read[1].front().starts_with("quarantine_"));
  CHECK(read[1].back().starts_with("quarantine_"));
}

TEST_CASE("baseline listing: the report of an account is that of the day after it was last seen") {
  OperatedStore store;
  teach_two_keys(store);
  const auto found = account_report(store.stores(), kTestAccount);
  REQUIRE(found.ok());
  REQUIRE(found.value().has_value());
  const ActivationReport& report = found.value()->report;
  CHECK_EQ(format_day(report.day), "2024-03-13");
  REQUIRE_EQ(report.pairs.size(), 1);
  CHECK_EQ(report.pairs[0].identity, kIdentity);
  CHECK_EQ(report.pairs[0].network, "AS64511");
  CHECK_EQ(report.pairs[0].days, 3);
  CHECK_FALSE(account_report(store.stores(), "999999999999").value().has_value());
}

TEST_CASE("baseline listing: a partition that fails is an error, not a smaller answer") {
  OperatedStore store;
  teach_two_keys(store);
  store.partitions[1].break_down("the disk is gone");
  CHECK_EQ(facts_of_identity(store.stores(), kIdentity).error().message, "the disk is gone");
  CHECK_EQ(list_facts(store.stores(), {}, {}).error().message, "the disk is gone");
  CHECK_EQ(account_report(store.stores(), kTestAccount).error().message, "the disk is gone");
}

TEST_CASE("baseline listing: every kind of fact has a name of its own") {
  std::set<std::string_view> names;
  for (int kind = 0; kind < 256; ++kind) {
    const std::string_view name = fact_kind_name(static_cast<FactKind>(kind));
    if (!name.empty()) CHECK(names.insert(name).second);
  }
  CHECK_EQ(names.size(), 26);
}

}  // namespace
}  // namespace straykey
