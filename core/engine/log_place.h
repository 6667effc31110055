#pragma once
// LogPlace: how far a store has followed which log of [standby] (core/engine/alert_log).
//
// Shape:  the row `log` of Table::progress (storage/FORMAT.md).
// Thread: any (a value).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

struct LogPlace {
  Hash128 log = {};        // zero: none
  std::uint64_t next = 0;  // what comes from here on is not in the store
  Seconds at = 0;          // when that was
  bool complete = false;   // the log held all that a new standby needs
  bool is_ours = false;    // this node began the log
  bool wiping = false;     // rows of before are being erased

  bool operator==(const LogPlace&) const = default;
};
inline constexpr std::string_view kLogPlaceKey = "log";
[[nodiscard]] std::string encode_log_place(const LogPlace& place);
[[nodiscard]] std::optional<LogPlace> decode_log_place(std::string_view bytes);

}  // namespace straykey
