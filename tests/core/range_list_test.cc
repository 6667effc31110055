#include "core/location/range_list.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

std::string read(std::string_view text) {
  std::string out;
  for (const Prefix& prefix : read_range_list(text)) out += prefix.text() + " ";
  return out;
}

TEST_CASE("a range list: groups that are missing at the end of a prefix are zero") {
  CHECK(read("192 0.2/24") == "192.0.2.0/24 ");
  CHECK(read("10 0/8 64/10 1.2.3/32") == "10.0.0.0/8 10.64.0.0/10 10.1.2.3/32 ");
  CHECK(read("2001:db8 0/32 1000/36 0:0:3/80") == "2001:db8::/32 2001:db8:1000::/36 2001:db8:0:0:3::/80 ");
  CHECK(read("2001:db8 0:9:0:0:0:1/128 0:9:0:0:1/112") == "2001:db8:0:9::1/128 2001:db8:0:9::1:0/112 ");
}

TEST_CASE("a range list: a head holds until the next, wherever lines end") {
  CHECK(read("\n198 51.100/25\n51.100.128/25\n203\n0.113/24 2001:db8 1/48\n") ==
        "198.51.100.0/25 198.51.100.128/25 203.0.113.0/24 2001:db8:1::/48 ");
  CHECK(read("").empty());
  CHECK(read(" \n ").empty());
}

}  // namespace
}  // namespace straykey
