#include "core/event/framing.h"

#include "core/event/json_text.h"

namespace straykey {

std::size_t value_behind_stamp(std::string_view line) noexcept {
  constexpr std::size_t kStampBytesMax = 640;  // a time, and a log stream's name of at most 512
  if (line.empty() || line.front() < '0' || line.front() > '9') return 0;
  line = line.substr(0, kStampBytesMax);
  const std::size_t at = line.find_first_of("{\"\n");
  const bool parted = at != std::string_view::npos && line[at] == '{' && (line[at - 1] == ' ' || line[at - 1] == '\t');
  return parted ? at : 0;
}

std::size_t next_line_with_value(std::string_view text) noexcept {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1);
    if (line.starts_with('{') || line.starts_with('[') || value_behind_stamp(line) > 0) return at + 1;
  }
  return text.size();
}

bool any_line_starts_with_bracket(std::string_view text) noexcept {
  for (std::size_t at = 0; at != std::string_view::npos; at = text.find('\n', at)) {
    at = text.find_first_not_of(kBetweenValues, at);
    if (at == std::string_view::npos) return false;
    if (text[at] == '{' || text[at] == '[' || value_behind_stamp(text.substr(at)) > 0) return true;
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
