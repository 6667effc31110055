#include "core/location/range_list.h"

#include <algorithm>
#include <string>

#include "core/base/invariant.h"

namespace straykey {
namespace {

// The whole text of the prefix whose first groups are `head`.
std::string whole_prefix(std::string_view head, std::string_view rest) {
  constexpr std::ptrdiff_t kV4Dots = 3, kV6Colons = 7;
  const bool v6 = head.find(':') != std::string_view::npos;
  const std::size_t slash = rest.find('/');
  std::string text(head);
  text.append(v6 ? ":" : ".").append(rest.substr(0, slash));
  if (v6) {
    if (std::count(text.begin(), text.end(), ':') < kV6Colons) text += "::";
  } else {
    for (auto dots = std::count(text.begin(), text.end(), '.'); dots < kV4Dots; ++dots) text += ".0";
  }
  return text.append(rest.substr(slash));
}

}  // namespace

std::vector<Prefix> read_range_list(std::string_view text) {
  constexpr std::string_view kBetween = " \n";
  std::vector<Prefix> prefixes;
  std::string_view head;
  for (std::size_t begin = text.find_first_not_of(kBetween); begin < text.size();
       begin = text.find_first_not_of(kBetween, begin)) {
    const std::size_t end = std::min(text.find_first_of(kBetween, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    begin = end;
    if (word.find('/') == std::string_view::npos) {
      head = word;
      continue;
    }
    const auto prefix = parse_prefix(whole_prefix(head, word));
    INVARIANT(prefix.has_value(), head, word);
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

}  // namespace straykey
