#include "core/event/syslog_frame.h"

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "core/base/uncleared.h"
#include "core/event/json_text.h"
#include "core/event/text_arena.h"

namespace straykey {
namespace {

// 2^64 has 20 digits; longer runs of them are text.
constexpr std::size_t kDigitsMax = 20;
// What is shown of a message that is too large.
constexpr std::size_t kBeginningBytes = 128;
// So much of a line is looked through at once, so that what stands behind its end is not.
constexpr std::size_t kPieceBytes = 256;

bool is_delimiter(char c) noexcept {
  return c == '\n' || c == '\0';
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool may_start_message(char c) noexcept {
  return c == '<' || c == '{' || c == '[' || c == '@' || c == '\xef';
}

// Up to the first LF or NUL; all of it if there is none.
std::string_view before_delimiter(std::string_view text) noexcept {
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find('\0'));
}

bool is_whole_json(std::string_view text) noexcept {
  const JsonExtent extent = scan_json_value(text);
  return extent.end == JsonEnd::complete && trim_json(text.substr(extent.size)).empty();
}

// It looks as if a JSON text that began in the message does not end in it. A guess, and cheap.
bool leaves_json_open(std::string_view message) noexcept {
  if (message.empty() || message.back() == '}' || message.back() == ']') return false;
  return message.find('{') != std::string_view::npos;
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
  if (std::exchange(count_was_wrong_, false)) return take(0, 0, SyslogFrame::Fault::bad_count);
  if (skip_ != Skip::nothing) {
    skip_ = Skip::nothing;
    out_of_step_ = true;
    return take(0, 0, SyslogFrame::Fault::out_of_step);
  }
  if (scanned_ > 0) return next_line();
  // A delimiter before a message ends nothing: a count does not have to include it, and senders repeat it.
  while (begin_ < end_ && (is_delimiter(text_[begin_]) || text_[begin_] == '\r')) {
    ++begin_;
    delimiters_seen_ = true;
    json_open_ = false;
  }
  if (begin_ == end_) return std::nullopt;
  Count count = read_count(held());
  if (count.kind == Count::Kind::counted) count.kind = look_behind_count(count);
  if (count.kind == Count::Kind::undecided && !ended_) return std::nullopt;
  if (count.kind == Count::Kind::counted) return next_counted(count);
  const bool in_step =
      !after_counted_ || count.kind == Count::Kind::undecided || (!json_open_ && may_start_message(held().front()));
  if (in_step) return next_line();
  skip_ = Skip::to_start;
  return take(0, 0, SyslogFrame::Fault::bad_count);
}

bool SyslogFramer::skip_rest() {
  if (skip_ == Skip::nothing) return true;
  const bool counted = skip_ == Skip::counted;
  std::string_view text = held();
  if (counted) text = text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(skip_bytes_, text.size())));
  const std::uint64_t sought_max = 2 * message_bytes_max_;
  if (skip_ == Skip::to_start) text = text.substr(0, static_cast<std::size_t>(sought_max - skip_bytes_ + 1));
  const bool gave_up = skip_ == Skip::to_start && skip_bytes_ + text.size() > sought_max;
  const std::string_view line = skip_ == Skip::line ? before_delimiter(text) : text;
  const bool line_ends = line.size() < text.size();
  const std::optional<std::size_t> start = find_message_start(line);
  // What may be the beginning of a message whose rest has not come stays.
  const bool all = line_ends || ended_ || (counted && skip_bytes_ == text.size());
  const std::size_t passed =
      start.value_or(all ? line.size() : line.size() - std::min(line.size(), kMessageStartContext));
  begin_ += passed;
  skip_bytes_ = counted ? skip_bytes_ - passed : skip_bytes_ + passed;
  const bool over = start || line_ends || (counted && skip_bytes_ == 0);
  if (!over) return gave_up;
  count_was_wrong_ = counted && start;
  skip_ = Skip::nothing;
  skip_bytes_ = 0;
  return true;
}

SyslogFramer::Count SyslogFramer::read_count(std::string_view text) const noexcept {
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
  const bool anything = counted_before_ && !json_open_;
  if (behind.empty() || (behind.size() == 1 && behind.front() == ' ' && !anything)) {
    count.kind = Count::Kind::undecided;
  } else if (behind.front() == ' ' && (anything || may_start_message(behind[1]))) {
    count.kind = Count::Kind::counted;
  }
  return count;
}

// Senders number their lines: `17 {record}`. Such a number ends in the middle of the record or beyond its line.
SyslogFramer::Count::Kind SyslogFramer::look_behind_count(const Count& count) {
  const std::string_view message = held().substr(count.digits + 1);
  const bool decided = counted_before_ || looked_at_ == std::string_view::npos;
  if (decided || message.empty() || message.front() != '{') return Count::Kind::counted;
  const auto numbered = [this] {
    numbered_ = true;
    return Count::Kind::line;
  };
  if (numbered_ || count.value > kSkipBytesMax) return numbered();
  const auto size = static_cast<std::size_t>(count.value);
  const std::size_t window = std::min(size, message_bytes_max_ + 1);
  const std::size_t line_end = message.substr(0, window).find('\n', looked_at_);
  looked_at_ = std::min(message.size(), window);
  if (line_end != std::string_view::npos) {
    looked_at_ = std::string_view::npos;
    const bool beyond = line_end + 1 < size && is_whole_json(message.substr(0, line_end));
    return beyond ? numbered() : Count::Kind::counted;
  }
  if (message.size() < window) return ended_ ? Count::Kind::counted : Count::Kind::undecided;
  if (window < size) return Count::Kind::counted;
  if (is_whole_json(message.substr(0, size))) return Count::Kind::counted;
  const std::string_view behind = message.substr(size);
  if (behind.empty()) return ended_ ? Count::Kind::counted : Count::Kind::undecided;
  if (is_delimiter(behind.front()) || behind.front() == '\r') return Count::Kind::counted;
  const Count next = read_count(behind);
  return next.kind == Count::Kind::line ? numbered() : next.kind;
}

std::optional<SyslogFrame> SyslogFramer::next_counted(const Count& count) {
  const std::size_t prefix = count.digits + 1;
  const std::size_t arrived = end_ - begin_ - prefix;
  if (count.value > kSkipBytesMax) {
    out_of_step_ = true;
    return take(prefix, 0, SyslogFrame::Fault::out_of_step);
  }
  if (count.value > message_bytes_max_) {
    const std::size_t beginning = std::min(kBeginningBytes, message_bytes_max_);
    if (arrived < beginning && !ended_) return std::nullopt;
    const std::size_t there = std::min(beginning, arrived);
    skip_ = Skip::counted;
    skip_bytes_ = count.value - there;
    return take_counted(prefix, there, SyslogFrame::Fault::too_large);
  }
  const auto size = static_cast<std::size_t>(count.value);
  if (arrived < size && !ended_) return std::nullopt;
  const std::string_view message = held().substr(prefix, size);
  if (const std::size_t whole = bytes_before_next(message); whole < message.size())
    return take_counted(prefix, whole, SyslogFrame::Fault::bad_count);
  const bool open = leaves_json_open(without_ending(message));
  const SyslogFrame frame =
      take_counted(prefix, message.size(), arrived < size ? SyslogFrame::Fault::cut_off : SyslogFrame::Fault::none);
  json_open_ = open;
  return frame;
}

// All of a counted message, unless another message begins in it and its JSON is not whole: then its count was wrong.
std::size_t SyslogFramer::bytes_before_next(std::string_view message) noexcept {
  const std::size_t own = priority_bytes(message);
  const bool plain = message.find('<', own) == std::string_view::npos && !leaves_json_open(without_ending(message));
  if (plain) return message.size();
  const std::optional<std::size_t> next = find_message_start(message);
  BraceDepth depth;
  if (!next) {
    // Only the count of the next one was swallowed, or a part of it.
    const std::size_t closed = depth.pass_until_closed(message);
    const std::string_view behind = message.substr(closed);
    return !behind.empty() && is_digit(behind.front()) ? closed : message.size();
  }
  depth.pass(message.substr(0, *next));
  // In the middle of the JSON, which ends where the message does: another message is only quoted in it.
  const bool inside = depth.open();
  depth.pass(message.substr(*next));
  return inside && depth.closed() ? message.size() : *next;
}

std::optional<SyslogFrame> SyslogFramer::next_line() {
  const LineEnd end = find_line_end();
  const std::size_t size = scanned_;
  if (size > message_bytes_max_) {
    skip_ = Skip::line;
    return take(0, std::min(kBeginningBytes, message_bytes_max_), SyslogFrame::Fault::too_large);
  }
  if (end == LineEnd::delimiter || end == LineEnd::next_message) return take(0, size, SyslogFrame::Fault::none);
  if (ended_ && !delimiters_seen_ && whole_message_ends(held().size()))
    return take(0, priority_at_, SyslogFrame::Fault::none);
  if (ended_) return take(0, held().size(), SyslogFrame::Fault::cut_off);
  return std::nullopt;
}

// Moves scanned_ to the end of the message at the front, or to what more bytes have to decide.
SyslogFramer::LineEnd SyslogFramer::find_line_end() noexcept {
  const std::string_view text = held();
  while (scanned_ < text.size()) {
    const std::string_view piece = before_delimiter(text.substr(scanned_, kPieceBytes));
    const std::size_t piece_end = scanned_ + piece.size();
    const std::string_view so_far = text.substr(0, piece_end);
    for (std::size_t at = so_far.find('<', scanned_); at < piece_end; at = so_far.find('<', at + 1)) {
      scanned_ = at;
      const LineEnd end = look_at_priority(at);
      if (end != LineEnd::none) return end;
    }
    scanned_ = piece_end;
    if (scanned_ == text.size() || !is_delimiter(text[scanned_])) continue;
    delimiters_seen_ = true;
    const LineEnd end = look_at_delimiter();
    if (end != LineEnd::none) return end;
    several_lines_ = true;
    ++scanned_;
  }
  return LineEnd::none;
}

// `}<PRI>`: the next message begins where the JSON of this one has ended, without anything between. Or this one was
// cut, and what ends here is a whole message that began behind it: then scanned_ is where that began.
SyslogFramer::LineEnd SyslogFramer::look_at_priority(std::size_t at) noexcept {
  const std::string_view text = held();
  if (at == 0) return LineEnd::none;
  const std::string_view priority = text.substr(at, kPriorityBytesMax);
  if (priority_bytes(priority) == 0) {
    return may_become_priority(priority) && !ended_ ? LineEnd::undecided : LineEnd::none;
  }
  if (text[at - 1] == '}') {
    pass_braces(at);
    if (depth_.closed()) return LineEnd::next_message;
    if (at <= message_bytes_max_ && whole_message_ends(at)) {
      scanned_ = priority_at_;
      return LineEnd::next_message;
    }
  }
  priority_at_ = at;
  return LineEnd::none;
}

// A message that began at the last <PRI> ends at `at`: it has a JSON object, and that is whole.
bool SyslogFramer::whole_message_ends(std::size_t at) const noexcept {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  constexpr std::string_view kBehindString = ",:]} \t\r\n";
  if (priority_at_ == 0) return false;
  std::string_view json = held().substr(priority_at_, at - priority_at_);
  json.remove_prefix(std::min(json.find('{'), json.size()));
  const std::size_t quote = json.find_first_not_of(kWhiteSpace, 1);
  if (quote == std::string_view::npos || json[quote] != '"' || quote + 1 == json.size()) return false;
  return kBehindString.find(json[quote + 1]) == std::string_view::npos && is_whole_json(json);
}

// A record printed over several lines is put together again: a line of it ends between two values, and the next one is
// indented or goes on as no message begins.
SyslogFramer::LineEnd SyslogFramer::look_at_delimiter() noexcept {
  constexpr std::string_view kGoesOn = " \t\"}]";
  const std::string_view text = held();
  const std::string_view line = without_ending(text.substr(0, scanned_));
  const bool may_go_on = text[scanned_] == '\n' && !line.empty() &&
                         (several_lines_ || line.back() == '{' || line.back() == '[' || line.back() == ',');
  if (!may_go_on) return LineEnd::delimiter;
  pass_braces(scanned_);
  if (!depth_.between_values()) return LineEnd::delimiter;
  if (scanned_ + 1 == text.size()) return ended_ ? LineEnd::delimiter : LineEnd::undecided;
  return kGoesOn.find(text[scanned_ + 1]) == std::string_view::npos ? LineEnd::delimiter : LineEnd::none;
}

void SyslogFramer::pass_braces(std::size_t to) noexcept {
  if (to <= depth_at_) return;
  depth_.pass(held().substr(depth_at_, to - depth_at_));
  depth_at_ = to;
}

std::optional<SyslogFrame> SyslogFramer::next_unended() {
  const std::string_view text = held();
  const bool may_be_whole = !delimiters_seen_ && scanned_ > 0 && scanned_ == text.size() && text.back() == '}';
  if (!may_be_whole) return std::nullopt;
  pass_braces(text.size());
  if (depth_.closed()) return take(0, text.size(), SyslogFrame::Fault::none);
  if (!whole_message_ends(text.size())) return std::nullopt;
  return take(0, priority_at_, SyslogFrame::Fault::none);
}

void SyslogFramer::drop_line() noexcept {
  const std::size_t line_end = held().find('\n');
  if (line_end == std::string_view::npos)
    skip_ = Skip::line;
  else
    begin_ += line_end + 1;
}

bool SyslogFramer::mid_message() const noexcept {
  const bool at_line_end = scanned_ > 0 && scanned_ + 1 == end_ - begin_ && is_delimiter(text_[begin_ + scanned_]);
  return (begin_ < end_ && !at_line_end) || skip_ != Skip::nothing;
}

SyslogFrame SyslogFramer::take_counted(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault) {
  const SyslogFrame frame = take(prefix, size, fault);
  counted_before_ = true;
  after_counted_ = true;
  return frame;
}

SyslogFrame SyslogFramer::take(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault) {
  const SyslogFrame frame{without_ending(held().substr(prefix, size)), fault, several_lines_};
  begin_ += prefix + size;
  scanned_ = 0;
  looked_at_ = 0;
  depth_ = {};
  depth_at_ = 0;
  several_lines_ = false;
  priority_at_ = 0;
  after_counted_ = false;
  json_open_ = false;
  return frame;
}

}  // namespace straykey
