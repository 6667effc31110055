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

TEST_CASE("acknowledge: the alert says so with the note, its pairs are known, and the log has a line") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  const ChangeOutcome outcome =
      store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, std::string(2'000, 'n')}, kNow));
  CHECK(outcome.kind == Kind::done);
  CHECK_GE(outcome.rows, 3);
  const auto alert = find_alert(*store.alerts.read(), id);
  CHECK(alert->state.status == AlertState::Status::acknowledged);
  CHECK_EQ(alert->state.status_at, kNow);
  CHECK_EQ(alert->state.note.size(), Acknowledgement::kNoteBytesMax);
  REQUIRE_EQ(store.texts_of(store.alerts, Table::operator_log).size(), 1);
  CHECK(store.texts_of(store.alerts, Table::operator_log)[0].starts_with("acknowledged alert " + id.hex()));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25)}));
  CHECK_EQ(store.delivered.size(), 2);  // of two endpoints: no second alert
}

// The bodies of those alerts of the first endpoint that were delivered.
std::size_t alerts_of(const OperatedStore& store) {
  return store.delivered.size() / 2;  // two endpoints hear of each
}

// Both documentation networks belong to one AS.
std::shared_ptr<const NetworkMap> one_as() {
  const auto range = [](std::string_view first, std::string_view last) {
    return AsnRange{*parse_ip(first), *parse_ip(last), 64'511, "Example Hosting"};
  };
  NetworkInputs inputs;
  inputs.asns = {range("198.51.100.0", "198.51.100.255"), range("203.0.113.0", "203.0.113.255")};
  return std::make_shared<NetworkMap>(std::move(inputs));
}

TEST_CASE("acknowledge: with an end date it counts for calls up to that day, in whatever order they come") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Day until = *parse_day("2024-03-17");
  REQUIRE(
      store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {store.delivered.at(0).alert_id, "", until}, kNow))
          .kind == Kind::done);
  CHECK_NE(find_alert(*store.alerts.read(), store.delivered[0].alert_id)
               ->document.find(R"("acknowledged_until":"2024-03-17")"),
           std::string::npos);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 18)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 17)}));
  CHECK_EQ(alerts_of(store), 2);
  CHECK_EQ(find_alert(*store.alerts.read(), store.delivered.back().alert_id)->state.occurrences, 1);
}

TEST_CASE("acknowledge: by prefix, another prefix of the same AS number still speaks; with the number it is silent") {
  for (const auto networks : {Acknowledgement::Networks::prefix, Acknowledgement::Networks::all}) {
    OperatedStore store;
    store.networks = one_as();
    REQUIRE(store.learn_and_judge({call_of_role("orders")}));
    REQUIRE(store.pipeline
                ->carry_out(*acknowledge(OperatedStore::kKey, {store.delivered.at(0).alert_id, "", 0, networks}, kNow))
                .kind == Kind::done);
    REQUIRE(store.learn_and_judge({call_of_role("orders", 17)}));
    CHECK_EQ(alerts_of(store), 1);
    Call elsewhere = call_of_role("orders", 18);
    elsewhere.ip = "203.0.113.7";
    REQUIRE(store.learn_and_judge({elsewhere}));
    CHECK_EQ(alerts_of(store), networks == Acknowledgement::Networks::prefix ? 2 : 1);
  }
}

TEST_CASE("acknowledge: in the network of a hosting company the prefix alone is taken, if nothing else is said") {
  OperatedStore store;
  store.networks = one_as();
  store.detection.hosting_asns = {64'511};
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  CHECK_NE(store.delivered[0].body.find(R"("acknowledges":"prefix")"), std::string::npos);
  REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, ""}, kNow)).kind == Kind::done);
  Call elsewhere = call_of_role("orders", 18);
  elsewhere.ip = "203.0.113.7";
  REQUIRE(store.learn_and_judge({elsewhere}));
  CHECK_EQ(alerts_of(store), 2);
}

// The document's value of "campaign", "id".
Hash128 campaign_of(const Delivery& delivery) {
  constexpr std::string_view kBefore = R"("campaign":{"id":")";
  const std::size_t at = delivery.body.find(kBefore);
  REQUIRE_NE(at, std::string::npos);
  return Hash128::from_hex(delivery.body.substr(at + kBefore.size(), 32)).value();
}

TEST_CASE("acknowledge: a campaign is acknowledged as one, for the identities in it and no later ones") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders"), call_of_role("billing", 11)}));
  REQUIRE_EQ(alerts_of(store), 2);
  const Hash128 campaign = campaign_of(store.delivered[0]);
  CHECK_EQ(campaign_of(store.delivered.back()), campaign);
  const auto change = [&](Hash128 id) {
    return store.pipeline->carry_out(*acknowledge_campaign(OperatedStore::kKey, {id, "our roll-out"}, kNow));
  };
  CHECK(change(store.delivered[0].alert_id).kind == Kind::refused);  // an alert's id
  CHECK(change(campaign).kind == Kind::done);
  for (const Delivery& delivery : store.delivered) {
    const auto alert = find_alert(*store.alerts.read(), delivery.alert_id);
    CHECK(alert->state.status == AlertState::Status::acknowledged);
    CHECK_EQ(alert->state.note, "our roll-out");
  }
  REQUIRE_EQ(store.texts_of(store.alerts, Table::operator_log).size(), 1);
  CHECK(store.texts_of(store.alerts, Table::operator_log)[0].starts_with("acknowledged campaign " + campaign.hex()));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25), call_of_role("billing", 25)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(store.learn_and_judge({call_of_role("later", 12)}));
  CHECK_EQ(alerts_of(store), 3);
  CHECK_EQ(campaign_of(store.delivered.back()), campaign);
  CHECK(change(campaign).kind == Kind::done);  // asked again, it takes the later one in
  REQUIRE(store.learn_and_judge({call_of_role("later", 25)}));
  CHECK_EQ(alerts_of(store), 3);
}

TEST_CASE("reopen: what was acknowledged speaks again, and the alert is open") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders")}));
  const Hash128 id = store.delivered.at(0).alert_id;
  const auto reopen_it = [&] { return store.pipeline->carry_out(*reopen(OperatedStore::kKey, id, "not ours", kNow)); };
  CHECK(reopen_it().kind == Kind::refused);
  REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, ""}, kNow)).kind == Kind::done);
  CHECK(reopen_it().kind == Kind::done);
  const auto alert = find_alert(*store.alerts.read(), id);
  CHECK(alert->state.status == AlertState::Status::open);
  CHECK_EQ(alert->state.note, "not ours");
  REQUIRE(store.learn_and_judge({call_of_role("orders", 18)}));
  CHECK_EQ(alerts_of(store), 2);
}

TEST_CASE("reopen: a pair of another acknowledged alert stays known") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 17)}));
  REQUIRE_EQ(alerts_of(store), 2);
  const Hash128 first = store.delivered[0].alert_id, second = store.delivered[2].alert_id;
  for (const Hash128 id : {first, second})
    REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, ""}, kNow)).kind == Kind::done);
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, first, "", kNow)).kind == Kind::done);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, second, "", kNow)).kind == Kind::done);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 26)}));
  CHECK_EQ(alerts_of(store), 3);
}

TEST_CASE("acknowledge: an alert that does not exist is refused, and nothing is written") {
  OperatedStore store;
  const ChangeOutcome outcome = store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {{1, 2}, ""}, kNow));
  CHECK(outcome.kind == Kind::refused);
  CHECK_NE(outcome.sentence.find(Hash128{1, 2}.hex()), std::string::npos);
  CHECK(store.texts_of(store.alerts, Table::operator_log).empty());
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
