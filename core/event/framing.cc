#include "core/event/framing.h"

#include "core/event/json_text.h"

namespace straykey {

std::size_t next_line_with_value(std::string_view text) noexcept {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    if (at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '[')) return at + 1;
  return text.size();
}

bool any_line_starts_with_bracket(std::string_view text) noexcept {
  for (std::size_t at = 0; at != std::string_view::npos; at = text.find('\n', at)) {
    at = text.find_first_not_of(kBetweenValues, at);
    if (at == std::string_view::npos) return false;
    if (text[at] == '{' || text[at] == '[') return true;
  }
  return false;
}

std::size_t records_array_at(std::string_view text) noexcept {
  std::string_view rest = skip_json_space(text.substr(1));
  constexpr std::string_view kName = "\"Records\"";
  if (!rest.starts_with(kName)) return 0;
  rest = skip_json_space(rest.substr(kName.size()));
  if (!rest.starts_with(':')) return 0;
  rest = skip_json_space(rest.substr(1));
  if (!rest.starts_with('[') || skip_json_space(rest.substr(1)).empty()) return 0;
  return trim_json(text).find('\n') == std::string_view::npos ? text.size() - rest.size() : 0;
}

}  // namespace straykey
