#pragma once
// OperatedStore: two partitions and an alert store in memory, taught and judged inline, for the tests of core/operate.
//
// Thread: one.
#include <memory>
#include <string>
#include <vector>

#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/engine/route.h"
#include "core/operate/stores.h"
#include "tests/support/calls.h"

namespace straykey {

struct OperatedStore {
  static constexpr HashKey kKey{3, 4};

  DetectionSettings detection;
  MemoryBaselineStore partitions[2];
  MemoryAlertStore alerts;
  Metrics metrics;
  std::vector<Delivery> delivered;
  std::shared_ptr<const NetworkMap> networks = test_networks();
  std::unique_ptr<InlinePipeline> pipeline;

  OperatedStore() {
    detection.activation_days = 0;
    pipeline = std::make_unique<InlinePipeline>(
        kKey, 2u, detection, InlinePipeline::Stores{{&partitions[0], &partitions[1]}, &alerts},
        std::vector<WebhookRoute>{{"siem", Severity::informational, {}, {}},
                                  {"pager", Severity::informational, {}, {}}},
        [this](Delivery delivery) { delivered.push_back(std::move(delivery)); }, metrics);
  }
  [[nodiscard]] OperatorStores stores() { return {kKey, {&partitions[0], &partitions[1]}, &alerts}; }
  // Learns the calls, judges them and writes soft state. True if all of it was committed.
  bool learn_and_judge(const std::vector<Call>& calls) {
    const auto request = request_of(calls);
    sign(*request, kKey);
    return pipeline->learn(*request, *networks) == RequestOutcome::committed &&
           pipeline->judge(*request) == CommitOutcome::committed && pipeline->flush() == CommitOutcome::committed;
  }
  std::vector<std::string> texts_of(Store& store, Table table) {
    std::vector<std::string> found;
    store.read()->scan(table, {}, {}, [&](std::string_view, std::string_view value) {
      found.emplace_back(value);
      return true;
    });
    return found;
  }
};

// A call of a role's function with a key of its own, so that different roles lie in different partitions.
[[nodiscard]] inline Call call_of_role(const std::string& role, int day = 10) {
  return {.at = march(day),
          .id = role + std::to_string(day),
          .key = "ASIA" + role + "0001",
          .role = role,
          .session = role + "-fn"};
}

}  // namespace straykey
