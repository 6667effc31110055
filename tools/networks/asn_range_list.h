#pragma once
// AsnRangeList: the networks of one file as they are read, neighbours of one system joined.
//
// Shape:  a range that begins where the one before it ends, with the same number and name, lengthens that one. So a
//         download that splits networks by country or city (IPinfo Lite) needs no more memory than one that does not.
// Order:  joining changes no look-up while the ranges of a family ascend without overlap. Where they do not, a joined
//         range is wider than its parts and "the narrowest counts" would say something else; the file is then read
//         once more without joining (collect_asn_ranges).
// Bounds: kAsnRangesMax after joining. Measured 2026-11-30 (release flags): a made-up iptoasn.com table of 700,000 rows
//         is read in 0.6 s with a peak of 104 MB for the process, its NetworkMap is built in 1.2 s with 181 MB; IPinfo
//         Lite with 4,000,000 rows (407 MB) in 3.5 s with 100 MB; kAsnRangesMax ranges in 2.4 s with 461 MB, and the
//         map in 7 s with 962 MB.
// Thread: one (a value).
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/location/network_map.h"

namespace straykey {

inline constexpr std::size_t kAsnRangesMax = 4'000'000;
inline constexpr std::size_t kAsNameBytesMax = 256;

// "X: expected networks with their AS numbers, found {found}; downloads that work are ...".
[[nodiscard]] Error no_asn_file(std::string_view name, std::string_view found);

class AsnRangeList {
 public:
  explicit AsnRangeList(bool joins, std::size_t ranges_max = kAsnRangesMax) : joins_(joins), ranges_max_(ranges_max) {}

  // False if the list is full. REQUIRES: first <= last, both of one family.
  [[nodiscard]] bool add(AsnRange range);
  // Some were joined, and some overlap or do not ascend.
  [[nodiscard]] bool joined_in_vain() const noexcept { return joined_ && disordered_; }
  [[nodiscard]] bool names_a_system() const noexcept { return names_a_system_; }
  [[nodiscard]] std::vector<AsnRange> release() { return std::move(ranges_); }

 private:
  [[nodiscard]] bool continues_last(const AsnRange& range) const noexcept;

  bool joins_;
  std::size_t ranges_max_;
  bool joined_ = false;
  bool disordered_ = false;
  bool names_a_system_ = false;
  struct Family {
    bool seen = false;
    IpAddress last;
  };
  Family v4_, v6_;
  std::vector<AsnRange> ranges_;
};

// `fill` is a `Status(AsnRangeList&)` that reads the file from its beginning; it is called a second time where joining
// was in vain.
template <class Fill>
[[nodiscard]] Result<std::vector<AsnRange>> collect_asn_ranges(std::string_view name, Fill fill) {
  for (const bool joins : {true, false}) {
    AsnRangeList list(joins);
    if (Status status = fill(list); !status) return status.error();
    if (list.joined_in_vain()) continue;
    if (!list.names_a_system()) return no_asn_file(name, "no network with an AS number");
    return list.release();
  }
  INVARIANT(false);
}

}  // namespace straykey
