// AsnRangeList: joining of neighbours.
#include "tools/networks/asn_range_list.h"

#include <algorithm>

namespace straykey {
namespace {

// The address behind this one; nothing follows the highest one, and the highest of IPv4 is followed by none of IPv4.
bool is_next(const IpAddress& address, const IpAddress& next) noexcept {
  IpAddress behind = address;
  for (std::size_t i = behind.bytes.size(); i-- > 0;) {
    if (++behind.bytes[i] != 0) return behind == next && behind.is_v4() == address.is_v4();
  }
  return false;
}

}  // namespace

Error no_asn_file(std::string_view name, std::string_view found) {
  return {std::string(name) + ": expected networks with their AS numbers, found " + std::string(found) +
          "; downloads that work are IPinfo Lite and GeoLite2-ASN (MMDB or CSV), DB-IP IP to ASN Lite (CSV or MMDB), "
          "IP2Location LITE ASN (CSV) and iptoasn.com (TSV), each also as .gz"};
}

bool AsnRangeList::continues_last(const AsnRange& range) const noexcept {
  if (!joins_ || ranges_.empty()) return false;
  const AsnRange& last = ranges_.back();
  return last.asn == range.asn && last.name == range.name && is_next(last.last, range.first);
}

bool AsnRangeList::add(AsnRange range) {
  Family& family = range.first.is_v4() ? v4_ : v6_;
  if (family.seen && range.first <= family.last) disordered_ = true;
  family.last = family.seen ? std::max(family.last, range.last) : range.last;
  family.seen = true;
  names_a_system_ = names_a_system_ || range.asn != 0;
  if (continues_last(range)) {
    ranges_.back().last = range.last;
    joined_ = true;
    return true;
  }
  if (ranges_.size() == ranges_max_) return false;
  ranges_.push_back(std::move(range));
  return true;
}

}  // namespace straykey
