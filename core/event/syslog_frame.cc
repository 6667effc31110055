#include "core/event/syslog_frame.h"

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "core/base/uncleared.h"
#include "core/event/text_arena.h"

namespace straykey {
namespace {

// 2^64 has 20 digits; longer runs of them are text.
constexpr std::size_t kDigitsMax = 20;
// What is shown of a message that is too large.
constexpr std::size_t kBeginningBytes = 128;

bool is_delimiter(char c) noexcept {
  return c == '\n' || c == '\0';
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool may_start_message(char c) noexcept {
  return c == '<' || c == '{' || c == '[' || c == '@' || c == '\xef';
}

std::string_view without_ending(std::string_view text) noexcept {
  while (!text.empty() && (is_delimiter(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::span<char> SyslogFramer::prepare(std::size_t text_bytes) {
  INVARIANT(!crowded());
  if (begin_ == 0) {  // the text may move
    const bool too_big = end_ == 0 && text_.capacity() > 2 * std::max(text_bytes, read_bytes_);
    if (too_big) std::string().swap(text_);
    // A string at least doubles when it grows, which keeps the copying linear in the bytes.
    if (room() < read_bytes_ / 2) text_.reserve(std::max(text_bytes, end_ + read_bytes_) + kJsonPadding);
  }
  const std::size_t bytes = std::min(room(), read_bytes_);
  resize_uncleared(text_, end_ + bytes + kJsonPadding);
  return {text_.data() + end_, bytes};
}

std::size_t SyslogFramer::room() const noexcept {
  const std::size_t used = end_ + kJsonPadding;
  return text_.capacity() < used ? 0 : text_.capacity() - used;
}

bool SyslogFramer::crowded() const noexcept {
  return begin_ > 0 && room() < read_bytes_ / 2;
}

void SyslogFramer::commit(std::size_t bytes) {
  INVARIANT(end_ + bytes + kJsonPadding <= text_.size(), end_, bytes, text_.size());
  const bool filled = end_ + bytes + kJsonPadding == text_.size();
  end_ += bytes;
  if (filled)
    read_bytes_ = std::min(2 * read_bytes_, kReadBytesMax);
  else if (bytes < read_bytes_ / 4)
    read_bytes_ = std::max(read_bytes_ / 2, kReadBytesMin);
}

std::string SyslogFramer::release() {
  if (begin_ == 0) return {};
  const std::string_view left = held();
  std::string next;
  next.reserve(left.size() + kJsonPadding);
  next = left;
  std::string taken = std::exchange(text_, std::move(next));
  taken.resize(begin_);
  end_ = left.size();
  begin_ = 0;
  return taken;
}

std::optional<SyslogFrame> SyslogFramer::next() {
  if (out_of_step_) begin_ = end_;
  if (!skip_rest()) return std::nullopt;
  // A delimiter before a message ends nothing: a count does not have to include it, and senders repeat it.
  while (begin_ < end_ && scanned_ == 0 && (is_delimiter(text_[begin_]) || text_[begin_] == '\r')) ++begin_;
  if (begin_ == end_) return std::nullopt;
  if (scanned_ > 0) return next_line();
  const Count count = read_count();
  if (count.kind == Count::Kind::undecided && !ended_) return std::nullopt;
  if (count.kind == Count::Kind::counted) return next_counted(count);
  return next_line();
}

bool SyslogFramer::skip_rest() {
  const auto skipped = std::min<std::uint64_t>(skip_bytes_, end_ - begin_);
  skip_bytes_ -= skipped;
  begin_ += static_cast<std::size_t>(skipped);
  while (skip_line_ && begin_ < end_) skip_line_ = !is_delimiter(text_[begin_++]);
  return begin_ < end_;
}

SyslogFramer::Count SyslogFramer::read_count() const noexcept {
  const std::string_view text = held();
  Count count;
  if (text.front() < '1' || text.front() > '9') return count;
  while (count.digits < text.size() && is_digit(text[count.digits])) {
    if (count.digits == kDigitsMax) return count;
    // Ten times kSkipBytesMax cannot overflow, and is as good as any larger count.
    const auto digit = static_cast<std::uint64_t>(text[count.digits] - '0');
    const std::uint64_t so_far = std::min(count.value, kSkipBytesMax + 1);
    count.value = so_far * 10 + digit;
    ++count.digits;
  }
  const std::string_view behind = text.substr(count.digits);
  if (behind.empty() || (behind.size() == 1 && behind.front() == ' ' && !counted_before_)) {
    count.kind = Count::Kind::undecided;
  } else if (behind.front() == ' ' && (counted_before_ || may_start_message(behind[1]))) {
    count.kind = Count::Kind::counted;
  }
  return count;
}

std::optional<SyslogFrame> SyslogFramer::next_counted(const Count& count) {
  const std::size_t prefix = count.digits + 1;
  const std::size_t arrived = end_ - begin_ - prefix;
  counted_before_ = true;
  if (count.value > kSkipBytesMax) {
    out_of_step_ = true;
    return take(prefix, 0, SyslogFrame::Fault::out_of_step);
  }
  if (count.value > message_bytes_max_) {
    const std::size_t beginning = std::min(kBeginningBytes, message_bytes_max_);
    if (arrived < beginning && !ended_) return std::nullopt;
    const std::size_t there = std::min(beginning, arrived);
    skip_bytes_ = count.value - there;
    return take(prefix, there, SyslogFrame::Fault::too_large);
  }
  const auto size = static_cast<std::size_t>(count.value);
  if (arrived >= size) return take(prefix, size, SyslogFrame::Fault::none);
  if (!ended_) return std::nullopt;
  return take(prefix, arrived, SyslogFrame::Fault::cut_off);
}

std::optional<SyslogFrame> SyslogFramer::next_line() {
  const std::string_view text = held();
  while (scanned_ < text.size() && !is_delimiter(text[scanned_])) ++scanned_;
  const std::size_t size = scanned_;
  const bool whole = size < text.size();
  if (size > message_bytes_max_) {
    skip_line_ = true;
    return take(0, std::min(kBeginningBytes, message_bytes_max_), SyslogFrame::Fault::too_large);
  }
  if (whole) return take(0, size, SyslogFrame::Fault::none);
  if (ended_) return take(0, size, SyslogFrame::Fault::cut_off);
  return std::nullopt;
}

SyslogFrame SyslogFramer::take(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault) {
  const SyslogFrame frame{without_ending(held().substr(prefix, size)), fault};
  begin_ += prefix + size;
  scanned_ = 0;
  return frame;
}

}  // namespace straykey
