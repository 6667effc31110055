#pragma once
// The coarse table of AWS address ranges that a fresh install works with until it has read AWS's own file.
//
// Shape:  large blocks only, IPv4 /8 to /15 and IPv6. It misses much, and claims almost nothing that is not AWS's. An
//         address that is wrongly inside would never be reported; one that is wrongly outside is reported at the weak
//         tier and said to be uncertain.
// Thread: any (constants).
// Source: derived from AWS's published ranges of 2026-08-22. IPv4: the 130 largest blocks of which at least 98 % are
//         published; they hold 79.4 % of the published addresses, and 0.11 % of what they hold is not published.
//         IPv6: blocks that the registries allocated to AWS or its operators in China, and the largest published ones
//         outside of these; 98.5 % of the published addresses. An allocation is its holder's whole, though only 2 % of
//         the addresses in these are published today.
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

// Disjoint, each family in ascending order.
[[nodiscard]] std::vector<Prefix> aws_builtin_ranges();

}  // namespace straykey
