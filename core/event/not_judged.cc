#include "core/event/not_judged.h"

#include <algorithm>

namespace straykey {
namespace {

constexpr std::string_view kBlanks = " \t";

// A glance: NetworkMap reads it exactly, and not for every event.
bool may_be_an_address(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  if (text.find(':') != text.rfind(':')) return text.find_first_not_of(":[]/0") != std::string_view::npos;
  text = text.substr(0, text.find(':'));
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  unsigned first = 0;
  for (const char digit : text.substr(0, std::min<std::size_t>(text.find('.'), 3)))
    first = 10 * first + static_cast<unsigned>(digit - '0');
  constexpr unsigned kMulticast = 224;
  return first > 0 && first < kMulticast && std::count(text.begin(), text.end(), '.') == 3;
}

}  // namespace

bool names_a_place(const Event& event) noexcept {
  const std::string_view address = event.source_ip;
  if (address == "AWS Internal" || address.find(".amazonaws.com") != std::string_view::npos)
    return !event.invoked_by.empty() || event.type != IdentityType::assumed_role;
  for (std::size_t at = 0; at < address.size();) {
    const std::size_t end = std::min(address.find(',', at), address.size());
    if (may_be_an_address(address.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace straykey
