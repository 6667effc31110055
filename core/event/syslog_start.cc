#include "core/event/syslog_start.h"

#include <algorithm>

namespace straykey {
namespace {

constexpr unsigned kPriorityMax = 191;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool ends_line(char c) noexcept {
  return c == '\n' || c == '\0' || c == '\r';
}

// Where the count begins whose last digit stands before `space`; nothing if there is none.
std::optional<std::size_t> count_before(std::string_view text, std::size_t space) noexcept {
  std::size_t begin = space;
  while (begin > 0 && space - begin < kCountDigitsMax && is_digit(text[begin - 1])) --begin;
  if (begin == space || text[begin] == '0') return std::nullopt;
  return begin;
}

// A message that begins with the bracket at `at`, or with the count before it.
std::optional<std::size_t> start_at(std::string_view text, std::size_t at) noexcept {
  const bool has_priority = text[at] == '<' && priority_bytes(text.substr(at)) > 0;
  if (text[at] == '<' && !has_priority) return std::nullopt;
  const char before = text[at - 1];
  if (ends_line(before) || (has_priority && before == '}')) return at;
  if (before != ' ') return std::nullopt;
  const auto count = count_before(text, at - 1);
  if (!count || has_priority) return count;
  const bool behind_message = *count > 0 && (ends_line(text[*count - 1]) || text[*count - 1] == '}');
  return behind_message ? count : std::nullopt;
}

}  // namespace

std::size_t priority_bytes(std::string_view text) noexcept {
  if (!text.starts_with('<')) return 0;
  std::size_t at = 1;
  unsigned value = 0;
  while (at < text.size() && at < 4 && is_digit(text[at])) value = value * 10 + static_cast<unsigned>(text[at++] - '0');
  const bool good = at > 1 && at < text.size() && text[at] == '>' && value <= kPriorityMax;
  return good ? at + 1 : 0;
}

bool may_become_priority(std::string_view text) noexcept {
  if (text.empty()) return true;
  if (text.size() >= kPriorityBytesMax || text.front() != '<') return false;
  return std::all_of(text.begin() + 1, text.end(), is_digit);
}

std::optional<std::size_t> find_message_start(std::string_view text) noexcept {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != '<' && text[at] != '{') continue;
    if (const auto start = start_at(text, at); start && *start > 0) return start;
  }
  return std::nullopt;
}

std::size_t BraceDepth::pass_until_closed(std::string_view bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    pass(bytes.substr(at, 1));
    if (closed()) return at + 1;
  }
  return bytes.size();
}

void BraceDepth::pass(std::string_view bytes) noexcept {
  for (const char c : bytes) {
    if (quoted_) {
      const bool ends = c == '"' && !escaped_;
      escaped_ = c == '\\' && !escaped_;
      quoted_ = !ends;
    } else if (c == '{') {
      ++depth_;
      begun_ = true;
    } else if (depth_ > 0 && c == '}') {
      --depth_;
    } else if (depth_ > 0 && c == '"') {
      quoted_ = true;
    }
  }
}

}  // namespace straykey
