#pragma once
// NetworkMap: where a call came from, by its address alone.
//
// Shape:  immutable once built; a reload builds another and swaps the pointer.
// Order:  the classes are tried in this order: untrusted, no place, trusted, private, AWS, external. The first that
//         holds the address counts. The owner of a VPC endpoint cannot be told from an address: the merger judges it.
// Thread: any (immutable).
// Bounds: networks and AS names are what the operator's files hold.
// Source: IPv4-mapped addresses and NAT64 (64:ff9b::/96, RFC 6052) are judged by the IPv4 address within.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/location/ip_address.h"

namespace straykey {

enum class SourceClass : std::uint8_t {
  // No place: a service name, "AWS Internal", nonsense, or an address that nobody calls from (unspecified, multicast,
  // broadcast, 240/4). Such a call may have come from anywhere.
  service,
  private_range,     // RFC 1918, 100.64/10, ULA, link-local, loopback
  foreign_endpoint,  // through a VPC endpoint whose owner is not one of our accounts (set by the merger only)
  aws,               // in AWS's ranges, or an Amazon ASN
  own,               // networks.trusted
  external,          // any other public address, and networks.untrusted
};
// "service", "private", "foreign_endpoint", "aws", "own", "external".
[[nodiscard]] std::string_view name_of(SourceClass source_class) noexcept;

struct AsnRange {
  IpAddress first, last;  // inclusive
  std::uint32_t asn = 0;
  std::string name;
};

// Everything a NetworkMap is built from, as values; the files are read in tools.
struct NetworkInputs {
  std::vector<Prefix> trusted, untrusted;
  std::vector<Prefix> aws_ranges;             // empty: the ranges that are compiled in, with their own date
  std::optional<Seconds> aws_ranges_created;  // createDate of the file
  // The Regions of which the file has addresses. Empty: it names none, and is taken to hold all.
  std::set<std::string, std::less<>> aws_regions;
  // The ranges may stand in any order. Of overlapping ranges the narrowest counts. asn 0 says that nobody is known
  // there. REQUIRES: first <= last, and last is IPv4 if first is.
  std::vector<AsnRange> asns;
};

struct Place {
  SourceClass source_class = SourceClass::service;
  bool listed_untrusted = false;
  std::uint32_t asn = 0;     // 0: unknown
  std::string_view as_name;  // lives as long as the map
  // True if the address is external only because AWS's ranges do not hold it: it has no known ASN and is not listed as
  // untrusted. Whether that caps the verdict depends on the ranges: NetworkMap::aws_ranges_tell.
  bool only_absent_from_aws = false;
};

class NetworkMap {
 public:
  explicit NetworkMap(NetworkInputs inputs);
  ~NetworkMap();
  NetworkMap(const NetworkMap&) = delete;
  NetworkMap& operator=(const NetworkMap&) = delete;

  [[nodiscard]] Place locate(const IpAddress& address) const noexcept;
  // Place{service} if `source_ip` is no address.
  [[nodiscard]] Place locate(std::string_view source_ip) const noexcept;

  // False for days more than 30 days after the date of the ranges, and if they have none.
  [[nodiscard]] bool aws_ranges_known_on(Day day) const noexcept;
  // False for a Region of which the ranges hold no address: it is younger than they are. "" is no Region.
  [[nodiscard]] bool aws_ranges_hold(std::string_view region) const noexcept;
  // Whether an address that the ranges lack is not AWS's, as far as a call of that day in that Region shows.
  [[nodiscard]] bool aws_ranges_tell(Day day, std::string_view region) const noexcept {
    return aws_ranges_known_on(day) && aws_ranges_hold(region);
  }
  [[nodiscard]] bool uses_builtin_aws_ranges() const noexcept;
  [[nodiscard]] std::optional<Seconds> aws_ranges_created() const noexcept;
  [[nodiscard]] std::size_t aws_range_count() const noexcept;
  [[nodiscard]] std::size_t asn_range_count() const noexcept;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

// The network of an external address by prefix: /24 or /48, as text.
[[nodiscard]] std::string prefix_network(const IpAddress& address);
// "AS64511".
[[nodiscard]] std::string asn_network(std::uint32_t asn);

}  // namespace straykey
