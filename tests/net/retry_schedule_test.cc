#include "net/deliver/retry_schedule.h"

#include <doctest/doctest.h>

#include <array>

using namespace straykey;

namespace {

using Kind = RetryDecision::Kind;

RetryDecision after(FailedAttempt failed) {
  return decide_retry(RetryPolicy{}, failed);
}

Seconds wait_after(std::uint32_t attempts, double jitter = 0.5) {
  const RetryDecision decision = after({.attempts = attempts, .http_status = 500, .jitter = jitter});
  REQUIRE(decision.kind == Kind::retry);
  return decision.wait_s;
}

}  // namespace

TEST_CASE("the waits are those of the schedule, then hourly for ever") {
  constexpr std::array<Seconds, 9> kWaits{5, 300, 1'800, 7'200, 18'000, 36'000, 50'400, 72'000, 86'400};
  for (std::uint32_t attempts = 1; attempts <= kWaits.size(); ++attempts)
    CHECK_EQ(wait_after(attempts), kWaits[attempts - 1]);
  CHECK_EQ(wait_after(10), 3'600);
  CHECK_EQ(wait_after(100'000), 3'600);
}

TEST_CASE("jitter moves a wait by a fifth either way and no further") {
  CHECK_EQ(wait_after(2, 0.0), 240);
  CHECK_EQ(wait_after(2, 1.0), 360);
  CHECK_EQ(wait_after(9, 0.0), 69'120);
  CHECK_EQ(wait_after(9, 1.0), 103'680);
}

TEST_CASE("every status means what the design says") {
  for (const int status : {200, 201, 202, 204, 299})
    CHECK(answer_of(static_cast<std::uint16_t>(status)) == Answer::success);
  for (const int status : {0, 301, 302, 307, 308, 408, 425, 429, 500, 502, 503, 504, 599})
    CHECK(answer_of(static_cast<std::uint16_t>(status)) == Answer::again);
  for (const int status : {400, 401, 403, 404, 405, 409, 411, 413, 422, 451, 499})
    CHECK(answer_of(static_cast<std::uint16_t>(status)) == Answer::refused);
  CHECK(answer_of(410) == Answer::gone);
}

TEST_CASE("a refused delivery is dead after three refusals, a failing one never") {
  CHECK(after({.attempts = 1, .refusals = 1, .http_status = 404}).kind == Kind::retry);
  CHECK(after({.attempts = 2, .refusals = 2, .http_status = 404}).kind == Kind::retry);
  CHECK(after({.attempts = 3, .refusals = 3, .http_status = 404}).kind == Kind::dead);
  CHECK(after({.attempts = 9, .refusals = 1, .http_status = 404}).kind == Kind::retry);
  CHECK(after({.attempts = 5'000, .refusals = 0, .http_status = 503}).kind == Kind::retry);
  CHECK(after({.attempts = 5'000, .refusals = 0, .http_status = 0}).kind == Kind::retry);
}

TEST_CASE("410 pauses the endpoint at the first answer") {
  CHECK(after({.attempts = 1, .refusals = 0, .http_status = 410}).kind == Kind::pause);
}

TEST_CASE("Retry-After lengthens a wait up to an hour and never shortens one") {
  const auto wait = [](std::uint32_t attempts, Seconds asked_s) {
    return after({.attempts = attempts, .http_status = 429, .retry_after_s = asked_s}).wait_s;
  };
  CHECK_EQ(wait(1, 120), 120);
  CHECK_EQ(wait(1, 3'600), 3'600);
  CHECK_EQ(wait(1, 86'400), 3'600);
  CHECK_EQ(wait(1, 0), 5);
  CHECK_EQ(wait(1, -5), 5);
  CHECK_EQ(wait(5, 60), 18'000);
}

TEST_CASE("Retry-After is read as seconds or as a date") {
  constexpr Seconds kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT
  CHECK(parse_retry_after("120", kNow) == 120);
  CHECK(parse_retry_after("0", kNow) == 0);
  CHECK(parse_retry_after("99999999999999999999999999", kNow) == kSecondsPerDay);
  CHECK(parse_retry_after("Tue, 14 Nov 2023 22:15:20 GMT", kNow) == 120);
  CHECK(parse_retry_after("Tue, 14 Nov 2023 22:00:00 GMT", kNow) == 0);
  CHECK(parse_retry_after("Fri, 31 Dec 2098 23:59:59 GMT", kNow) == kSecondsPerDay);
}

TEST_CASE("anything else in Retry-After is ignored") {
  for (const char* text :
       {"", "-1", "+5", " 5", "5 ", "1.5", "0x10", "soon", "Tue, 14 Nov 2023 22:15:20 UTC",
        "Tue, 14 Xyz 2023 22:15:20 GMT", "Tue, 99 Nov 2023 22:15:20 GMT", "Tue,14 Nov 2023 22:15:20 GMT",
        "Tuesday, 14-Nov-23 22:15:20 GMT", "Tue, 14 Nov 2023 22-15-20 GMT"})
    CHECK_MESSAGE(!parse_retry_after(text, 1'700'000'000), text);
}
