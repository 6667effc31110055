#include "core/event/record_time.h"

#include <algorithm>
#include <array>

namespace straykey {

std::optional<Seconds> parse_record_time(std::string_view text) noexcept {
  if (const auto time = parse_time(text)) return time;
  constexpr std::size_t kDayAndTimeBytes = 19;
  std::array<char, 40> usual;
  for (const std::string_view zone : {"Z", "+00:00", "+0000", "+00", "-00:00", " UTC"}) {
    if (text.ends_with(zone)) {
      text.remove_suffix(zone.size());
      break;
    }
  }
  if (text.size() < kDayAndTimeBytes || text.size() + 1 > usual.size()) return std::nullopt;
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  *std::copy(text.begin(), text.end(), usual.begin()) = 'Z';
  usual[10] = 'T';
  return parse_time({usual.data(), text.size() + 1});
}

}  // namespace straykey
