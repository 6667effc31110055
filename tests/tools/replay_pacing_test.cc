// When requests should go, and in which order connections get them.
#include "tools/replay/pacing.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tools/replay/request_queue.h"

using namespace straykey;

TEST_CASE("a rate spaces requests by their events") {
  SendPlan plan(parse_rate("1000").value());
  CHECK(plan.due_s(0, 0) == 0);
  CHECK(plan.due_s(500, 0) == doctest::Approx(0.5));
  CHECK(plan.due_s(10'000, 0) == doctest::Approx(10));
}

TEST_CASE("a ramp has sent its area when it ends, and goes on at its last rate") {
  SendPlan up(parse_ramp("100:300:10").value());
  CHECK(up.due_s(0, 0) == 0);
  CHECK(up.due_s(125, 0) == doctest::Approx(1.12372).epsilon(0.0001));  // 100 t + 10 t^2 = 125
  CHECK(up.due_s(2'000, 0) == doctest::Approx(10));
  CHECK(up.due_s(2'300, 0) == doctest::Approx(11));
  SendPlan down(parse_ramp("300:100:10").value());
  CHECK(down.due_s(2'000, 0) == doctest::Approx(10));
  SendPlan flat(parse_ramp("100:100:10").value());
  CHECK(flat.due_s(50, 0) == doctest::Approx(0.5));
}

TEST_CASE("a speed follows the events' times and never goes back") {
  SendPlan plan(parse_speed("60x").value());
  CHECK(plan.due_s(0, 1'000'000) == 0);
  CHECK(plan.due_s(1, 1'000'600) == doctest::Approx(10));
  CHECK(plan.due_s(2, 1'000'300) == doctest::Approx(10));
  CHECK(plan.due_s(3, 1'001'200) == doctest::Approx(20));
}

TEST_CASE("texts that are no pacing are refused with an example") {
  for (const std::string text : {"", "0", "-1", "1e99", "fast", "10x"}) CHECK_FALSE(parse_rate(text).ok());
  for (const std::string text : {"", "1:2", "1:2:0", "a:b:c", "1:2:3:4"}) CHECK_FALSE(parse_ramp(text).ok());
  for (const std::string text : {"", "x", "0x", "60y"}) CHECK_FALSE(parse_speed(text).ok());
  CHECK(parse_speed("60").value().speed == 60);
}

namespace {

OutgoingRequest of_day(Day day) {
  OutgoingRequest request;
  request.day = day;
  return request;
}

}  // namespace

TEST_CASE("requests of a day go over several connections at once; those of the next day come behind all of them") {
  RequestQueue queue({.capacity = 8, .in_order = true});
  for (const Day day : {1U, 1U, 2U}) REQUIRE(queue.put(of_day(day)));
  queue.close();
  CHECK(queue.pop()->request.day == 1);
  CHECK(queue.pop()->request.day == 1);
  queue.finish({.accepted = 3});
  queue.finish({.accepted = 4, .rejected = 1});
  const auto next = queue.pop();
  REQUIRE(next.has_value());
  CHECK(next->request.day == 2);
  CHECK(next->eligible_s > 0);
  queue.finish({});
  CHECK_FALSE(queue.pop().has_value());
  CHECK(queue.counts().accepted == 7);
  CHECK(queue.counts().answered() == 8);
}

TEST_CASE(
    "the time in which everybody waits for the next request is the generator's; before the first and behind the last "
    "is not") {
  RequestQueue queue({.capacity = 8, .in_order = true});
  REQUIRE(queue.put(of_day(1)));
  CHECK(queue.pop().has_value());
  CHECK(queue.starved_s() == 0);
  queue.finish({});
  REQUIRE(queue.put(of_day(1)));
  const double starved_s = queue.starved_s();
  CHECK(starved_s > 0);
  REQUIRE(queue.put(of_day(1)));  // one waits already
  CHECK(queue.pop().has_value());
  queue.finish({});
  CHECK(queue.pop().has_value());
  queue.close();
  queue.finish({});
  CHECK(queue.starved_s() == starved_s);
}

TEST_CASE("without order a request of the next day does not wait") {
  RequestQueue queue({.capacity = 8, .in_order = false});
  for (const Day day : {1U, 2U}) REQUIRE(queue.put(of_day(day)));
  CHECK(queue.pop()->request.day == 1);
  CHECK(queue.pop()->request.day == 2);
}

TEST_CASE("a plan's clock starts when the queue is full, or when that is all") {
  RequestQueue queue({.capacity = 2, .in_order = true});
  CHECK_FALSE(queue.wait_until_filled(0));
  REQUIRE(queue.put(of_day(1)));
  CHECK_FALSE(queue.wait_until_filled(0));
  REQUIRE(queue.put(of_day(1)));
  CHECK(queue.wait_until_filled(0));
  RequestQueue short_one({.capacity = 2, .in_order = true});
  REQUIRE(short_one.put(of_day(1)));
  short_one.close();
  CHECK(short_one.wait_until_filled(0));
}

TEST_CASE("a stopped queue takes and gives nothing") {
  RequestQueue queue({.capacity = 1, .in_order = true});
  REQUIRE(queue.put(of_day(1)));
  queue.stop();
  CHECK_FALSE(queue.pop().has_value());
  CHECK_FALSE(queue.put(of_day(1)));
}
