#include "core/operate/search_operations.h"

#include <string>

#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

OperatorAnswer ask(OperatedStore& store, const std::string& operation, const OperatorArguments& arguments) {
  if (const std::string objection = objection_to({operation, arguments}); !objection.empty())
    return {Kind::bad_request, objection, {}, {}};
  return find_operation(operation)->read(store.stores(), arguments);
}

TEST_CASE("search operations: pages of summaries go on where the one before ended") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10), call_of_role("billing", 11)}));
  const OperatorAnswer first = ask(store, "alerts/search", {{"limit", "1"}});
  REQUIRE_EQ(first.items.size(), 1);
  CHECK_NE(first.items[0].find("/billing/"), std::string::npos);
  const OperatorAnswer second = ask(store, "alerts/search", {{"limit", "1"}, {"after", first.next}});
  REQUIRE_EQ(second.items.size(), 1);
  CHECK_NE(second.items[0].find("/orders/"), std::string::npos);
  CHECK_EQ(ask(store, "alerts/search", {{"text", "BILLING"}}).items.size(), 1);
  CHECK_EQ(ask(store, "alerts/counts", {{"severity", "high"}}).items.size(), 1);
}

TEST_CASE("search operations: what is wrong is said before any store is read") {
  OperatedStore store;
  for (const OperatorArguments& wrong :
       {OperatorArguments{{"limit", "0"}}, OperatorArguments{{"limit", "501"}}, OperatorArguments{{"limit", "x"}},
        OperatorArguments{{"after", "x"}}, OperatorArguments{{"severity", "dire"}}, OperatorArguments{{"other", "1"}}})
    CHECK(ask(store, "alerts/search", wrong).kind == Kind::bad_request);
  CHECK(ask(store, "alerts/deliveries", {{"id", "12"}}).kind == Kind::bad_request);
}

TEST_CASE("search operations: deliveries that wait are told by their endpoint; those that arrived are gone") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  CHECK_EQ(ask(store, "alerts/deliveries", {{"id", id.hex()}}).items.size(), 2);
  store.pipeline->merger().apply(
      {.endpoint = "siem", .alert_id = id, .kind = DeliveryOutcome::Kind::delivered, .error = {}});
  REQUIRE(store.pipeline->merger().commit() == CommitOutcome::committed);
  const OperatorAnswer answer = ask(store, "alerts/deliveries", {{"id", id.hex()}});
  REQUIRE_EQ(answer.items.size(), 1);
  CHECK(answer.items[0].starts_with("{\"endpoint\":\"pager\""));
}

TEST_CASE("search operations: an identity's quarantine tells what its alerts were about, and what was acknowledged") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const OperatorArguments identity{{"identity", std::string(kTestAccount) + "/orders/orders-fn"}};
  const OperatorAnswer before = ask(store, "baseline/quarantine", identity);
  REQUIRE_FALSE(before.items.empty());
  CHECK_NE(before.items[0].find("\"value\":\"AS64511\""), std::string::npos);
  CHECK_EQ(before.items[0].find("acknowledged"), std::string::npos);
  auto change = find_operation("alerts/ack")
                    ->change(store.stores(), {{"id", store.delivered.at(0).alert_id.hex()}}, 1'711'000'000);
  REQUIRE(change.ok());
  REQUIRE(store.pipeline->carry_out(*change.value()).kind == ChangeOutcome::Kind::done);
  CHECK_NE(ask(store, "baseline/quarantine", identity).items[0].find("\"acknowledged\":true"), std::string::npos);
  CHECK(ask(store, "baseline/quarantine", {{"identity", "nobody"}}).items.empty());
}

}  // namespace
}  // namespace straykey
