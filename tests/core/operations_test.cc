#include "core/operate/operations.h"

#include <set>
#include <string>

#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

OperatorAnswer read(OperatedStore& store, const std::string& name, OperatorArguments arguments) {
  REQUIRE_EQ(objection_to({name, arguments}), "");
  return find_operation(name)->read(store.stores(), arguments);
}

TEST_CASE("operations: each name stands once and is a read, a change or about endpoints") {
  std::set<std::string_view> names;
  for (const Operation& operation : operations()) {
    CHECK(names.insert(operation.name).second);
    const int kinds = (operation.read != nullptr) + (operation.change != nullptr) +
                      (operation.of_endpoints != Operation::OfEndpoints::no);
    CHECK_EQ(kinds, 1);
    CHECK_EQ(find_operation(operation.name), &operation);
    CHECK_FALSE(operation.purpose.empty());
  }
  CHECK(find_operation("alerts") == nullptr);
}

TEST_CASE("operations: a request of another form is objected to in a sentence") {
  CHECK_EQ(objection_to({"alerts/list", {}}), "");
  CHECK_EQ(objection_to({"alerts/none", {}}), "there is no such operation");
  CHECK_EQ(objection_to({"alerts/show", {}}), "id: this argument is missing");
  CHECK_EQ(objection_to({"alerts/show", {{"id", ""}}}), "id: this argument is missing");
  CHECK_EQ(objection_to({"alerts/list", {{"colour", "red"}}}), "colour: there is no such argument");
  CHECK_EQ(objection_to({"alerts/list", {{"after", std::string(kArgumentBytesMax + 1, 'a')}}}),
           "after: this argument is too long");
  CHECK_EQ(objection_to({"alerts/ack", {{"id", std::string(32, '0')}, {"note", "\xff"}}}),
           "note: this argument is not UTF-8");
  CHECK_EQ(objection_to({"alerts/show", {{"id", "12"}}}), "12: an alert id has 32 hexadecimal digits");
  CHECK_EQ(objection_to({"baseline/report", {{"account", "12"}}}), "12: an account id has 12 digits");
  CHECK_EQ(objection_to({"baseline/forget", {{"identity", "a"}, {"tool", ""}}}),
           "tool: this argument is empty: give a value, or leave it out");
}

TEST_CASE("operations: to forget an empty network or tool is refused, for it would forget all of the identity") {
  const Operation* forget = find_operation("baseline/forget");
  REQUIRE(forget != nullptr);
  const std::string identity = "111122223333/orders";
  CHECK(forget->change({{1, 2}, {}}, {{"identity", identity}}, 0).ok());
  CHECK(forget->change({{1, 2}, {}}, {{"identity", identity}, {"network", "AS64511"}}, 0).ok());
  for (const char* name : {"network", "tool"}) {
    const auto refused = forget->change({{1, 2}, {}}, {{"identity", identity}, {name, ""}}, 0);
    REQUIRE_FALSE(refused.ok());
    CHECK_EQ(refused.error().message, std::string(name) + ": this argument is empty: give a value, or leave it out");
  }
}

TEST_CASE("operations: what is read is JSON, page by page, and what is not there is not found") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders"), call_of_role("billing", 11)}));
  const std::string id = store.delivered.at(0).alert_id.hex();
  CHECK_EQ(read(store, "alerts/list", {}).items.size(), 2);
  CHECK_EQ(read(store, "alerts/list", {}).next, "");
  CHECK_EQ(read(store, "alerts/show", {{"id", "msg_" + id}}).items.size(), 1);
  CHECK(read(store, "alerts/show", {{"id", std::string(32, '0')}}).kind == Kind::not_found);
  CHECK(read(store, "alerts/list", {{"after", "xyz"}}).kind == Kind::bad_request);
  OperatorAnswer page = read(store, "alerts/dump", {});
  CHECK_EQ(page.items.size(), 2);
  while (!page.next.empty()) {
    page = read(store, "alerts/dump", {{"after", page.next}});
    CHECK(page.items.empty());
    CHECK(page.kind == Kind::done);
  }
  CHECK_GE(read(store, "baseline/show", {{"identity", "111122223333/orders/orders-fn"}}).items.size(), 3);
  CHECK(read(store, "baseline/show", {{"identity", "nobody"}}).kind == Kind::not_found);
  CHECK_EQ(read(store, "baseline/report", {{"account", std::string(kTestAccount)}}).items.size(), 1);
  CHECK(read(store, "baseline/report", {{"account", "999999999999"}}).kind == Kind::not_found);
  CHECK_GE(read(store, "baseline/dump", {}).items.size(), 8);
  store.alerts.break_down("the disk is gone");
  CHECK(read(store, "alerts/list", {}).kind == Kind::failed);
  CHECK_EQ(read(store, "alerts/show", {{"id", id}}).sentence, "the disk is gone");
}

TEST_CASE("operations: a change is made of its arguments, and its outcome is answered in a sentence") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const auto make = [&](const std::string& name, const OperatorArguments& arguments) {
    return find_operation(name)->change({OperatedStore::kKey, {}}, arguments, 1'711'000'000);
  };
  CHECK_FALSE(make("alerts/ack", {{"id", "12"}}).ok());
  auto ack = make("alerts/ack", {{"id", store.delivered.at(0).alert_id.hex()}, {"note", "ours"}});
  REQUIRE(ack.ok());
  OperatorAnswer answer = answer_to(store.pipeline->carry_out(**ack));
  CHECK(answer.kind == Kind::done);
  REQUIRE_EQ(answer.items.size(), 1);
  CHECK(answer.items[0].starts_with("{\"changed\":"));
  const auto carried_out = [&](const std::string& name, const OperatorArguments& arguments) {
    auto change = make(name, arguments);
    REQUIRE(change.ok());
    return answer_to(store.pipeline->carry_out(**change)).kind;
  };
  const OperatorArguments asked{{"id", store.delivered.at(0).alert_id.hex()}};
  const auto with = [&](const std::string& name, const std::string& value) {
    OperatorArguments arguments = asked;
    arguments[name] = value;
    return arguments;
  };
  CHECK_EQ(objection_to({"alerts/ack", with("until", "30.11.2026")}),
           "until: a day is written as 2026-11-30, and is one of the years 2013 to 2099");
  CHECK_EQ(objection_to({"alerts/ack", with("network", "asn")}), "network: say prefix or all");
  CHECK_EQ(objection_to({"alerts/ack", with("note", "<why it is ours>")}),
           "note: say why it is ours, in place of the placeholder");
  CHECK_FALSE(make("alerts/ack", with("until", "soon")).ok());
  CHECK_EQ(objection_to({"alerts/ack", {}}), "id: this argument is missing, or name a campaign");
  CHECK_EQ(objection_to({"alerts/ack", {{"campaign", "12"}}}), "12: a campaign id has 32 hexadecimal digits");
  CHECK_EQ(objection_to({"alerts/ack", with("campaign", "12")}), "campaign: name an alert or a campaign, not both");
  for (const OperatorArguments& arguments : {with("until", "2026-11-30"), with("network", "prefix"), asked}) {
    CHECK_EQ(objection_to({"alerts/ack", arguments}), "");
    CHECK(carried_out("alerts/ack", arguments) == Kind::done);
  }
  CHECK(carried_out("alerts/ack", {{"campaign", std::string(32, '0')}}) == Kind::not_found);
  CHECK_EQ(objection_to({"alerts/ack", with("until", "9999-12-31")}),
           "until: a day is written as 2026-11-30, and is one of the years 2013 to 2099");
  CHECK(carried_out("alerts/ack", with("until", "2020-01-01")) == Kind::bad_request);  // before the alert's day
  CHECK(carried_out("alerts/close", asked) == Kind::not_found);                        // it is answered
  CHECK(carried_out("alerts/reopen", asked) == Kind::done);
  CHECK(carried_out("alerts/close", asked) == Kind::done);
  CHECK(carried_out("alerts/false-positive", with("note", "a test")) == Kind::done);
  for (const std::string name : {"alerts/close", "alerts/reopen", "alerts/false-positive"})
    CHECK_EQ(objection_to({name, with("campaign", "12")}), "campaign: name an alert or a campaign, not both");
  CHECK(carried_out("alerts/reopen", asked) == Kind::done);
  CHECK(carried_out("alerts/reopen", asked) == Kind::not_found);
  auto nobody = make("baseline/forget", {{"identity", "nobody"}});
  CHECK(answer_to(store.pipeline->carry_out(**nobody)).kind == Kind::not_found);
  CHECK(answer_to({ChangeOutcome::Kind::failed, 0, "why"}).kind == Kind::failed);
  CHECK(answer_to({ChangeOutcome::Kind::stopped, 0, "why"}).kind == Kind::stopped);
}

}  // namespace
}  // namespace straykey
