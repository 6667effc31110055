#pragma once
// Networks by number from a MaxMind database, as ranges.
//
// Shape:  a record names its system by `autonomous_system_number` (GeoLite2-ASN, DB-IP, GeoIP2-ISP), the same below
//         `traits` (GeoIP2-Enterprise) or `asn` (IPinfo), as a number or as text such as "AS64511". A record without
//         one is left out. The tree is walked once; nothing of the file stays open. IPv4 is read from ::/96; the
//         places where such a database repeats it (6to4, Teredo, IPv4-mapped) are left out.
// Bounds: no more steps than the file says it has nodes, so a tree that loops is an error.
// Errors: one sentence that names the file, what was expected and what was found.
// Source: https://maxmind.github.io/MaxMind-DB/ (version 2.0); records looked at 2026-11-29 in maxmind/MaxMind-DB
//         test-data (GeoLite2-ASN, GeoIP2-ISP, GeoIP2-Enterprise) and ipinfo/sample-database (Lite, Core, Plus, ASN).
#include <string>

#include "core/base/result.h"
#include "tools/networks/asn_range_list.h"

namespace straykey {

struct MaxmindFile {
  std::string path;  // what is opened
  std::string name;  // what an error calls it
};
// Adds its networks, ascending. REQUIRES: the caller has checked the size of the file.
[[nodiscard]] Status read_maxmind_asns(const MaxmindFile& file, AsnRangeList& list);

}  // namespace straykey
