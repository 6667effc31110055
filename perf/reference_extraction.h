#pragma once
// The yardstick for parsing: simdjson's On-Demand in one pass and in document order, over the members that an Event
// takes. It validates only what it reads, and keeps nothing.
//
// Thread: one at a time.
#include <cstddef>
#include <string_view>

namespace straykey {

struct Extracted {
  std::size_t records = 0;
  std::size_t text_bytes = 0;  // of all texts taken, so that none can be optimised away
};

// REQUIRES: {"Records":[...]} of correct records; simdjson's padding behind it.
[[nodiscard]] Extracted extract_by_reference(std::string_view body);

}  // namespace straykey
