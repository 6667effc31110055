#pragma once
// Runs one scenario through the real engine: records -> RecordParser -> InlinePipeline with memory stores -> alerts.
//
// Shape:  each events step is one request a day, learned and then judged, in the order of the file.
// Thread: one.
// Errors: failures, each as "file:line: what was expected, what came instead".
#include <cstdint>
#include <string>
#include <vector>

#include "tests/scenarios/scenario_file.h"

namespace straykey {

// The failures of the scenario on an engine of `shards` shards; empty: all as expected.
[[nodiscard]] std::vector<std::string> run_scenario(const Scenario& scenario, std::uint32_t shards);

}  // namespace straykey
