#include "core/base/time.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

TEST_CASE("time: CloudTrail's form is read to the second") {
  CHECK_EQ(parse_time("2013-01-01T00:00:00Z"), Seconds{1'356'998'400});
  CHECK_EQ(parse_time("2024-02-29T23:59:59Z"), Seconds{1'709'251'199});
  CHECK_EQ(parse_time("2099-12-31T23:59:59Z"), Seconds{4'102'444'799});
}

TEST_CASE("time: a fraction is dropped and a leap second is the second before it") {
  CHECK_EQ(parse_time("2024-02-29T23:59:58.999Z"), parse_time("2024-02-29T23:59:58Z"));
  CHECK_EQ(parse_time("2024-02-29T23:59:58.123456789012Z"), parse_time("2024-02-29T23:59:58Z"));
  CHECK_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2016-12-31T23:59:59Z"));
}

TEST_CASE("time: nothing else is a time") {
  for (const char* text : {"",
                           "2024",
                           "2024-02-29",
                           "2024-02-29 23:59:59Z",
                           "2024-02-29T23:59:59",
                           "2024-02-29T23:59:59z",
                           "2024-02-29T23:59:59+00:00",
                           "2024-02-29T23:59:59.Z",
                           "2024-02-29T23:59:59.1x2Z",
                           "2024-02-29T23:59:59,1Z",
                           "2023-02-29T00:00:00Z",
                           "2024-04-31T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-00T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:61Z",
                           "2012-12-31T23:59:59Z",
                           "2100-01-01T00:00:00Z",
                           "20x4-01-01T00:00:00Z",
                           "2024-01-01T0-:00:00Z",
                           " 2024-01-01T00:00:00Z",
                           "2024-01-01T00:00:00Z ",
                           "2024-1-01T00:00:00ZZZ"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}

TEST_CASE("time: every prefix of a time is refused and none reads beyond its end") {
  const std::string whole = "2024-02-29T23:59:58.123Z";
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(parse_time(std::string(whole, 0, size)).has_value());
}

TEST_CASE("time: a day begins at midnight UTC") {
  CHECK_EQ(day_of(*parse_time("2024-03-01T00:00:00Z")), day_of(*parse_time("2024-02-29T23:59:59Z")) + 1);
  CHECK_EQ(day_of(*parse_time("2024-03-01T23:59:59Z")), *parse_day("2024-03-01"));
}

TEST_CASE("time: a day is read in one form only") {
  CHECK_EQ(parse_day("2024-02-29"), Day{19'782});
  for (const char* text : {"", "2024-2-29", "2023-02-29", "2024-02-29Z", "2024/02/29", "2012-12-31"})
    CHECK_FALSE(parse_day(text).has_value());
}

TEST_CASE("time: what is written reads back, on every day from 2013 to 2099") {
  for (Day day = *parse_day("2013-01-01"); day <= *parse_day("2099-12-31"); ++day) {
    const Seconds time = Seconds{day} * kSecondsPerDay + day % kSecondsPerDay;
    REQUIRE_EQ(parse_time(format_time(time)), time);
    REQUIRE_EQ(parse_day(format_day(day)), day);
  }
  CHECK_EQ(format_time(1'795'316'645), "2026-11-22T03:04:05Z");
  CHECK_EQ(format_day(20'779), "2026-11-22");
}

}  // namespace
}  // namespace straykey
