#include "core/event/syslog_message.h"

#include <algorithm>
#include <optional>

#include "core/event/json_text.h"
#include "core/event/syslog_start.h"

namespace straykey {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kCookie = "@cee:";

bool is_bracket(char c) noexcept {
  return c == '{' || c == '[';
}

bool ends_line(char c) noexcept {
  return c == '\n' || c == '\r' || c == '\0';
}

// Removes a word and the space behind it. False: there is none.
bool skip_word(std::string_view& text) noexcept {
  const std::size_t end = text.find(' ');
  if (end == 0 || end == std::string_view::npos) return false;
  text.remove_prefix(end + 1);
  return true;
}

// The `[name key="value" ...]` at the front; in values `\"`, `\\` and `\]` are text. 0: it is none, or does not end.
std::size_t element_bytes(std::string_view text) noexcept {
  if (text.size() < 2 || is_bracket(text[1]) || text[1] == '"') return 0;
  bool quoted = false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quoted && text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      quoted = !quoted;
    else if (text[at] == ']' && !quoted)
      return at + 1;
  }
  return 0;
}

// Removes `-`, or all elements, and the space behind them. False: what is there is no structured data.
bool skip_structured_data(std::string_view& text) noexcept {
  std::string_view rest = text;
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
  } else {
    while (rest.starts_with('[')) {
      const std::size_t size = element_bytes(rest);
      if (size == 0) break;
      rest.remove_prefix(size);
    }
    if (rest.size() == text.size()) return false;
  }
  // JSON may stand there without the space that ought to part it.
  const bool parted = rest.empty() || rest.front() == ' ' || rest.front() == '{' || rest.starts_with("[{");
  if (!parted) return false;
  text = rest;
  return true;
}

std::string_view skip_decoration(std::string_view text) noexcept {
  const auto skip_spaces = [&text] { text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size())); };
  skip_spaces();
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  skip_spaces();
  if (text.starts_with(kCookie)) text.remove_prefix(kCookie.size());
  skip_spaces();
  return text;
}

// What stands behind an RFC 5424 header; all of `text` if it has none.
std::string_view behind_header(std::string_view text) noexcept {
  std::string_view rest = text.substr(priority_bytes(text));
  if (rest.size() == text.size() || rest.empty() || rest.front() < '1' || rest.front() > '9') return text;
  constexpr int kWords = 6;  // version, time, host, app, procid, msgid
  for (int i = 0; i < kWords; ++i)
    if (!skip_word(rest)) return text;
  return skip_structured_data(rest) ? rest : text;
}

// An RFC 3164 tag may hold its process in brackets, so an array counts only where an object follows its brackets.
std::string_view from_first_object(std::string_view text) noexcept {
  const std::size_t object = text.find('{');
  if (object == std::string_view::npos) return {};
  std::size_t begin = object;
  for (std::size_t at = object; at > 0; --at) {
    const char c = text[at - 1];
    if (c == '[')
      begin = at - 1;
    else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
      break;
  }
  return text.substr(begin);
}

std::string_view trim_end(std::string_view text) noexcept {
  constexpr std::string_view kEnding(" \t\r\n\0", 5);
  const std::size_t last = text.find_last_not_of(kEnding);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

struct SizeLimit {
  std::size_t bytes_min, bytes_max;  // of messages that it cut: headers are added before or after the cut
  std::optional<SyslogHeader> header;
  std::string_view setting;
};

// Every sender that cuts keeps more than this (RFC 5424 6.1: 480).
constexpr std::size_t kSplitBytesMax = 480;

// The first that fits.
constexpr SizeLimit kSizeLimits[] = {
    {900, 1'024, SyslogHeader::rfc3164,
     "this is the size and the header of BusyBox's logger and syslogd (1024), which have no setting for it: use "
     "another "
     "sender; or of `logger --rfc3164`: add `--size 1MiB` before the message"},
    {900, 1'200, std::nullopt,
     "this is the size at which logger splits a message (1024): send with `logger --size 1MiB`, which has to come "
     "before the message"},
    {1'900, 2'300, std::nullopt,
     "this is the default of Fluent Bit's syslog output (2048): set syslog_maxsize 1048576"},
    {8'192, 8'192, SyslogHeader::none,
     "this is the size in which `ncat -u` reads its input (8192): send by TCP, or with logger --size 1MiB"},
    {7'900, 8'700, std::nullopt,
     "this is rsyslog's default (8096): set global(maxMessageSize=\"1m\"), or $MaxMessageSize 1m at the top of "
     "rsyslog.conf, on every rsyslog on the way"},
    {64'900, 65'000, SyslogHeader::rfc3164,
     "this is the default of logback's SyslogAppender (65000): set <maxMessageSize>, or send by TCP or HTTPS, as a "
     "datagram holds 65507 bytes at most"},
    {65'400, 65'507, SyslogHeader::rfc3164,
     "this is what a datagram holds (65507), or syslog-ng's default (65536): send by TCP, with options { "
     "log-msg-size(1048576); };"},
    {65'000, 66'200, std::nullopt,
     "this is syslog-ng's default (65536): set options { log-msg-size(1048576); }; on every syslog-ng on the way"},
};

}  // namespace

std::string_view syslog_payload(std::string_view message) noexcept {
  message = skip_decoration(trim_end(message));
  const std::string_view text = skip_decoration(behind_header(message));
  if (!text.empty() && is_bracket(text.front())) return text;
  return from_first_object(text);
}

std::size_t first_message_bytes(std::string_view datagram) noexcept {
  // Nearly every datagram holds one message, and hardly a record a '<': then this is all that is done.
  if (datagram.find('<', 1) == std::string_view::npos) return datagram.size();
  BraceDepth depth;
  std::size_t next = depth.pass_until_closed(datagram);
  if (!depth.closed()) return datagram.size();
  while (next < datagram.size() && ends_line(datagram[next])) ++next;
  return priority_bytes(datagram.substr(next)) > 0 ? next : datagram.size();
}

bool ends_whole(std::string_view message) noexcept {
  const std::string_view payload = syslog_payload(message);
  return !payload.empty() && scan_json_value(payload).end == JsonEnd::complete;
}

void blank_escaped_lines(std::span<char> payload) noexcept {
  constexpr std::size_t kEscapeBytes = 4;
  static constexpr std::string_view kEscapes[] = {"#011", "#012", "#015"};
  const std::string_view text(payload.data(), payload.size());
  const auto escape_at = [text](std::size_t at) {
    const std::string_view four = text.substr(at, kEscapeBytes);
    return std::find(std::begin(kEscapes), std::end(kEscapes), four) != std::end(kEscapes);
  };
  if (text.size() < kEscapeBytes + 1 || !escape_at(1)) return;
  BraceDepth depth;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#' && !depth.quoted() && escape_at(at)) std::fill_n(payload.data() + at, kEscapeBytes, ' ');
    depth.pass(text.substr(at, 1));
  }
}

bool is_unprinted_journal_entry(std::string_view payload) noexcept {
  // Keys of the journal are written in capitals.
  const std::size_t key = payload.substr(0, 8).find('"');
  if (key == std::string_view::npos || key + 1 >= payload.size()) return false;
  const char first = payload[key + 1];
  const bool capital = first == '_' || (first >= 'A' && first <= 'Z');
  if (!capital || payload.substr(key).starts_with("\"Records\"")) return false;
  constexpr std::string_view kKey = "\"MESSAGE\"";
  const std::size_t message = payload.find(kKey);
  if (message == std::string_view::npos) return false;
  const std::size_t value = payload.find_first_not_of(" :", message + kKey.size());
  return value != std::string_view::npos && payload.substr(value).starts_with("null");
}

SyslogHeader syslog_header(std::string_view message) noexcept {
  const std::string_view rest = message.substr(priority_bytes(message));
  if (rest.size() == message.size() || rest.size() < 2) return SyslogHeader::none;
  return rest.front() >= '1' && rest.front() <= '9' && rest[1] == ' ' ? SyslogHeader::rfc5424 : SyslogHeader::rfc3164;
}

std::string truncation_advice(std::size_t message_bytes, std::size_t payload_bytes, SyslogHeader header) {
  for (const SizeLimit& limit : kSizeLimits) {
    const auto fits = [&](std::size_t bytes) { return bytes >= limit.bytes_min && bytes <= limit.bytes_max; };
    const bool by_header = limit.header.has_value();
    if (by_header && header != *limit.header) continue;
    if (fits(message_bytes) || (!by_header && fits(payload_bytes))) return std::string(limit.setting);
  }
  if (message_bytes < kSplitBytesMax) {
    return "no sender cuts at so few bytes: a line feed in the record split it. Send one record a line: jq -c; in "
           "rsyslog's imfile startmsg.regex and escapeLF=\"on\", in Fluent Bit's or Filebeat's input multiline; or "
           "octet "
           "counts";
  }
  return "the sender, or a relay on the way, limits the size of a message: raise its limit to 1 MiB";
}

}  // namespace straykey
