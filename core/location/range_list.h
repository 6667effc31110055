#pragma once
// Reads prefixes from a text that is short enough to be compiled in.
//
// Shape:  words. A word without "/" is a head: the first group of IPv4 addresses ("3") or the first two groups of IPv6
//         addresses ("2600:1f18"). Each word behind it is the rest of a prefix with that head, and groups that are
//         missing at its end are zero: "3 8/13" is 3.8.0.0/13, "2600:1f18 1000/36" is 2600:1f18:1000::/36.
// Thread: any (a function of its argument).
// Errors: none. The text is the project's own, so a word that is no prefix stops the process.
#include <string_view>
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

[[nodiscard]] std::vector<Prefix> read_range_list(std::string_view text);

}  // namespace straykey
