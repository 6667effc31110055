// Parsing of AS numbers.
#include "tools/networks/as_number.h"

#include <charconv>
#include <system_error>

namespace straykey {

std::optional<AsNumber> parse_as_number(std::string_view text) noexcept {
  if (text.empty() || text == "-" || text == "null" || text == "NULL") return AsNumber{};
  if (text.size() > 2 && (text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
    text.remove_prefix(2);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() != ' ') return std::nullopt;
  const std::size_t name = text.find_first_not_of(' ');
  return AsNumber{number, name == std::string_view::npos ? std::string_view() : text.substr(name)};
}

}  // namespace straykey
