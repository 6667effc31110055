#include "core/operate/alert_answers.h"

#include <array>
#include <string>
#include <vector>

#include "core/engine/alert_pairs.h"
#include "core/operate/alert_listing.h"
#include "tests/support/operated_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = ChangeOutcome::Kind;

constexpr Seconds kNow = 1'711'000'000;

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
  const auto reopen_it = [&] {
    return store.pipeline->carry_out(*reopen(OperatedStore::kKey, {id}, "not ours", kNow));
  };
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
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, {first}, "", kNow)).kind == Kind::done);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, {second}, "", kNow)).kind == Kind::done);
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

TEST_CASE("reopen: a pair that an older program acknowledged twice stays known by the alert that is left") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 17)}));
  const Hash128 first = store.delivered.at(0).alert_id, second = store.delivered.at(2).alert_id;
  for (const Hash128 id : {first, second})
    REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, ""}, kNow)).kind == Kind::done);
  {  // such a store has no rows that tell who holds a pair
    auto writer = store.alerts.write();
    std::vector<std::string> holders;
    writer->scan(Table::alert_pairs, {}, {}, [&](std::string_view key, std::string_view) {
      if (key.size() != sizeof(Hash128)) holders.emplace_back(key);
      return true;
    });
    CHECK_GE(holders.size(), 4);
    for (const std::string& key : holders) writer->erase(Table::alert_pairs, key);
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  const auto reopened = [&](Hash128 id) {
    return store.pipeline->carry_out(*reopen(OperatedStore::kKey, {id}, "", kNow)).kind == Kind::done;
  };
  REQUIRE(reopened(first));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(reopened(second));
  REQUIRE(store.learn_and_judge({call_of_role("orders", 26)}));
  CHECK_EQ(alerts_of(store), 3);
}

TEST_CASE("reopen: a campaign is opened again as one, and all its pairs speak") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders"), call_of_role("billing", 11)}));
  const Hash128 campaign = campaign_of(store.delivered.at(0));
  const auto reopen_it = [&] {
    return store.pipeline->carry_out(*reopen(OperatedStore::kKey, {campaign, true}, "not ours", kNow));
  };
  CHECK(reopen_it().kind == Kind::refused);  // all are open
  REQUIRE(store.pipeline->carry_out(*acknowledge_campaign(OperatedStore::kKey, {campaign, ""}, kNow)).kind ==
          Kind::done);
  CHECK(reopen_it().kind == Kind::done);
  for (const Delivery& delivery : store.delivered)
    CHECK(find_alert(*store.alerts.read(), delivery.alert_id)->state.status == AlertState::Status::open);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25), call_of_role("billing", 25)}));
  CHECK_EQ(alerts_of(store), 4);
}

TEST_CASE("close: the status changes, and what happens again joins the alert or speaks") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  const Hash128 id = store.delivered.at(0).alert_id;
  const auto close_it = [&] {
    return store.pipeline->carry_out(*close_alerts({id}, "the role's sessions were revoked", kNow));
  };
  REQUIRE(close_it().kind == Kind::done);
  const auto alert = find_alert(*store.alerts.read(), id);
  CHECK(alert->state.status == AlertState::Status::closed);
  CHECK_NE(alert->document.find(R"("status":"closed")"), std::string::npos);
  CHECK_NE(alert->document.find("sessions were revoked"), std::string::npos);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 11)}));
  CHECK_EQ(alerts_of(store), 1);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 16)}));
  CHECK_EQ(alerts_of(store), 2);
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, {id}, "", kNow)).kind == Kind::done);
  REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {id, ""}, kNow)).kind == Kind::done);
  CHECK(close_it().kind == Kind::refused);  // it is answered
  CHECK(store.pipeline->carry_out(*close_alerts({{1, 2}}, "", kNow)).kind == Kind::refused);
}

TEST_CASE("false positive: as acknowledged, under another word") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  const Hash128 id = store.delivered.at(0).alert_id;
  Acknowledgement what{id, "a test"};
  what.false_positive = true;
  REQUIRE(store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, what, kNow)).kind == Kind::done);
  CHECK_NE(find_alert(*store.alerts.read(), id)->document.find(R"("status":"false_positive")"), std::string::npos);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 25)}));
  CHECK_EQ(alerts_of(store), 1);
  REQUIRE(store.pipeline->carry_out(*reopen(OperatedStore::kKey, {id}, "", kNow)).kind == Kind::done);
  REQUIRE(store.learn_and_judge({call_of_role("orders", 26)}));
  CHECK_EQ(alerts_of(store), 2);
}

TEST_CASE("acknowledge: an end before the alert's own day is refused, and nothing is written") {
  OperatedStore store;
  REQUIRE(store.learn_and_judge({call_of_role("orders", 10)}));
  const auto alert = find_alert(*store.alerts.read(), store.delivered.at(0).alert_id);
  const Day day = day_of(alert->state.first_seen);
  const auto until = [&](Day last) {
    return store.pipeline->carry_out(*acknowledge(OperatedStore::kKey, {alert->id, "", last}, kNow));
  };
  const ChangeOutcome refused = until(day - 1);
  CHECK(refused.kind == Kind::refused);
  CHECK(refused.refused_as == ChangeRefusal::wrong_value);
  CHECK_NE(refused.sentence.find(format_day(day - 1) + " is before " + format_day(day)), std::string::npos);
  CHECK(store.texts_of(store.alerts, Table::operator_log).empty());
  CHECK(until(day).kind == Kind::done);
}

}  // namespace
}  // namespace straykey
