#pragma once
// PrefixTable: finds the value of an address in many address ranges that may overlap.
//
// Shape:  the ranges are flattened once into disjoint intervals, and neighbours of one value are joined. IPv4 and IPv6
//         have tables of their own. IPv4 has an index over its upper 16 bits; the intervals between two index entries
//         are searched without branches.
// Order:  where ranges overlap, the one later in the list counts. To make the narrowest count, sort the widest to the
//         front.
// Thread: any (immutable).
// Bounds: 256 KiB for the index; 8 bytes an IPv4 interval, 20 an IPv6 one; at most twice as many intervals as ranges,
//         and one more.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

class PrefixTable {
 public:
  struct Range {
    IpAddress first, last;    // inclusive
    std::uint32_t value = 0;  // 0: as if no range were here
  };

  PrefixTable() : PrefixTable(std::vector<Range>{}) {}
  // A range belongs to the family of its first address. An IPv6 range that covers a part of ::ffff:0:0/96, as ::/80
  // does, says nothing about IPv4. REQUIRES: of each range, first <= last, and last is IPv4 if first is.
  explicit PrefixTable(const std::vector<Range>& ranges);

  // 0: in no range. No allocation.
  [[nodiscard]] std::uint32_t find(const IpAddress& address) const noexcept;
  [[nodiscard]] std::size_t interval_count() const noexcept { return v4_.starts.size() + v6_.starts.size(); }

 private:
  struct Wide {  // an IPv6 address as a number
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const Wide&) const = default;
  };
  template <class Key>
  struct Interval {  // a range before flattening
    Key first{}, last{};
    std::uint32_t value = 0;
  };
  // Interval i reaches from starts[i] to before starts[i + 1]; starts[0] is the lowest address there is.
  template <class Key>
  struct Intervals {
    std::vector<Key> starts;
    std::vector<std::uint32_t> values;
  };

  static Wide wide_of(const IpAddress& address) noexcept;
  static bool advance(std::uint32_t& key) noexcept;
  static bool advance(Wide& key) noexcept;
  template <class Key>
  static Intervals<Key> flatten(std::vector<Interval<Key>> ranges);
  template <class Key>
  static std::size_t last_not_above(const std::vector<Key>& starts, const Key& key, std::size_t base,
                                    std::size_t count) noexcept;
  void build_index();

  Intervals<std::uint32_t> v4_;
  Intervals<Wide> v6_;
  std::vector<std::uint32_t> v4_index_;  // [u]: the interval that holds the address u << 16; at the end: the last one
};

}  // namespace straykey
