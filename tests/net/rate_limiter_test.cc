#include "net/http/rate_limiter.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Clock = RateLimiter::Clock;
const IpAddress kOne = *parse_ip("203.0.113.1"), kTwo = *parse_ip("203.0.113.2");

struct Site {
  explicit Site(RateSettings settings) : limiter(settings, metrics) {}
  // 0: let in; else the seconds to wait.
  unsigned wait(const std::string& source, const IpAddress& address, double at_s) {
    const auto refusal = limiter.check(source, address, at(at_s));
    if (!refusal) return 0;
    CHECK(refusal->status == 429);
    return refusal->retry_after_s;
  }
  static Clock::time_point at(double seconds) {
    return Clock::time_point{} + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  std::uint64_t limited(std::string_view source, std::string_view reason) {
    return metrics
        .counter("straykey_http_rate_limited_total",
                 "Requests refused because their token or address is over its rate.",
                 {{"source", source}, {"reason", reason}})
        .value();
  }
  Metrics metrics;
  RateLimiter limiter;
};

}  // namespace

TEST_CASE("without a rate everything is let in, and nothing is kept") {
  Site site({});
  for (int i = 0; i < 1'000; ++i) CHECK(site.wait("a", kOne, 0) == 0);
  site.limiter.spend("a", kOne, 1'000'000, Site::at(0));
  CHECK(site.wait("a", kOne, 0) == 0);
  CHECK(site.limiter.addresses() == 0);
}

TEST_CASE("a token may send its burst at once and then its rate, and other tokens theirs") {
  Site site({.token_requests_per_s = 2, .burst_s = 3});
  for (int i = 0; i < 6; ++i) CHECK(site.wait("a", kOne, 100) == 0);
  CHECK(site.wait("a", kTwo, 100) == 1);
  CHECK(site.wait("b", kOne, 100) == 0);
  CHECK(site.wait("a", kOne, 100.5) == 0);
  CHECK(site.wait("a", kOne, 100.5) == 1);
  CHECK(site.limited("a", "token") == 2);
  CHECK(site.limited("b", "token") == 0);
}

TEST_CASE("events are owed: one large request makes the next ones wait, at most a minute at a time") {
  Site site({.token_events_per_s = 10, .burst_s = 1});
  CHECK(site.wait("a", kOne, 100) == 0);
  site.limiter.spend("a", kOne, 109, Site::at(100));
  CHECK(site.wait("a", kOne, 100) == 10);
  CHECK(site.wait("a", kOne, 109.9) == 1);
  CHECK(site.wait("a", kOne, 110) == 0);
  site.limiter.spend("a", kOne, 1'000'000, Site::at(110));
  CHECK(site.wait("a", kOne, 110) == 60);
}

TEST_CASE("an address has its own rate, whatever its tokens; of IPv6 it is the /64") {
  Site site({.address_requests_per_s = 1, .burst_s = 1});
  CHECK(site.wait("a", kOne, 100) == 0);
  CHECK(site.wait("b", kOne, 100) == 1);
  CHECK(site.wait("a", kTwo, 100) == 0);
  CHECK(site.wait("a", *parse_ip("2001:db8::1"), 100) == 0);
  CHECK(site.wait("a", *parse_ip("2001:db8::2"), 100) == 1);
  CHECK(site.wait("a", *parse_ip("2001:db8:0:1::2"), 100) == 0);
  CHECK(site.limited("b", "address") == 1);
}

TEST_CASE("an address over its rate is not forgotten because many others came") {
  Site site({.address_requests_per_s = 2, .burst_s = 1, .addresses_max = 8});
  for (int i = 0; i < 2; ++i) CHECK(site.wait("a", kOne, 100) == 0);
  CHECK(site.wait("a", kOne, 100) == 1);
  for (std::uint32_t i = 0; i < 100; ++i) CHECK(site.wait("a", IpAddress::from_v4(i), 100) == 0);
  CHECK(site.limiter.addresses() <= 8);
  CHECK(site.wait("a", kOne, 100) == 1);
}

TEST_CASE("a rate below one a second still lets one in, and addresses are bounded") {
  Site site({.address_requests_per_s = 0.1, .burst_s = 1, .addresses_max = 4});
  for (std::uint32_t i = 0; i < 100; ++i) {
    CHECK(site.wait("a", IpAddress::from_v4(i), 100) == 0);
    CHECK(site.limiter.addresses() <= 4);
  }
  CHECK(site.wait("a", IpAddress::from_v4(99), 100) == 10);
  // Those that have all of their burst again are forgotten first.
  for (std::uint32_t i = 200; i < 204; ++i) CHECK(site.wait("a", IpAddress::from_v4(i), 200) == 0);
  CHECK(site.wait("a", IpAddress::from_v4(203), 200) == 10);
}

TEST_CASE("rates may change, be turned on and off") {
  Site site({});
  CHECK(site.wait("a", IpAddress::from_v4(1), 0) == 0);
  site.limiter.use({.token_requests_per_s = 1, .burst_s = 1});
  CHECK(site.wait("a", IpAddress::from_v4(1), 0) == 0);
  CHECK(site.wait("a", IpAddress::from_v4(1), 0) == 1);
  site.limiter.use({});
  CHECK(site.wait("a", IpAddress::from_v4(1), 0) == 0);
}

}  // namespace straykey
