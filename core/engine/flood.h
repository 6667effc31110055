#pragma once
// FloodCount: how many alerts an analytic raised for one day, and how many it would have raised beyond the cap.
//
// Shape:  a row of Table::flood. Every suppressed alert is counted.
// Thread: the merger's.
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

struct FloodCount {
  std::uint64_t raised = 0;
  std::uint64_t suppressed = 0;
};

[[nodiscard]] inline std::string flood_key(Analytic analytic, Day day) {
  return ByteWriter().fixed(analytic).fixed(day).bytes();
}

[[nodiscard]] inline std::string encode_flood(const FloodCount& count) {
  return ByteWriter().varint(count.raised).varint(count.suppressed).bytes();
}

// Decodes a row that may not exist yet.
[[nodiscard]] inline FloodCount decode_flood(std::optional<std::string_view> bytes) {
  if (!bytes) return {};
  ByteReader in(*bytes);
  FloodCount count;
  count.raised = in.varint();
  count.suppressed = in.varint();
  return count;
}

// The document that the receiver gets once, instead of the alerts beyond the cap.
[[nodiscard]] inline std::string flood_document(Hash128 id, Analytic analytic, Day day, std::uint64_t alerts_max) {
  return fmt::format(R"({{"id":"{}","analytic":"{}","day":"{}","alerts_max":{},)"
                     R"("title":"{} raised {} alerts for one day; further ones are counted, not sent."}})",
                     id.hex(), name_of(analytic), format_day(day), alerts_max, name_of(analytic), alerts_max);
}

}  // namespace straykey
