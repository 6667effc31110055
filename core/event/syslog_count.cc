#include "core/event/syslog_count.h"

#include <algorithm>

#include "core/event/syslog_start.h"

namespace straykey {
namespace {

// A count of fewer digits counts no record.
constexpr std::size_t kRecordDigitsMin = 3;

}  // namespace

bool another_follows(std::string_view behind) noexcept {
  const std::size_t endings = std::min(behind.find_first_not_of(kSyslogEndings), behind.size());
  const std::string_view next = behind.substr(endings);
  if (next.empty()) return false;
  const std::size_t digits = std::min(next.find_first_not_of("0123456789"), next.size());
  const std::string_view message = next.substr(digits);
  if (digits > 0 && digits <= kSyslogDigitsMax)
    return message.empty() || message == " " || (message.front() == ' ' && may_start_message(message[1]));
  return priority_bytes(next) > 0 || (endings > 0 && may_start_message(next.front()));
}

bool goes_on_behind_bracket(std::string_view message) noexcept {
  for (const char bracket : {'}', ']'})
    for (std::size_t at = message.find(bracket); at < message.size(); at = message.find(bracket, at + 1)) {
      const std::size_t next = at + 1;
      const bool may_follow = next < message.size() && (is_digit(message[next]) || is_ending(message[next]));
      if (may_follow && another_follows(message.substr(next))) return true;
    }
  return false;
}

std::optional<std::size_t> bytes_before_parted_count(std::string_view message, std::string_view behind,
                                                     bool ended) noexcept {
  const std::size_t digits = std::min(behind.find_first_not_of("0123456789"), behind.size());
  if (behind.size() < digits + 2 && digits < kSyslogDigitsMax && !ended) return std::nullopt;
  const std::string_view next = behind.substr(digits);
  const bool is_count = next.size() > 1 && next.front() == ' ' && may_start_message(next[1]);
  const bool is_own = digits > kRecordDigitsMin || (digits == kRecordDigitsMin && behind.front() != '0');
  if (!is_count || is_own) return message.size();
  const std::size_t most = std::min(message.size(), kCountDigitsMax - digits);
  const std::size_t begin = std::max(message.find_last_not_of("0123456789") + 1, message.size() - most);
  return std::min(message.find_first_not_of('0', begin), message.size());
}

}  // namespace straykey
