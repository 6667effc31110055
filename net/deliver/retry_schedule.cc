#include "net/deliver/retry_schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "core/base/invariant.h"

namespace straykey {
namespace {

Seconds scheduled_wait(const RetryPolicy& policy, std::uint32_t attempts) {
  return attempts < policy.waits_s.size() ? policy.waits_s[attempts] : policy.probe_wait_s;
}

Seconds with_jitter(Seconds wait_s, double share, double jitter) {
  const double factor = 1.0 + share * (2.0 * jitter - 1.0);
  return static_cast<Seconds>(std::llround(static_cast<double>(wait_s) * factor));
}

// `Sun, 06 Nov 2022 08:49:37 GMT`, whose weekday is not looked at.
std::optional<Seconds> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const std::string number = std::to_string(month - kMonths.begin() + 101).substr(1);
  std::string iso;
  iso.append(text.substr(12, 4)).append("-").append(number).append("-").append(text.substr(5, 2));
  iso.append("T").append(text.substr(17, 8)).append("Z");
  return parse_time(iso);
}

}  // namespace

Answer answer_of(std::uint16_t http_status) noexcept {
  if (http_status >= 200 && http_status < 300) return Answer::success;
  if (http_status == 410) return Answer::gone;
  if (http_status == 408 || http_status == 425 || http_status == 429) return Answer::again;
  return http_status >= 400 && http_status < 500 ? Answer::refused : Answer::again;
}

RetryDecision decide_retry(const RetryPolicy& policy, const FailedAttempt& failed) {
  INVARIANT(failed.attempts >= 1, failed.attempts);
  INVARIANT(failed.jitter >= 0.0 && failed.jitter <= 1.0, failed.jitter);
  const Answer answer = answer_of(failed.http_status);
  INVARIANT(answer != Answer::success);
  if (answer == Answer::gone) return {RetryDecision::Kind::pause, policy.probe_wait_s};
  if (answer == Answer::refused && failed.refusals >= policy.refusals_max) return {RetryDecision::Kind::dead, 0};

  // Retry-After says "not before": it may lengthen a wait, never shorten one.
  const Seconds asked_s = std::clamp<Seconds>(failed.retry_after_s.value_or(0), 0, policy.retry_after_s_max);
  const Seconds wait_s = with_jitter(scheduled_wait(policy, failed.attempts), policy.jitter, failed.jitter);
  return {RetryDecision::Kind::retry, std::max(wait_s, asked_s)};
}

std::optional<Seconds> parse_retry_after(std::string_view text, Seconds now) {
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    Seconds seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // A number that is too large counts as the longest wait that is allowed
    if (failure != std::errc{}) return kSecondsPerDay;
    return std::min(seconds, kSecondsPerDay);
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp<Seconds>(*date - now, 0, kSecondsPerDay);
}

}  // namespace straykey
