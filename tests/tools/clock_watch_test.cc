#include "tools/server/clock_watch.h"

#include <doctest/doctest.h>

#include <memory>

namespace straykey {
namespace {

constexpr Seconds kNow = 1'750'000'000;

std::unique_ptr<Request> request_of(std::size_t events, std::size_t from_future) {
  auto request = std::make_unique<Request>();
  for (std::size_t i = 0; i < events; ++i) {
    Event event;
    event.record = R"({"eventTime":"2025-06-15T18:00:00Z","eventName":"ListBuckets"})";
    event.from_future = i < from_future;
    request->events.push_back(event);
  }
  return request;
}

TEST_CASE("clock watch: more than a twentieth of a request's events from the future is found, with their time") {
  ClockWatch watch;
  CHECK_FALSE(watch.look_at(*request_of(0, 0), kNow).has_value());
  CHECK_FALSE(watch.look_at(*request_of(100, 0), kNow).has_value());
  CHECK_FALSE(watch.look_at(*request_of(100, 5), kNow).has_value());
  const auto finding = watch.look_at(*request_of(100, 6), kNow);
  REQUIRE(finding.has_value());
  CHECK_EQ(finding->events, 100);
  CHECK_EQ(finding->from_future, 6);
  CHECK_EQ(finding->event_time, "2025-06-15T18:00:00Z");
}

TEST_CASE("clock watch: it is said once an hour, and again when the clock was set back") {
  ClockWatch watch;
  const std::unique_ptr<Request> request = request_of(1, 1);
  const Request& odd = *request;
  CHECK(watch.look_at(odd, kNow).has_value());
  CHECK_FALSE(watch.look_at(odd, kNow + 1).has_value());
  CHECK_FALSE(watch.look_at(odd, kNow + ClockWatch::kWarnEveryS - 1).has_value());
  CHECK(watch.look_at(odd, kNow + ClockWatch::kWarnEveryS).has_value());
  CHECK(watch.look_at(odd, kNow - 86'400).has_value());
}

}  // namespace
}  // namespace straykey
