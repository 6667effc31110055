#pragma once
// Networks by number from a MaxMind database (GeoLite2-ASN and its like), as ranges.
//
// Shape:  the tree is walked once; nothing of the file stays open. IPv4 is read from ::/96; the places where such a
//         database repeats it (6to4, Teredo, IPv4-mapped) are left out.
// Bounds: no more steps than the file says it has nodes, so a tree that loops is an error.
// Errors: one sentence that names the file, what was expected and what was found.
// Source: https://maxmind.github.io/MaxMind-DB/ (version 2.0)
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/location/network_map.h"

namespace straykey {

// REQUIRES: the caller has checked the size of the file.
[[nodiscard]] Result<std::vector<AsnRange>> read_maxmind_asns(const std::string& path);

}  // namespace straykey
