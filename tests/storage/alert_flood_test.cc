// A flood of alerts that nobody answers meets a small store: judging goes on, and the newest alerts are there.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "storage/lmdb_store.h"
#include "tests/support/calls.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::uint64_t kMapBytes = 12u << 20;
constexpr int kRoles = 160, kDays = 28;  // of March
constexpr std::uint64_t kAlerts = std::uint64_t{kRoles} * kDays;

TEST_CASE("alert flood: in a store that is too small for it, alerts give way and every call is judged") {
  const TemporaryDirectory directory;
  auto opened = LmdbAlertStore::open({.directory = directory.path(), .map_bytes = kMapBytes, .disk_free_bytes_min = 0});
  REQUIRE(opened.ok());
  const std::unique_ptr<LmdbAlertStore> alerts = std::move(opened).value();
  MemoryBaselineStore partition;
  Metrics metrics;
  DetectionSettings detection;
  detection.activation_days = 0;
  const auto networks = test_networks();
  InlinePipeline engine(
      HashKey{5, 6}, 1, detection, InlinePipeline::Stores{{&partition}, alerts.get()}, {}, [](Delivery) {}, metrics);
  for (int day = 1; day <= kDays; ++day) {
    for (int first = 0; first < kRoles; first += 20) {
      std::vector<Call> calls(20);
      for (int i = 0; i < 20; ++i) {
        Call& call = calls[static_cast<std::size_t>(i)];
        call.role = "role" + std::to_string(day * kRoles + first + i);
        call.at = march(day);
        call.id = call.role;
        call.key = "ASIA" + call.role;
      }
      const auto request = request_of(calls);
      REQUIRE(engine.learn(*request, *networks) == RequestOutcome::committed);
      REQUIRE(engine.judge(*request) == CommitOutcome::committed);
    }
  }
  const auto count = [&](const char* name, std::vector<Label> labels) {
    return metrics.counter(name, "", labels).value();
  };
  CHECK_EQ(count("straykey_candidates_judged_total", {{"result", "judged"}}), kAlerts);
  const std::uint64_t left = count("straykey_alerts_left_total", {{"reason", "room"}}),
                      capped = count("straykey_alerts_suppressed_total", {{"reason", "cap"}});
  CHECK(left > 0);
  CHECK(alerts->fullness() <= 1);
  const std::uint64_t stored = alerts->read()->rows(Table::alerts_by_time);
  CHECK_EQ(stored + left + capped, kAlerts);
  CHECK(stored >= 4 * kRoles);  // those of the last days, whose windows are open
}

}  // namespace
}  // namespace straykey
