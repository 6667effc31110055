// The compiled-in list of AWS's ranges: well formed, whole, and nobody else's.
#include "core/location/aws_builtin_ranges.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace straykey {
namespace {

bool holds(std::string_view text) {
  static const AwsBuiltinRanges ranges = aws_builtin_ranges();
  return std::any_of(ranges.prefixes.begin(), ranges.prefixes.end(),
                     [&](const Prefix& p) { return p.contains(parse_ip(text).value()); });
}

TEST_CASE("the built-in ranges are joined, disjoint and in ascending order, IPv4 first") {
  const auto ranges = aws_builtin_ranges().prefixes;
  CHECK(std::count_if(ranges.begin(), ranges.end(), [](const Prefix& p) { return p.first.is_v4(); }) > 1'000);
  CHECK(std::count_if(ranges.begin(), ranges.end(), [](const Prefix& p) { return !p.first.is_v4(); }) > 1'000);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    const Prefix &before = ranges[i - 1], &here = ranges[i];
    CAPTURE(here.text());
    CHECK(before.last() < here.first);
    // Two halves of one prefix would be one entry.
    if (before.length == here.length && here.length > 0)
      CHECK(prefix_of(before.first, here.length - 1) != prefix_of(here.first, here.length - 1));
  }
}

TEST_CASE("the built-in ranges have the date of AWS's list") {
  CHECK(aws_builtin_ranges().created >= parse_time("2026-08-22T21:17:05Z").value());
}

TEST_CASE("the built-in ranges hold AWS's blocks of both families, large and small") {
  for (const char* text : {"52.0.0.1", "54.240.236.1", "3.4.12.12", "18.192.0.1", "3.8.0.1", "2600:1f18::1",
                           "2406:da14::1", "2a05:d018::1", "2400:6500:0:9::1"}) {
    CAPTURE(text);
    CHECK(holds(text));
  }
}

TEST_CASE("the built-in ranges hold nobody else's addresses") {
  for (const char* text :
       {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "8.8.8.8",
        "1.1.1.1", "51.4.0.1", "52.96.0.1", "52.128.0.1", "54.0.0.1", "fd00::1", "fe80::1", "::1"}) {
    CAPTURE(text);
    CHECK_FALSE(holds(text));
  }
}

}  // namespace
}  // namespace straykey
