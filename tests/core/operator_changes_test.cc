#include "core/operate/operator_changes.h"

#include <array>
#include <set>
#include <string>

#include "core/operate/alert_listing.h"
#include "core/operate/baseline_listing.h"
#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = ChangeOutcome::Kind;

constexpr Seconds kNow = 1'711'000'000;
constexpr const char* kIdentity = "111122223333/orders/orders-fn";

std::set<std::string> values_of(OperatedStore& store, FactKind kind) {
  std::set<std::string> values;
  const auto facts = facts_of_identity(store.stores(), kIdentity);
  REQUIRE(facts.ok());
  for (const KnownFact& known : facts.value())
    if (known.kind == kind) values.insert(known.fact.value);
  return values;
}

TEST_CASE("forget: one network, one tool, or all of an identity leaves every partition and quarantine") {
  OperatedStore store;
  for (int key = 0; key < 8; ++key) {
    Call call = call_of_role("orders");
    call.key = "ASIAORDERS000" + std::to_string(key);
    call.id += call.key;
    REQUIRE(store.learn_and_judge({call}));
  }
  const auto forget_it = [&](Forgetting what) {
    return store.pipeline->carry_out(*forget(OperatedStore::kKey, std::move(what), kNow));
  };
  REQUIRE_GE(values_of(store, FactKind::identity_network).size(), 2);  // its ASN and its prefix
  CHECK_GE(forget_it({kIdentity, "AS64511", ""}).rows, 2);
  CHECK_FALSE(values_of(store, FactKind::identity_network).contains("AS64511"));
  CHECK_FALSE(values_of(store, FactKind::identity_network).empty());
  CHECK(forget_it({kIdentity, "", "boto3"}).kind == Kind::done);
  CHECK(values_of(store, FactKind::identity_tool).empty());
  CHECK_FALSE(values_of(store, FactKind::identity_network).empty());
  CHECK(forget_it({kIdentity, "", ""}).kind == Kind::done);
  CHECK(values_of(store, FactKind::identity_network).empty());
  CHECK(values_of(store, FactKind::identity_runtime).empty());
  CHECK_EQ(store.texts_of(store.alerts, Table::operator_log).size(), 3);
  const ChangeOutcome again = forget_it({kIdentity, "", ""});
  CHECK(again.kind == Kind::refused);
  CHECK_NE(again.sentence.find(kIdentity), std::string::npos);
  CHECK_EQ(store.texts_of(store.alerts, Table::operator_log).size(), 3);
}

TEST_CASE("forget: all of an identity takes its evidence, its links and what weak proofs taught with it") {
  OperatedStore store;
  const Call plain = call_of_role("orders");
  Call pasted = plain, link = plain, weak = plain;
  pasted.agent += " m/n";
  link.presigned = true;
  link.id += "link";
  pasted.id += "pasted";
  weak.id += "weak";
  weak.issuer_type = "";
  weak.agent += " exec-env/AWS_Lambda_python3.12";
  REQUIRE(store.learn_and_judge({pasted, link, weak}));
  const std::array kinds{FactKind::identity_evidence, FactKind::identity_presigned, FactKind::weak_identity_network,
                         FactKind::weak_identity_tool, FactKind::weak_identity_runtime};
  for (const FactKind kind : kinds) CHECK_FALSE(values_of(store, kind).empty());
  CHECK(store.pipeline->carry_out(*forget(OperatedStore::kKey, {kIdentity, "", ""}, kNow)).kind == Kind::done);
  for (const FactKind kind : kinds) CHECK(values_of(store, kind).empty());
}

TEST_CASE("forget: a partition that could not commit fails it, and repeated it is done") {
  OperatedStore store;
  for (int key = 0; key < 8; ++key) {
    Call call = call_of_role("orders");
    call.key = "ASIAORDERS000" + std::to_string(key);
    call.id += call.key;
    REQUIRE(store.learn_and_judge({call}));
  }
  store.partitions[1].fail_next_commit(CommitOutcome::failed);
  const ChangeOutcome failed = store.pipeline->carry_out(*forget(OperatedStore::kKey, {kIdentity, "", ""}, kNow));
  CHECK(failed.kind == Kind::failed);
  CHECK_FALSE(failed.sentence.empty());
  CHECK_FALSE(values_of(store, FactKind::identity_network).empty());
  CHECK(store.pipeline->carry_out(*forget(OperatedStore::kKey, {kIdentity, "", ""}, kNow)).kind == Kind::done);
  CHECK(values_of(store, FactKind::identity_network).empty());
}

TEST_CASE("operator log: lines of one second stand in their order") {
  OperatedStore store;
  for (const char* text : {"first", "second", "third"}) {
    const auto writer = store.alerts.write();
    note_in_operator_log(*writer, kNow, text);
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  CHECK_EQ(store.texts_of(store.alerts, Table::operator_log), std::vector<std::string>{"first", "second", "third"});
}

}  // namespace
}  // namespace straykey
