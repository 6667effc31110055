#pragma once
// Repeat: how often a combination that is known by its candidate was seen again. Alerts count by it; soft state.
//
// Thread: any (a value).
#include <cstdint>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

struct Repeat {
  Hash128 combination;
  std::uint64_t count = 0;
  Seconds last_time = 0;
};

}  // namespace straykey
