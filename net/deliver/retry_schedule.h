#pragma once
// When a failed webhook attempt is repeated, and when it is given up.
//
// Shape:  the functions get the number of attempts, the answer, Retry-After and a jitter value, and return wait, dead
//         or pause.
// Units:  seconds.
// Thread: any (immutable).
// Bounds: a wait is at most 24 h and its jitter; Retry-After counts up to retry_after_s_max.
// Source: Standard Webhooks 1.0.0, "Deliverability and reliability", whose schedule this is.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace straykey {

struct RetryPolicy {
  // The wait before the attempt that follows n failures is waits_s[n]. When the list is used up, it is probe_wait_s for
  // ever.
  std::vector<Seconds> waits_s{0, 5, 300, 1'800, 7'200, 18'000, 36'000, 50'400, 72'000, 86'400};
  Seconds probe_wait_s = 3'600;
  Seconds retry_after_s_max = 3'600;
  double jitter = 0.2;             // a wait is stretched or shortened by up to this share
  std::uint32_t refusals_max = 3;  // 4xx answers in a row after which a delivery is dead
};

// What a status line means for a delivery. Status 0 (no answer: network, TLS, time limit) is `again`.
enum class Answer : std::uint8_t {
  success,  // 2xx
  again,    // 408, 425, 429, 5xx, 3xx (never followed), no answer, not HTTP
  refused,  // any other 4xx
  gone,     // 410
};
[[nodiscard]] Answer answer_of(std::uint16_t http_status) noexcept;

struct FailedAttempt {
  std::uint32_t attempts = 1;  // made so far, this one included
  std::uint32_t refusals = 0;  // `refused` answers in a row, this one included
  std::uint16_t http_status = 0;
  std::optional<Seconds> retry_after_s = std::nullopt;
  double jitter = 0.5;  // 0 .. 1, where 0.5 changes nothing; the caller's random value
};

struct RetryDecision {
  enum class Kind : std::uint8_t { retry, dead, pause };
  Kind kind = Kind::retry;
  Seconds wait_s = 0;  // of a retry. Of a pause: when to try again if a restart resumes the endpoint
  bool operator==(const RetryDecision&) const = default;
};

// REQUIRES: attempts >= 1; 0 <= jitter <= 1; the answer is no success.
[[nodiscard]] RetryDecision decide_retry(const RetryPolicy& policy, const FailedAttempt& failed);

// The Retry-After header: seconds, or an HTTP date (the IMF-fixdate form), which counts from `now`. Anything else is
// none.
[[nodiscard]] std::optional<Seconds> parse_retry_after(std::string_view text, Seconds now);

}  // namespace straykey
