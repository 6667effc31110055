#pragma once
// The simulated Internet: which addresses are AWS's, and who owns the others.
//
// Shape:  it uses only addresses that belong to nobody. AWS: 198.18.0.0/16, 192.0.2.0/25, 2001:db8:a000::/36. The
//         world: 198.19.0.0/16, 198.51.100.0/24, 203.0.113.0/24 and 2001:db8:f000::/36, each network with a
//         documentation ASN.
// Thread: any (immutable).
// Source: RFC 5737, RFC 2544, RFC 3849, RFC 5398; the layout of AWS's published ip-ranges.json.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace straykey {

// The networks of the stories, by ASN.
namespace asn {
inline constexpr std::uint32_t kHostingOne = 64496, kHostingTwo = 64497, kVpn = 64498, kOffice = 64499, kHome = 64500;
inline constexpr std::uint32_t kPartner = 64501, kDatacentre = 64502, kBuildHosting = 64503, kSaas = 64504,
                               kHotel = 64505;
inline constexpr std::uint32_t kHostingThree = 64506, kHostingSix = 64507;  // kHostingSix: IPv6 only
// 65536 + n, n < 16: small hosters, each in one story.
inline constexpr std::uint32_t kHoster = 65536;
}  // namespace asn

// The prefix of the datacentre's egress, which the operator of this organisation would list in networks.trusted.
inline constexpr std::string_view kTrustedPrefix = "203.0.113.192/27";

// An address of the network's `prefix_index`-th prefix; the same `host` gives the same address.
// REQUIRES: the network has that prefix.
[[nodiscard]] std::string external_address(std::uint32_t asn, unsigned prefix_index, std::uint64_t host);

// A public address of AWS in `region`. A region that is not simulated counts as the first that is.
[[nodiscard]] std::string aws_address(std::string_view region, std::uint64_t host);
[[nodiscard]] std::string aws_address_v6(std::string_view region, std::uint64_t host);
// Amazon's by its ASN, but not (yet) in the ranges file.
[[nodiscard]] std::string aws_address_by_asn_only(std::uint64_t host);

// For networks.hosting_asn: the quoted AS numbers of the networks where anybody may rent an address.
[[nodiscard]] std::string hosting_asn_list();

// The ranges file in AWS's form; `created` becomes createDate.
[[nodiscard]] std::string ip_ranges_json(Seconds created);
// `start,end,asn,name` lines.
[[nodiscard]] std::string asn_csv();

}  // namespace straykey
