#include "core/event/framing.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/event/json_text.h"

namespace straykey {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

}  // namespace

void TextLine::move_to(std::size_t at) noexcept {
  at_ = at;
  if (at < end_) return;
  end_ = std::min(text_.find('\n', at), text_.size());
  looked_at_ += end_ - at;
  trimmed_end_ = next_begin_ = 0;
  tried = false;
}

std::string_view TextLine::trimmed() noexcept {
  if (trimmed_end_ == 0) {
    trimmed_end_ = text_.substr(0, end_).find_last_not_of(kSpace) + 1;
    looked_at_ += end_ - trimmed_end_;
  }
  return text_.substr(at_, trimmed_end_ - at_);
}

bool TextLine::is_last() noexcept {
  if (next_begin_ == 0) {
    next_begin_ = std::min(text_.find_first_not_of(kSpace, end_), text_.size());
    looked_at_ += next_begin_ - end_;
  }
  return next_begin_ == text_.size();
}

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

bool any_line_starts_with_bracket(std::string_view text, std::uint64_t* bytes_looked_at) noexcept {
  std::size_t at = 0;
  bool found = false;
  for (; at != std::string_view::npos && !found; at = found ? at : text.find('\n', at)) {
    at = text.find_first_not_of(kBetweenValues, at);
    if (at == std::string_view::npos) break;
    found = text[at] == '{' || text[at] == '[' || value_behind_stamp(text.substr(at)) > 0;
  }
  if (bytes_looked_at != nullptr) *bytes_looked_at += std::min(at, text.size());
  return found;
}

bool is_json_scalar(std::string_view text) noexcept {
  constexpr std::size_t kNumberBytesMax = 64;
  if (text == "null" || text == "true" || text == "false") return true;
  if (text.starts_with('"')) {
    const JsonExtent string = scan_json_value(text);
    return string.end == JsonEnd::complete && string.size == text.size();
  }
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.front() < '0' || digits.front() > '9' || text.size() > kNumberBytesMax) return false;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return end == text.data() + text.size() && error != std::errc::invalid_argument;
}

std::size_t records_array_at(std::string_view text) noexcept {
  std::string_view rest = skip_json_space(text.substr(1));
  constexpr std::string_view kName = "\"Records\"";
  if (!rest.starts_with(kName)) return 0;
  rest = skip_json_space(rest.substr(kName.size()));
  if (!rest.starts_with(':')) return 0;
  rest = skip_json_space(rest.substr(1));
  if (!rest.starts_with('[') || skip_json_space(rest.substr(1)).empty()) return 0;
  return text.size() - rest.size();
}

}  // namespace straykey
