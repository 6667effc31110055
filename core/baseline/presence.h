#pragma once
// On which of the last 64 days something was seen.
//
// Shape:  newest day (UTC days since 1970) and one bit for each of the 64 days up to it; bit 0 = newest. days == 0:
//         never seen.
// Order:  seen() and merge() commute, associate and repeat without effect, so facts may arrive twice, late, or from two
//         partitions. A day more than 63 before the newest is forgotten, not an error.
// Thread: any (a value).
#include <cstdint>

#include "core/base/time.h"

namespace straykey {

struct Presence {
  Day newest_day = 0;
  std::uint64_t days = 0;

  bool operator==(const Presence&) const = default;

  // True if that changed anything.
  bool seen(Day day) noexcept;
  void merge(const Presence& other) noexcept;
  // As if it had not been seen on that day.
  void forget(Day day) noexcept;

  // Days seen in [day - window_days, day - 1]: the event's own day never counts. REQUIRES: 1 <= window_days <= 63.
  [[nodiscard]] int days_before(Day day, int window_days) const noexcept;
  [[nodiscard]] bool seen_on(Day day) const noexcept;
};

// The oldest event day that can still be judged beside a newest day: its 30 days of training must lie inside the 64
// bits.
inline constexpr Day kJudgedLateDaysMax = 33;

}  // namespace straykey
