#include "core/event/syslog_start.h"

#include <algorithm>

namespace straykey {
namespace {

constexpr std::size_t kMatchedDepth = 64;
constexpr unsigned kPriorityMax = 191;
constexpr std::string_view kCookie = "@cee:";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool ends_line(char c) noexcept {
  return c == '\n' || c == '\0' || c == '\r';
}

bool is_scalar_byte(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

// Where the count begins whose last digit stands before `space`; nothing if there is none.
std::optional<std::size_t> count_before(std::string_view text, std::size_t space) noexcept {
  std::size_t begin = space;
  while (begin > 0 && space - begin < kCountDigitsMax && is_digit(text[begin - 1])) --begin;
  while (begin < space && text[begin] == '0') ++begin;  // of the number that was cut
  return begin == space ? std::nullopt : std::optional(begin);
}

bool closes(char c) noexcept {
  return c == '}' || c == ']';
}

// A message that begins at `at`, or with the count before it.
std::optional<std::size_t> start_at(std::string_view text, std::size_t at, MessagesAre are) noexcept {
  const std::string_view from = text.substr(at);
  const bool has_priority = priority_bytes(from) > 0;
  const bool is_bracket = from.front() == '{' || from.front() == '[';
  const bool has_mark = from.starts_with(kCookie) || from.starts_with(kByteOrderMark);
  if (!has_priority && !is_bracket && !has_mark) return std::nullopt;
  const char before = text[at - 1];
  const bool alone = has_priority || from.front() == '{';
  if ((alone && ends_line(before)) || (has_priority && before == '}' && are == MessagesAre::parted_by_nothing))
    return at;
  if (before != ' ') return std::nullopt;
  const auto count = count_before(text, at - 1);
  if (!count || !is_bracket) return count;
  const bool behind_message = *count > 0 && (ends_line(text[*count - 1]) || closes(text[*count - 1]));
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

bool may_start_message(char first) noexcept {
  return first == '<' || first == '{' || first == '[' || first == '@' || first == kByteOrderMark.front();
}

std::optional<std::size_t> find_message_start(std::string_view text, MessagesAre are, std::size_t first) noexcept {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (!may_start_message(text[at])) continue;
    if (const auto start = start_at(text, at, are); start && *start >= first) return start;
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

void JsonProgress::pass(std::string_view bytes) noexcept {
  for (const char c : bytes) {
    if (state_ != State::open) return;
    if (quoted_)
      take_in_string(c);
    else
      take(c);
    if (state_ != State::broken) ++size_;
  }
}

void JsonProgress::take_in_string(char c) noexcept {
  if (static_cast<unsigned char>(c) < 0x20) {
    state_ = State::broken;
  } else if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    quoted_ = false;
    before_ = 'v';
  }
}

void JsonProgress::take(char c) noexcept {
  bool goes_on = true;
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
  if (c == '"') {
    goes_on = before_ != 'v';
    quoted_ = true;
    if (goes_on) last_string_ = size_;
  } else if (c == '{' || c == '[') {
    goes_on = may_open();
    open(c);
  } else if (closes(c)) {
    goes_on = close(c);
    before_ = 'v';
  } else if (c == ',' || c == ':') {
    before_ = c;
  } else {
    goes_on = is_scalar_byte(c);
    before_ = 'v';
  }
  if (!goes_on) state_ = State::broken;
}

bool JsonProgress::may_open() const noexcept {
  const bool needs_key = depth_ > 0 && in_object() && before_ != ':';
  return before_ != 'v' && !needs_key;
}

void JsonProgress::open(char bracket) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << (depth_ % kMatchedDepth);
  if (depth_ < kMatchedDepth) kinds_ = bracket == '{' ? kinds_ | bit : kinds_ & ~bit;
  ++depth_;
  before_ = bracket;
}

bool JsonProgress::in_object() const noexcept {
  return depth_ <= kMatchedDepth && ((kinds_ >> (depth_ - 1)) & 1) != 0;
}

bool JsonProgress::close(char bracket) noexcept {
  if (depth_ == 0 || (depth_ <= kMatchedDepth && in_object() != (bracket == '}'))) return false;
  if (--depth_ == 0) state_ = State::complete;
  return true;
}

}  // namespace straykey
