// The compiled-in table of AWS ranges: well formed, and it knows the blocks that matter.
#include "core/location/aws_builtin_ranges.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace straykey {
namespace {

bool holds(std::string_view text) {
  const auto ranges = aws_builtin_ranges();
  return std::any_of(ranges.begin(), ranges.end(), [&](const Prefix& p) { return p.contains(parse_ip(text).value()); });
}

TEST_CASE("the built-in ranges are disjoint and in ascending order within each family") {
  const auto ranges = aws_builtin_ranges();
  REQUIRE(ranges.size() > 100);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    CAPTURE(ranges[i].text());
    if (ranges[i - 1].first.is_v4() == ranges[i].first.is_v4()) CHECK(ranges[i - 1].last() < ranges[i].first);
  }
}

TEST_CASE("the built-in ranges hold large AWS blocks of both families") {
  CHECK(holds("52.0.0.1"));
  CHECK(holds("54.239.255.255"));
  CHECK(holds("18.192.0.1"));
  CHECK(holds("2600:1f18::1"));
  CHECK(holds("2406:da14::1"));
  CHECK(holds("2a05:d018::1"));
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
