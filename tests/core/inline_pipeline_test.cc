#include "core/engine/inline_pipeline.h"

#include "core/engine/activity.h"
#include "core/engine/memory_store.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{3, 4};
constexpr int kKeys = 5'500;  // more than one flush of a shard writes

struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::unique_ptr<NetworkMap> networks = test_networks();
  InlinePipeline pipeline{kKey, 1, detection, {{&partition}, &alerts}, {}, [](Delivery) {}, metrics};

  void learn(const std::vector<Call>& calls) {
    REQUIRE(pipeline.learn(*request_of(calls), *networks) == RequestOutcome::committed);
  }
  std::uint64_t calls_of(const std::string& key) {
    const auto reader = partition.read();
    const auto stored = reader->get(Table::activity, activity_row(kKey, key));
    return stored ? decode_activity(*stored).value().calls : 0;
  }
};

Call call_inside(const std::string& key, const std::string& role) {
  return {.key = key, .role = role, .ip = "192.0.2.10"};
}

std::vector<Call> calls_of_many_keys() {
  std::vector<Call> calls;
  for (int i = 0; i < kKeys; ++i) calls.push_back(call_inside("ASIAMANY" + std::to_string(10'000 + i), "others"));
  return calls;
}

TEST_CASE("inline pipeline: a flush writes the activity of every key") {
  Bench bench;
  bench.learn(calls_of_many_keys());
  REQUIRE(bench.pipeline.flush() == CommitOutcome::committed);
  for (const Call& call : calls_of_many_keys()) REQUIRE_EQ(bench.calls_of(call.key), 1);
}

TEST_CASE("inline pipeline: what waits for judgement finds the activity of its key and of its identity, and no other") {
  Bench bench;
  bench.learn(calls_of_many_keys());
  Call stolen;  // from outside
  bench.learn({call_inside("ASIAORDERS0000000002", "orders"), stolen});
  Call again = call_inside(stolen.key, "orders");
  bench.learn({again, again});
  REQUIRE(bench.pipeline.judge_all() == CommitOutcome::committed);
  CHECK_EQ(bench.calls_of(stolen.key), 3);
  CHECK_EQ(bench.calls_of("ASIAORDERS0000000002"), 1);
  CHECK_EQ(bench.calls_of("ASIAMANY10000"), 0);
}

}  // namespace
}  // namespace straykey
