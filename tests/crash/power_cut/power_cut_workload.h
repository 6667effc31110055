#pragma once
// The workload of a power cut run: the pipeline with its real threads on a data directory, an endpoint that fails some
// posts, a restart with one more shard in the middle; under the recorder, with a mark for every promise made.
//
// Shape:  marks: "acked <request>", "posted <alert> <hash of the body>", "taken <alert>". At the end the alerts that it
//         raised are written to a file: "<alert> <analytic> <identity>" a line.
// Thread: one; the pipeline has its own.
#include <string>

#include "tests/crash/power_cut/power_cut_story.h"

namespace straykey {

inline constexpr HashKey kPowerCutHashKey{0x5eed, 0xcafe};
inline constexpr std::uint64_t kPowerCutMapBytes = std::uint64_t{16} << 20;
inline constexpr const char* kPowerCutEndpoint = "siem";

// Returns the exit code.
int run_power_cut_workload(const PowerCutStory& story, const std::string& directory, unsigned shards,
                           const std::string& alerts_file);

}  // namespace straykey
