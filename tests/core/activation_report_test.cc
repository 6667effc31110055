#include "core/engine/activation_report.h"
#include "core/engine/baseline_view.h"

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/baseline_view.h"
#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{5, 5};
constexpr Day kDay = 19'803;

struct Bench {
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions;
  MemoryAlertStore alerts;

  Bench() {
    for (int i = 0; i < 2; ++i) partitions.push_back(std::make_unique<MemoryBaselineStore>());
  }
  void used(std::size_t partition, const std::string& identity, const std::string& network,
            const std::vector<Day>& days) {
    Fact fact;
    for (const Day day : days) fact.seen(day);
    const FactRef ref{FactKind::identity_network, identity, network};
    const auto writer = partitions[partition]->write();
    writer->put(Table::facts, fact_key(kKey, ref), encode_fact(fact, ref));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  ActivationReport report() {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions) readers.push_back(partition->read());
    const auto reader = alerts.read();
    return activation_report("111122223333", kDay, 30, BaselineView(kKey, readers, *reader));
  }
};

TEST_CASE("activation report: the account's pairs of earlier days, partitions merged, most days first") {
  Bench bench;
  bench.used(0, "111122223333/orders", "AS64511", {kDay - 1, kDay - 2});
  bench.used(1, "111122223333/orders", "AS64511", {kDay - 2, kDay - 3});
  bench.used(1, "111122223333/billing", "AS64500", {kDay - 5});
  const ActivationReport report = bench.report();
  REQUIRE_EQ(report.pairs.size(), 2);
  CHECK_EQ(report.pairs[0].identity, "111122223333/orders");
  CHECK_EQ(report.pairs[0].days, 3);
  CHECK_EQ(report.pairs[0].first_day, kDay - 3);
  CHECK_EQ(report.pairs[0].last_day, kDay - 1);
  CHECK_EQ(report.pairs[1].network, "AS64500");
}

TEST_CASE("activation report: other accounts, the day itself and days before the window are no part of it") {
  Bench bench;
  bench.used(0, "444455556666/orders", "AS64511", {kDay - 1});
  bench.used(0, "111122223333/today", "AS64511", {kDay});
  bench.used(0, "111122223333/old", "AS64511", {kDay - 31});
  CHECK(bench.report().pairs.empty());
}

TEST_CASE("activation report: its id is the same for the same account and day") {
  Bench bench;
  const Hash128 id = bench.report().id;
  bench.used(0, "111122223333/orders", "AS64511", {kDay - 1});
  CHECK_EQ(bench.report().id, id);
}

TEST_CASE("activation report: the document shows at most 100 pairs and says how many there are") {
  Bench bench;
  for (int i = 0; i < 130; ++i) bench.used(0, "111122223333/role" + std::to_string(i), "AS64511", {kDay - 1});
  const auto document = boost::json::parse(activation_document(bench.report()));
  CHECK_EQ(document.at("pairs").as_array().size(), ActivationReport::kPairsShown);
  CHECK_EQ(document.at("pairs_total").to_number<int>(), 130);
  CHECK_EQ(document.at("account"), "111122223333");
  CHECK_EQ(std::string(document.at("day").as_string()), format_day(kDay));
}

}  // namespace
}  // namespace straykey
