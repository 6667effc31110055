#pragma once
// AWS's address ranges as they are compiled in, for an installation that has not read AWS's own file yet.
//
// Shape:  the whole list that AWS published on one day, neighbours and overlaps joined: 36 KB of text for 3,859
//         prefixes. It is as good as a file of that day, and like a file it grows old.
// Thread: any (constants).
// Source: AWS's ip-ranges.json of the day in `created`; tools/networks/make_builtin_ranges writes the source from it.
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/location/ip_address.h"

namespace straykey {

struct AwsBuiltinRanges {
  std::vector<Prefix> prefixes;  // disjoint, each family in ascending order
  Seconds created = 0;           // when AWS made the list
  // Of which the list has addresses, ascending. Views into constants.
  std::vector<std::string_view> regions;
};

// Reads the text anew at each call, which takes 0.5 ms (2026-11-30).
[[nodiscard]] AwsBuiltinRanges aws_builtin_ranges();

}  // namespace straykey
