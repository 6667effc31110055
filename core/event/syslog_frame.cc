#include "core/event/syslog_frame.h"

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "core/base/uncleared.h"
#include "core/event/json_text.h"
#include "core/event/syslog_count.h"
#include "core/event/syslog_message.h"
#include "core/event/text_arena.h"

namespace straykey {
namespace {

// What is shown of a message that is too large.
constexpr std::size_t kBeginningBytes = 128;
// So much of a line is looked through at once, so that what stands behind its end is not.
constexpr std::size_t kPieceBytes = 256;
constexpr std::string_view kDelimiters("\n\0", 2);
// No larger number is taken for that of a line, but the one behind the last.
constexpr std::uint64_t kNumberMax = 99;
// A counted message of more times the usual size is looked at more closely.
constexpr std::size_t kSizesUsual = 2;

// Up to the first LF or NUL; all of it if there is none.
std::string_view before_delimiter(std::string_view text) noexcept {
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find('\0'));
}

bool is_whole_json(std::string_view text) noexcept {
  const JsonExtent extent = scan_json_value(text);
  return extent.end == JsonEnd::complete && trim_json(text.substr(extent.size)).empty();
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

std::size_t SyslogFramer::prepared_bytes(std::size_t text_bytes) const noexcept {
  if (begin_ > 0 || room() >= read_bytes_ / 2) return text_.capacity();
  return std::max({text_bytes, end_ + read_bytes_, 2 * text_.capacity()}) + kJsonPadding;
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
    json_seen_ = true;
  }
  if (begin_ == end_) return std::nullopt;
  Count count = read_count(held());
  if (count.kind == Count::Kind::counted && !counted_before_) count = look_behind_count(count);
  if (count.kind == Count::Kind::undecided && !ended_) return std::nullopt;
  if (count.kind == Count::Kind::wrong)
    return take_counted(count.digits + 1, static_cast<std::size_t>(count.value), SyslogFrame::Fault::bad_count);
  if (count.kind == Count::Kind::counted) return next_counted(count);
  const bool in_step = !after_counted_ || count.kind == Count::Kind::undecided ||
                       (!json_open_ && json_seen_ && may_start_message(held().front()));
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
  const std::optional<std::size_t> start = find_message_start(
      line, skip_ == Skip::line ? MessagesAre::parted_by_nothing : MessagesAre::counted, counted ? 0 : 1);
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
    if (count.digits == kSyslogDigitsMax) return count;
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

// Senders number their lines: `17 {record}`. What such a number says about a record's end is not true.
SyslogFramer::Count SyslogFramer::look_behind_count(const Count& count) {
  const std::string_view message = held().substr(count.digits + 1);
  if (message.starts_with('<')) return number_before_header(count, message);
  if (!message.starts_with('{')) return count;
  const std::size_t looked = std::min(message.size(), message_bytes_max_ + 1);
  const std::size_t passed = json_.size();
  json_.pass(message.substr(passed, looked - passed));
  looked_at_bytes_ += json_.size() - passed;
  if (json_.state() == JsonProgress::State::complete) return behind_record(count, message);
  if (json_.state() == JsonProgress::State::broken) return behind_cut_record(count, message);
  const bool too_large = message.size() > message_bytes_max_;
  if (!ended_ && !too_large) return {Count::Kind::undecided, count.digits, count.value};
  const bool reaches = count.value >= message.size() && count.value <= kSkipBytesMax;
  return reaches ? count : number_of_line(count);
}

// `17 <134>... {record}`: lines that are numbered in front of their headers. A small number, behind which no message
// ends, on a line that ends before another message begins.
SyslogFramer::Count SyslogFramer::number_before_header(const Count& count, std::string_view message) {
  if (numbered_ && count.value == last_number_ + 1) return number_of_line(count);
  if (count.value > kNumberMax) return count;
  const auto size = static_cast<std::size_t>(count.value);
  if (message.size() >= size && ends_whole(message.substr(0, size))) return count;
  const Count undecided{Count::Kind::undecided, count.digits, count.value};
  if (message.size() <= size + kMessageStartContext) return ended_ ? count : undecided;
  if (kind_by_what_follows(message.substr(size)) == Count::Kind::counted) return count;
  const std::size_t from = std::max(size, looked_at_ - std::min(looked_at_, kMessageStartContext + 1));
  const std::size_t line_end = message.find_first_of(kDelimiters, std::max(size, looked_at_));
  const bool next_begins =
      find_message_start(message.substr(0, line_end).substr(from), MessagesAre::counted).has_value();
  looked_at_bytes_ += message.size() - from;
  looked_at_ = message.size();
  if (next_begins) return count;
  if (line_end != std::string_view::npos) return number_of_line(count);
  return ended_ || message.size() > message_bytes_max_ ? count : undecided;
}

// The record has ended.
SyslogFramer::Count SyslogFramer::behind_record(const Count& count, std::string_view message) {
  const std::size_t size = json_.size();
  std::size_t at = std::max(size, looked_at_);
  while (at < message.size() && at < count.value && is_ending(message[at])) ++at;
  looked_at_ = at;
  if (at == count.value) {
    const bool runs_on = numbered_ && count.value == last_number_ + 1;
    if (runs_on) return number_of_line(count);
    count_was_wrong_ = numbered_;  // the one before: it was taken for a number
    return count;
  }
  if (at == message.size() && !ended_) return {Count::Kind::undecided, count.digits, count.value};
  if (size == message.size()) return count.value > size ? count : number_of_line(count);
  const bool follows = is_digit(message[size]) || may_start_message(message[size]);
  return follows ? Count{Count::Kind::wrong, count.digits, size} : number_of_line(count);
}

// The record was cut, before it was counted or afterwards; or it is none. Its line ends before another message begins,
// or the count is right, or another message begins.
SyslogFramer::Count SyslogFramer::behind_cut_record(const Count& count, std::string_view message) {
  const std::size_t from = std::max(json_.last_string(), looked_at_ - std::min(looked_at_, kMessageStartContext + 1));
  const std::size_t line_end = message.find_first_of(kDelimiters, std::max(json_.size(), looked_at_));
  std::optional<std::size_t> start = find_message_start(message.substr(0, line_end).substr(from), MessagesAre::counted);
  if (start) *start += from;
  const std::size_t end = start.value_or(std::min(line_end, message.size()));
  looked_at_bytes_ += end - std::min(end, from);
  looked_at_ = end;
  const bool found = start || line_end != std::string_view::npos;
  if (count.value <= end) {
    const std::string_view behind = message.substr(static_cast<std::size_t>(count.value));
    if (!found && !ended_ && behind.size() <= kMessageStartContext)
      return {Count::Kind::undecided, count.digits, count.value};
    if (kind_by_what_follows(behind) == Count::Kind::counted) return count;
  }
  if (start) return {Count::Kind::wrong, count.digits, *start};
  if (line_end != std::string_view::npos) return number_of_line(count);
  if (!ended_ && message.size() <= message_bytes_max_) return {Count::Kind::undecided, count.digits, count.value};
  return count.value > message.size() && count.value <= kSkipBytesMax ? count : number_of_line(count);
}

SyslogFramer::Count::Kind SyslogFramer::kind_by_what_follows(std::string_view behind) const noexcept {
  if (behind.empty() || is_ending(behind.front()) || priority_bytes(behind) > 0) return Count::Kind::counted;
  return read_count(behind).kind;
}

SyslogFramer::Count SyslogFramer::number_of_line(const Count& count) {
  numbered_ = true;
  last_number_ = count.value;
  return {};
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
    const std::string_view front = held().substr(prefix, std::min(beginning, arrived));
    const std::size_t there = find_message_start(front, MessagesAre::counted).value_or(front.size());
    count_was_wrong_ = there < front.size();
    skip_ = count_was_wrong_ ? Skip::nothing : Skip::counted;
    skip_bytes_ = count_was_wrong_ ? 0 : count.value - there;
    return take_counted(prefix, there, SyslogFrame::Fault::too_large);
  }
  const auto size = static_cast<std::size_t>(count.value);
  if (arrived < size && !ended_) return std::nullopt;
  const std::string_view message = held().substr(prefix, size);
  const std::string_view body = without_ending(message);
  const bool open = leaves_json_open(body);
  std::size_t whole = bytes_before_next(message);
  if (whole == message.size() && open && is_digit(message.back())) {
    const std::optional<std::size_t> before =
        bytes_before_parted_count(message, held().substr(prefix + message.size()), ended_);
    if (!before) return std::nullopt;
    whole = *before;
  }
  if (whole < message.size()) return take_counted(prefix, whole, SyslogFrame::Fault::bad_count);
  const bool json_seen = open || body.ends_with('}') || body.ends_with(']');
  const SyslogFrame frame =
      take_counted(prefix, message.size(), arrived < size ? SyslogFrame::Fault::cut_off : SyslogFrame::Fault::none);
  json_open_ = open;
  json_seen_ = json_seen;
  usual_bytes_ = (3 * usual_bytes_ + message.size()) / 4;
  return frame;
}

// A message that ends as one ought to, and has about the size of those before it. Not asked again once a count was
// wrong: what it looks at may stay where it is.
bool SyslogFramer::looks_whole(std::string_view message) noexcept {
  if (miscounted_) return false;
  looked_at_bytes_ += message.size();
  const bool ends_so = message.find('<', priority_bytes(message)) == std::string_view::npos &&
                       !leaves_json_open(without_ending(message));
  return ends_so && (message.size() <= kSizesUsual * usual_bytes_ || !goes_on_behind_bracket(message));
}

// All of a counted message, unless its JSON ends before, or is cut and another message begins: then its count was
// wrong.
std::size_t SyslogFramer::bytes_before_next(std::string_view message) noexcept {
  if (looks_whole(message)) return message.size();
  const std::size_t first = find_message_start(message, MessagesAre::counted).value_or(message.size());
  looked_at_bytes_ += first;
  const std::string_view payload = syslog_payload(message.substr(0, first));
  if (payload.empty()) return first;
  const auto payload_at = static_cast<std::size_t>(payload.data() - message.data());
  JsonProgress json;
  json.pass(message.substr(payload_at));
  looked_at_bytes_ += json.size();
  if (json.state() == JsonProgress::State::open) return message.size();
  if (json.state() == JsonProgress::State::complete) {
    const std::size_t whole = payload_at + json.size();
    return another_follows(message.substr(whole)) ? whole : message.size();
  }
  const std::size_t from = payload_at + json.last_string();
  const std::string_view rest = message.substr(from);
  const std::size_t start = find_message_start(rest, MessagesAre::counted).value_or(rest.size());
  looked_at_bytes_ += start;
  return from + start;
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
  last_depth_ = {};
  last_depth_at_ = at;
  return LineEnd::none;
}

// A message that began at the last <PRI> ends at `at`: it has a JSON object, and that is whole.
bool SyslogFramer::whole_message_ends(std::size_t at) noexcept {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  constexpr std::string_view kBehindString = ",:]} \t\r\n";
  if (priority_at_ == 0) return false;
  std::string_view json = held().substr(priority_at_, at - priority_at_);
  looked_at_bytes_ += json.size();
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

// whole_message_ends() at the end of what has come, asked again with every few bytes: the braces of the last message
// close once, so its JSON is gone through only there.
bool SyslogFramer::last_message_is_whole() noexcept {
  if (priority_at_ == 0 || last_depth_.closed()) return false;
  const std::string_view rest = held().substr(last_depth_at_);
  const std::size_t passed = last_depth_.pass_until_closed(rest);
  last_depth_at_ += passed;
  looked_at_bytes_ += passed;
  return last_depth_.closed() && passed == rest.size() && whole_message_ends(held().size());
}

std::optional<SyslogFrame> SyslogFramer::next_unended() {
  const std::string_view text = held();
  const bool may_be_whole = !delimiters_seen_ && scanned_ > 0 && scanned_ == text.size() && text.back() == '}';
  if (!may_be_whole) return std::nullopt;
  pass_braces(text.size());
  if (depth_.closed()) return take(0, text.size(), SyslogFrame::Fault::none);
  if (!last_message_is_whole()) return std::nullopt;
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
  if (fault == SyslogFrame::Fault::bad_count) miscounted_ = true;
  const SyslogFrame frame = take(prefix, size, fault);
  counted_before_ = true;
  after_counted_ = true;
  return frame;
}

SyslogFrame SyslogFramer::take(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault) {
  const SyslogFrame frame{without_ending(held().substr(prefix, size)), fault, several_lines_};
  begin_ += prefix + size;
  scanned_ = 0;
  if (json_.size() > 0) json_ = {};
  looked_at_ = 0;
  depth_ = {};
  depth_at_ = 0;
  several_lines_ = false;
  priority_at_ = 0;
  last_depth_ = {};
  last_depth_at_ = 0;
  after_counted_ = false;
  json_open_ = false;
  return frame;
}

}  // namespace straykey
