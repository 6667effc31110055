#include "core/engine/investigation.h"

#include <memory>
#include <string>
#include <vector>

#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{5, 5};
constexpr Day kDay = 19'803;

struct Bench {
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions;
  MemoryAlertStore alerts;
  Candidate call;

  Bench() {
    for (int i = 0; i < 2; ++i) partitions.push_back(std::make_unique<MemoryBaselineStore>());
    call.time = Seconds{kDay} * kSecondsPerDay;
    call.access_key = "ASIAKEY";
    call.token.identity = "111122223333/orders/fn";
    call.token.role_identity = "111122223333/orders";
  }
  void put(std::size_t partition, Table table, const std::string& key, const std::string& value) {
    const auto writer = partitions[partition]->write();
    writer->put(table, key, value);
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  void did(std::size_t partition, const std::string& row, const std::vector<std::string>& apis) {
    Activity activity;
    for (const std::string& api : apis) {
      Event event;
      event.time = 100;
      event.event_name = api;
      event.event_source = "s3.amazonaws.com";
      event.source_ip = event.user_agent_text = api;
      activity.count(event);
    }
    put(partition, Table::activity, row, encode_activity(activity));
  }
  void assumed(FactKind kind, const std::string& by, Day day) {
    Fact fact;
    fact.seen(day);
    const FactRef ref{kind, call.token.role_identity, by};
    put(0, Table::facts, fact_key(kKey, ref), encode_fact(fact, ref));
  }
  Alert investigated() {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions) readers.push_back(partition->read());
    const auto reader = alerts.read();
    Alert alert;
    alert.call = call;
    investigate(alert, BaselineView(kKey, readers, *reader), 30);
    return alert;
  }
};

TEST_CASE("investigation: the key's calls and the identity's are told apart, most called first") {
  Bench bench;
  bench.did(0, activity_row(kKey, "ASIAKEY"), {"GetObject", "ListBuckets", "ListBuckets"});
  bench.did(0, identity_activity_row(kKey, "111122223333/orders/fn"), {"PutItem"});
  const Alert alert = bench.investigated();
  CHECK_EQ(alert.key_calls.calls, 3);
  REQUIRE_EQ(alert.key_calls.apis.size(), 2);
  CHECK_EQ(alert.key_calls.apis[0].api, "s3:ListBuckets");
  CHECK_EQ(alert.key_calls.apis[0].count, 2);
  CHECK_EQ(alert.key_calls.sources[0].text, "ListBuckets");
  CHECK_EQ(alert.identity_calls.apis.at(0).api, "s3:PutItem");
}

TEST_CASE("investigation: what two partitions saw of an identity is added up") {
  Bench bench;
  const std::string row = identity_activity_row(kKey, "111122223333/orders/fn");
  bench.did(0, row, {"PutItem"});
  bench.did(1, row, {"PutItem", "Query"});
  const Alert alert = bench.investigated();
  CHECK_EQ(alert.identity_calls.calls, 3);
  CHECK_EQ(alert.identity_calls.apis.at(0).count, 2);
}

TEST_CASE("investigation: lists are bounded and what is left out is counted") {
  Bench bench;
  std::vector<std::string> apis;
  for (int i = 0; i < 40; ++i) apis.push_back("Api" + std::to_string(i));
  bench.did(0, activity_row(kKey, "ASIAKEY"), apis);
  const Alert alert = bench.investigated();
  CHECK_EQ(alert.key_calls.apis.size(), kApisShown);
  CHECK_EQ(alert.key_calls.other_calls, 40 - kApisShown);
  CHECK_LE(alert.key_calls.sources.size(), kSourcesShown);
  CHECK_LE(alert.key_calls.agents.size(), kAgentsShown);
}

TEST_CASE("investigation: who assumed the role in the window, the event's day included, and nobody from before") {
  Bench bench;
  bench.assumed(FactKind::role_service, "lambda", kDay);
  bench.assumed(FactKind::role_principal, "arn:aws:iam::111122223333:user/eve", kDay - 29);
  bench.assumed(FactKind::role_principal, "arn:aws:iam::111122223333:user/old", kDay - 30);
  const Alert alert = bench.investigated();
  REQUIRE_EQ(alert.role_assumed_by.size(), 2);
  CHECK_EQ(alert.role_assumed_by[0].by, "lambda");
  CHECK_EQ(alert.role_assumed_by[1].by, "arn:aws:iam::111122223333:user/eve");
  for (int i = 0; i < 30; ++i) bench.assumed(FactKind::role_principal, "p" + std::to_string(i), kDay);
  CHECK_EQ(bench.investigated().role_assumed_by.size(), kAssumptionsShown);
}

TEST_CASE("investigation: nothing known is an empty answer") {
  Bench bench;
  const Alert alert = bench.investigated();
  CHECK_EQ(alert.key_calls.calls, 0);
  CHECK(alert.role_assumed_by.empty());
}

}  // namespace
}  // namespace straykey
