#include "core/baseline/presence.h"

#include <bit>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::uint64_t shifted(std::uint64_t bits, Day by) noexcept {
  return by >= 64 ? 0 : bits << by;
}

}  // namespace

bool Presence::seen(Day day) noexcept {
  const Presence before = *this;
  merge({day, 1});
  return *this != before;
}

void Presence::merge(const Presence& other) noexcept {
  if (other.days == 0) return;
  if (days == 0) {
    *this = other;
  } else if (other.newest_day > newest_day) {
    days = other.days | shifted(days, other.newest_day - newest_day);
    newest_day = other.newest_day;
  } else {
    days |= shifted(other.days, newest_day - other.newest_day);
  }
}

void Presence::forget(Day day) noexcept {
  if (!seen_on(day)) return;
  days &= ~(std::uint64_t{1} << (newest_day - day));
  if (days == 0) {
    newest_day = 0;
    return;
  }
  const int skipped = std::countr_zero(days);
  days >>= skipped;
  newest_day -= static_cast<Day>(skipped);
}

int Presence::days_before(Day day, int window_days) const noexcept {
  INVARIANT(window_days >= 1 && window_days <= 63, window_days);
  // Bit i is day newest - i; wanted are days [day - window, day - 1], that is bits [newest - day + 1, newest - day +
  // window].
  const std::int64_t first_bit = static_cast<std::int64_t>(newest_day) - day + 1;
  const std::int64_t last_bit = static_cast<std::int64_t>(newest_day) - day + window_days;
  if (last_bit < 0 || first_bit > 63) return 0;
  const std::uint64_t from = first_bit <= 0 ? ~0ull : ~0ull << first_bit;
  const std::uint64_t to = last_bit >= 63 ? ~0ull : (1ull << (last_bit + 1)) - 1;
  return std::popcount(days & from & to);
}

bool Presence::seen_on(Day day) const noexcept {
  if (day > newest_day || newest_day - day > 63) return false;
  return (days >> (newest_day - day) & 1) != 0;
}

}  // namespace straykey
