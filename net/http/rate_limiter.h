#pragma once
// RateLimiter: how many requests and events a second one token, and one address, may send.
//
// Shape:  a bucket for each token and each address, of requests and of events. A request is let in while its buckets
//         are not empty. Its events are known only when it has been read, so they are taken out afterwards, and the
//         bucket may owe them: what one large request brings too much, the next ones wait for. What is refused is
//         counted and logged, if there is a log.
// Thread: any (synchronised inside); with nothing limited it takes no lock.
// Bounds: addresses_max addresses. When that many are known, the half that has most of its burst is forgotten: whoever
//         wants to be forgotten must bring half as many others who owe more. An IPv6 address counts as its /64. Tokens
//         are those of the configuration.
// Errors: a Refusal (429) with the seconds to wait.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/location/ip_address.h"
#include "net/http/request_guard.h"

namespace straykey {

struct RateSettings {
  // 0: not limited.
  double token_requests_per_s = 0;
  double token_events_per_s = 0;
  double address_requests_per_s = 0;
  double address_events_per_s = 0;
  double burst_s = 10;  // how many seconds' worth may come at once
  std::size_t addresses_max = 16'384;

  [[nodiscard]] bool any() const noexcept {
    return token_requests_per_s > 0 || token_events_per_s > 0 || address_requests_per_s > 0 || address_events_per_s > 0;
  }
};

class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  RateLimiter(RateSettings settings, Metrics& metrics, Log* log = nullptr);

  // From now on. What was owed stays.
  void use(const RateSettings& settings);
  // Lets a request in, or says why not. `source` is the name of its token.
  [[nodiscard]] std::optional<Refusal> check(const std::string& source, const IpAddress& address,
                                             Clock::time_point now = Clock::now());
  // Takes the events of a request out.
  void spend(const std::string& source, const IpAddress& address, std::size_t events,
             Clock::time_point now = Clock::now());
  [[nodiscard]] std::size_t addresses() const;

 private:
  struct Rates {
    double requests_per_s, events_per_s;
  };
  struct Buckets {
    double requests, events;
    Clock::time_point at;
  };
  void refill(Buckets& buckets, const Rates& rates, Clock::time_point now) const noexcept;
  // Seconds until both buckets let a request in; 0: they do.
  [[nodiscard]] static double wait_s(const Buckets& buckets, const Rates& rates) noexcept;
  [[nodiscard]] Buckets& of_token(const std::string& source, Clock::time_point now);
  [[nodiscard]] Buckets& of_address(const IpAddress& address, Clock::time_point now);
  [[nodiscard]] Buckets full(const Rates& rates, Clock::time_point now) const noexcept;
  void forget_some(Clock::time_point now);
  [[nodiscard]] Refusal refuse(const std::string& source, const IpAddress& address, std::string_view reason,
                               double seconds);

  Metrics& metrics_;
  Log* const log_;
  std::atomic<bool> limits_{false}, limits_events_{false};
  mutable std::mutex mutex_;
  RateSettings settings_;
  Rates token_rates_{}, address_rates_{};
  std::map<std::string, Buckets, std::less<>> tokens_;
  std::map<IpAddress, Buckets> addresses_;
};

}  // namespace straykey
