#include "net/http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "net/io/connection_table.h"

namespace straykey {
namespace {

constexpr double kRetryAfterMax = 60;

// Of one bucket: until it holds `needed`.
double wait_for(double level, double needed, double per_s) noexcept {
  return per_s > 0 && level < needed ? (needed - level) / per_s : 0;
}

}  // namespace

RateLimiter::RateLimiter(RateSettings settings, Metrics& metrics, Log* log) : metrics_(metrics), log_(log) {
  use(settings);
}

void RateLimiter::use(const RateSettings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  token_rates_ = {settings.token_requests_per_s, settings.token_events_per_s};
  address_rates_ = {settings.address_requests_per_s, settings.address_events_per_s};
  limits_ = settings.any();
  limits_events_ = token_rates_.events_per_s > 0 || address_rates_.events_per_s > 0;
}

// A bucket holds one request and one event at least, else a low rate would let nothing in.
RateLimiter::Buckets RateLimiter::full(const Rates& rates, Clock::time_point now) const noexcept {
  return {std::max(1.0, rates.requests_per_s * settings_.burst_s),
          std::max(1.0, rates.events_per_s * settings_.burst_s), now};
}

void RateLimiter::refill(Buckets& buckets, const Rates& rates, Clock::time_point now) const noexcept {
  const Buckets most = full(rates, now);
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - buckets.at).count());
  buckets.requests = std::min(most.requests, buckets.requests + seconds * rates.requests_per_s);
  buckets.events = std::min(most.events, buckets.events + seconds * rates.events_per_s);
  buckets.at = std::max(buckets.at, now);
}

double RateLimiter::wait_s(const Buckets& buckets, const Rates& rates) noexcept {
  return std::max(wait_for(buckets.requests, 1, rates.requests_per_s), wait_for(buckets.events, 1, rates.events_per_s));
}

RateLimiter::Buckets& RateLimiter::of_token(const std::string& source, Clock::time_point now) {
  const auto [at, is_new] = tokens_.try_emplace(source);
  if (is_new) at->second = full(token_rates_, now);
  refill(at->second, token_rates_, now);
  return at->second;
}

RateLimiter::Buckets& RateLimiter::of_address(const IpAddress& address, Clock::time_point now) {
  const IpAddress key = counted_as(address);
  if (addresses_.size() >= settings_.addresses_max && !addresses_.contains(key)) forget_some(now);
  const auto [at, is_new] = addresses_.try_emplace(key);
  if (is_new) at->second = full(address_rates_, now);
  refill(at->second, address_rates_, now);
  return at->second;
}

// The fuller half, so that nobody who is over his rate is forgotten because many others came who are not.
void RateLimiter::forget_some(Clock::time_point now) {
  const Buckets most = full(address_rates_, now);
  std::vector<double> levels;
  levels.reserve(addresses_.size());
  const auto level_of = [&most](const Buckets& buckets) {
    return std::min(buckets.requests / most.requests, buckets.events / most.events);
  };
  for (auto& [address, buckets] : addresses_) {
    refill(buckets, address_rates_, now);
    levels.push_back(level_of(buckets));
  }
  const auto middle = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() / 2);
  std::nth_element(levels.begin(), middle, levels.end());
  std::size_t to_erase = levels.size() - levels.size() / 2;
  std::erase_if(addresses_,
                [&](const auto& entry) { return to_erase > 0 && level_of(entry.second) >= *middle && to_erase-- > 0; });
}

std::optional<Refusal> RateLimiter::check(const std::string& source, const IpAddress& address, Clock::time_point now) {
  if (!limits_) return std::nullopt;
  const std::lock_guard lock(mutex_);
  Buckets& by_token = of_token(source, now);
  Buckets& by_address = of_address(address, now);
  if (const double wait = wait_s(by_token, token_rates_); wait > 0) return refuse(source, address, "token", wait);
  if (const double wait = wait_s(by_address, address_rates_); wait > 0) return refuse(source, address, "address", wait);
  if (token_rates_.requests_per_s > 0) by_token.requests -= 1;
  if (address_rates_.requests_per_s > 0) by_address.requests -= 1;
  return std::nullopt;
}

void RateLimiter::spend(const std::string& source, const IpAddress& address, std::size_t events,
                        Clock::time_point now) {
  if (!limits_events_) return;
  const std::lock_guard lock(mutex_);
  if (token_rates_.events_per_s > 0) of_token(source, now).events -= static_cast<double>(events);
  if (address_rates_.events_per_s > 0) of_address(address, now).events -= static_cast<double>(events);
}

std::size_t RateLimiter::addresses() const {
  const std::lock_guard lock(mutex_);
  return addresses_.size();
}

Refusal RateLimiter::refuse(const std::string& source, const IpAddress& address, std::string_view reason,
                            double seconds) {
  metrics_
      .counter("straykey_http_rate_limited_total", "Requests refused because their token or address is over its rate.",
               {{"source", source}, {"reason", reason}})
      .add();
  const bool by_token = reason == "token";
  // The log holds back what repeats.
  if (log_ != nullptr)
    log_->warning("a sender is over its rate",
                  {{"token", source},
                   {"sender", address.text()},
                   {"limit", by_token ? "ingest.token_requests_per_s or token_events_per_s"
                                      : "ingest.address_requests_per_s or address_events_per_s"}});
  return {429, "rate_limited",
          by_token ? "This token is over its rate; send the same request again later."
                   : "This address is over its rate; send the same request again later.",
          static_cast<unsigned>(std::ceil(std::min(seconds, kRetryAfterMax)))};
}

}  // namespace straykey
