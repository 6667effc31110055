#pragma once
// FloodCount: how many alerts an analytic raised for one day, and how many it would have raised beyond the cap.
//
// Shape:  a row of Table::flood; nothing is suppressed uncounted.
// Thread: the merger's.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

struct FloodCount {
  std::uint64_t raised = 0;
  std::uint64_t suppressed = 0;
};

[[nodiscard]] inline std::string flood_key(Analytic analytic, Day day) {
  return ByteWriter().fixed(analytic).fixed(day).take();
}

[[nodiscard]] inline std::string encode_flood(const FloodCount& count) {
  return ByteWriter().varint(count.raised).varint(count.suppressed).take();
}

// Of a row that may not be there yet.
[[nodiscard]] inline FloodCount decode_flood(std::optional<std::string_view> bytes) {
  if (!bytes) return {};
  ByteReader in(*bytes);
  FloodCount count;
  count.raised = in.varint();
  count.suppressed = in.varint();
  return count;
}

}  // namespace straykey
