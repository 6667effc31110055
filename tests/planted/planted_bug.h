#pragma once
// planted(): whether the bug of that name is in this run. Every file of the patched copy includes this one.
//
// Shape:  `if (planted("dirty_ack")) ...` in a patch of this folder, whose name is the bug's. The environment variable
//         STRAYKEY_PLANTED_BUG chooses it, or a harness by plant_bug().
// Thread: chosen before any other thread exists.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/engine/request.h"

namespace straykey {

inline constexpr std::string_view kPlantedBugs[] = {
#include "planted_names.inc"
};

inline std::string_view planted_bug;

// False: there is no such bug. "none" plants none.
inline bool plant_bug(std::string_view name) {
  planted_bug = name;
  return name == "none" || std::find(std::begin(kPlantedBugs), std::end(kPlantedBugs), name) != std::end(kPlantedBugs);
}

[[nodiscard]] inline bool planted(std::string_view name) noexcept {
  return planted_bug == name;
}

// What several of them do: the sender hears 200 whatever the commit will say.
inline void reply_too_early(Request& request) {
  if (request.shards_to_finish.load() == 1 && request.on_done)
    std::exchange(request.on_done, nullptr)(RequestOutcome::committed);
}

namespace planted_from_environment {
inline const bool done = [] {
  const char* name = std::getenv("STRAYKEY_PLANTED_BUG");
  if (name == nullptr) return false;
  if (plant_bug(name)) return true;
  std::fprintf(stderr, "STRAYKEY_PLANTED_BUG: there is no bug of this name\n");
  std::exit(2);
}();
}  // namespace planted_from_environment

}  // namespace straykey
