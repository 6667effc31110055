#include "core/operate/alert_investigation.h"

#include <boost/json.hpp>

#include "core/operate/operations.h"
#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

int number(const boost::json::value& document, std::string_view where) {
  return document.at_pointer(where).to_number<int>();
}

TEST_CASE("investigation: what the key and the identity did since the alert is told apart from what they did before") {
  OperatedStore store;
  Call before = call_of_role("orders", 9);
  before.ip = "192.0.2.10";  // inside AWS
  before.key = "ASIAANOTHER0001";
  REQUIRE(store.learn_and_judge({before}));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  REQUIRE_FALSE(store.delivered.empty());
  const Hash128 id = store.delivered.at(0).alert_id;
  Call since = call_of_role("orders", 11);
  since.api = "DeleteBucket";
  Call again = call_of_role("orders", 11);
  again.id += "again";
  REQUIRE(store.learn_and_judge({since, again}));

  const auto found = investigate_again(store.stores(), id);
  REQUIRE(found.ok());
  REQUIRE(found.value().has_value());
  const auto document = boost::json::parse(*found.value());
  CHECK_EQ(number(document, "/as_of_alert/key_calls/calls"), 1);
  CHECK_EQ(number(document, "/as_of_alert/identity_calls/calls"), 2);
  CHECK_EQ(number(document, "/now/key_calls/calls"), 3);
  CHECK_EQ(number(document, "/now/identity_calls/calls"), 4);
  CHECK_EQ(number(document, "/since/key_calls/calls"), 2);
  CHECK_EQ(number(document, "/since/identity_calls/calls"), 2);
  CHECK_EQ(number(document, "/since/key_calls/other_calls"), 0);
  REQUIRE_EQ(document.at_pointer("/since/key_calls/apis").as_array().size(), 2);
  for (const auto& api : document.at_pointer("/since/key_calls/apis").as_array()) CHECK_EQ(api.at("count"), 1);
}

TEST_CASE("investigation: of an alert that does not exist there is none") {
  OperatedStore store;
  const auto none = investigate_again(store.stores(), {1, 2});
  REQUIRE(none.ok());
  CHECK_FALSE(none.value().has_value());
  const Operation* operation = find_operation("alerts/investigate");
  REQUIRE(operation != nullptr);
  CHECK(operation->read(store.stores(), {{"id", Hash128{1, 2}.hex()}}).kind == OperatorAnswer::Kind::not_found);
}

}  // namespace
}  // namespace straykey
