// What of an engine may change while it runs.
#include <string>
#include <vector>

#include "tests/core/engine_bench.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("engine: detection and routes that change while it runs hold for what is judged and told from then on") {
  Bench bench;
  const auto raise = [&bench](const std::string& role) {
    Issue issue{.role = role, .session = role, .issued_key = "ASIA" + role};
    REQUIRE(bench.submit(issue) == SubmitResult::accepted);
    REQUIRE(bench.submit({call_of(role)}) == SubmitResult::accepted);
    bench.settle();
    bench.merge_all();
  };
  raise("a");
  REQUIRE_EQ(bench.alerts_raised(), 1);
  REQUIRE_EQ(bench.delivered.size(), 1);

  DetectionSettings few = bench.detection;
  few.flood_max = 1;
  bench.engine->use_detection(few);
  raise("b");
  CHECK_EQ(bench.alerts_raised(), 1);  // one is as many as that day may have
  bench.engine->use_detection(bench.detection);
  bench.engine->use_routes({{"other", Severity::informational, {}, {}}});
  bench.delivered.clear();
  raise("c");
  CHECK_EQ(bench.alerts_raised(), 2);
  REQUIRE_EQ(bench.delivered.size(), 1);
  CHECK_EQ(bench.delivered[0].endpoint, "other");
}

TEST_CASE("engine: a limit of queued bytes that changes holds for the next request") {
  Bench bench;
  REQUIRE(bench.submit({call_of("a")}) == SubmitResult::accepted);
  bench.engine->queue_at_most(1);
  CHECK(bench.submit({call_of("b")}) == SubmitResult::overloaded);
  CHECK_EQ(bench.engine->not_ready(), std::vector<std::string>{"queues"});
  bench.engine->queue_at_most(1 << 20);
  CHECK(bench.submit({call_of("b")}) == SubmitResult::accepted);
}

}  // namespace
}  // namespace straykey
