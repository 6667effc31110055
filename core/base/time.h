#pragma once
// CloudTrail times: whole UTC seconds, days, and their text forms. No locale, no clock.
//
// Units:  Seconds = seconds since 1970-01-01 UTC; Day = Seconds / 86400.
// Bounds: years 2013 (CloudTrail's first) to 2099; anything else is not a time.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

using Seconds = std::int64_t;
using Day = std::uint32_t;

inline constexpr Seconds kSecondsPerDay = 86'400;

[[nodiscard]] constexpr Day day_of(Seconds time) noexcept {
  return static_cast<Day>(time / kSecondsPerDay);
}

// `YYYY-MM-DDTHH:MM:SS[.fraction]Z`; `:60` becomes `:59`; the fraction is dropped. Nothing else is accepted.
[[nodiscard]] std::optional<Seconds> parse_time(std::string_view text) noexcept;

// `YYYY-MM-DD`.
[[nodiscard]] std::optional<Day> parse_day(std::string_view text) noexcept;

// RFC 3339 in UTC: `2026-11-22T03:04:05Z`.
[[nodiscard]] std::string format_time(Seconds time);
// `2026-11-22`.
[[nodiscard]] std::string format_day(Day day);

}  // namespace straykey
