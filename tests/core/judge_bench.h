#pragma once
// A judge with facts that a test puts by hand, and calls for it to judge.
//
// Thread: one.
#include "core/engine/judge.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/memory_store.h"
#include "tests/support/calls.h"

namespace straykey {

inline constexpr HashKey kKey{9, 9};
inline constexpr std::string_view kRole = "111122223333/orders", kIdentity = "111122223333/orders/orders-fn";
inline const Day kToday = *parse_day("2024-03-21");

// Facts are put by hand into two partitions; the judge sees their OR.
struct JudgeBench {
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions;
  MemoryAlertStore alerts;
  DetectionSettings detection;

  JudgeBench() {
    partitions.push_back(std::make_unique<MemoryBaselineStore>());
    partitions.push_back(std::make_unique<MemoryBaselineStore>());
    account_since(20);
  }
  void put(Store& store, Table table, const FactRef& ref, const std::vector<int>& days_ago, bool acknowledged = false) {
    Fact fact;
    for (const int ago : days_ago) fact.seen(kToday - static_cast<Day>(ago));
    fact.acknowledged = acknowledged;
    const auto writer = store.write();
    writer->put(table, fact_key(kKey, ref), encode_fact(fact, ref));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  void seen(FactKind kind, std::string_view scope, std::string_view value, const std::vector<int>& days_ago,
            std::size_t partition = 0) {
    put(*partitions[partition], Table::facts, {kind, scope, value}, days_ago);
  }
  void quarantined(FactKind kind, std::string_view scope, std::string_view value, const std::vector<int>& days_ago,
                   bool acknowledged = false) {
    put(alerts, Table::quarantine, {kind, scope, value}, days_ago, acknowledged);
  }
  void account_since(int days) {
    std::vector<int> all;
    for (int ago = 1; ago <= days; ++ago) all.push_back(ago);
    seen(FactKind::account, kTestAccount, "", all);
  }
  Day newest_day = 0;  // on which an account was seen when the call arrived

  Judge::Answer judge(const Candidate& call, std::optional<Day> active_since = {}) {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions) readers.push_back(partition->read());
    const auto reader = alerts.read();
    return Judge(kKey, detection).judge(call, BaselineView(kKey, readers, *reader), {active_since, newest_day});
  }
};

inline Candidate call() {
  Candidate c;
  c.time = Seconds{kToday} * kSecondsPerDay + 3'600;
  c.token = {Family::lambda,
             Proof::in_scope_of,
             "lambda",
             std::string(kTestAccount),
             std::string(kIdentity),
             std::string(kRole),
             "",
             true,
             ""};
  c.recipient_account = kTestAccount;
  c.address_class = SourceClass::external;
  c.address = "198.51.100.7";
  c.network = "AS64511";
  c.prefix_network = "198.51.100.0/24";
  c.tool = "boto3";
  c.tool_kind = ToolKind::sdk;
  return c;
}

inline Candidate cli_call() {
  Candidate c = call();
  c.address_class = SourceClass::aws;
  c.network = c.prefix_network = "";
  c.tool = "aws-cli";
  c.tool_kind = ToolKind::cli;
  c.platform = Platform::linux_os;
  return c;
}

inline std::optional<Variation> only(const Judge::Answer& answer) {
  REQUIRE(answer.judged == Judged::judged);
  if (answer.judgements.empty()) return std::nullopt;
  REQUIRE_EQ(answer.judgements.size(), 1);
  return answer.judgements[0].verdict.variation;
}

}  // namespace straykey
