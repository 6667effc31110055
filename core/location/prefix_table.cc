// PrefixTable: flattening of overlapping ranges, and the search.
#include "core/location/prefix_table.h"

#include <algorithm>
#include <limits>
#include <queue>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kIndexSize = std::size_t{1} << 16;

}  // namespace

PrefixTable::Wide PrefixTable::wide_of(const IpAddress& address) noexcept {
  Wide wide;
  for (std::size_t i = 0; i < 8; ++i) {
    wide.high = wide.high << 8 | address.bytes[i];
    wide.low = wide.low << 8 | address.bytes[8 + i];
  }
  return wide;
}

// Goes on to the next address; false at the end of the address space.
bool PrefixTable::advance(std::uint32_t& key) noexcept {
  return ++key != 0;
}
bool PrefixTable::advance(Wide& key) noexcept {
  if (++key.low != 0) return true;
  return ++key.high != 0;
}

// Sweeps over all points where a range begins or has just ended. The open ranges are on a heap, the latest on top.
template <class Key>
PrefixTable::Intervals<Key> PrefixTable::flatten(std::vector<Interval<Key>> ranges) {
  std::vector<Key> points = {Key{}};
  for (const Interval<Key>& range : ranges) {
    points.push_back(range.first);
    Key behind = range.last;
    if (advance(behind)) points.push_back(behind);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());

  std::vector<std::size_t> by_first(ranges.size());
  for (std::size_t i = 0; i < by_first.size(); ++i) by_first[i] = i;
  std::stable_sort(by_first.begin(), by_first.end(),
                   [&](std::size_t a, std::size_t b) { return ranges[a].first < ranges[b].first; });

  Intervals<Key> result;
  std::priority_queue<std::size_t> open;
  auto next = by_first.begin();
  for (const Key& point : points) {
    for (; next != by_first.end() && ranges[*next].first == point; ++next) open.push(*next);
    while (!open.empty() && ranges[open.top()].last < point) open.pop();
    const std::uint32_t value = open.empty() ? 0 : ranges[open.top()].value;
    if (!result.values.empty() && result.values.back() == value) continue;
    result.starts.push_back(point);
    result.values.push_back(value);
  }
  result.starts.shrink_to_fit();
  result.values.shrink_to_fit();
  return result;
}

// Among `count` starts from `base` on, finds the last that is not above `key`. REQUIRES: starts[base] <= key, count >
// 0.
template <class Key>
std::size_t PrefixTable::last_not_above(const std::vector<Key>& starts, const Key& key, std::size_t base,
                                        std::size_t count) noexcept {
  const Key* const all = starts.data();
  while (count > 1) {
    const std::size_t half = count / 2;
    base = all[base + half] <= key ? base + half : base;
    count -= half;
  }
  return base;
}

PrefixTable::PrefixTable(const std::vector<Range>& ranges) {
  std::vector<Interval<std::uint32_t>> v4;
  std::vector<Interval<Wide>> v6;
  for (const Range& range : ranges) {
    INVARIANT(range.first <= range.last);
    INVARIANT(!range.first.is_v4() || range.last.is_v4());
    if (range.first.is_v4()) {
      v4.push_back({range.first.v4(), range.last.v4(), range.value});
    } else {
      v6.push_back({wide_of(range.first), wide_of(range.last), range.value});
    }
  }
  v4_ = flatten(std::move(v4));
  v6_ = flatten(std::move(v6));
  build_index();
}

void PrefixTable::build_index() {
  INVARIANT(v4_.starts.size() < std::numeric_limits<std::uint32_t>::max());
  v4_index_.resize(kIndexSize + 1);
  std::size_t interval = 0;
  for (std::size_t upper = 0; upper < kIndexSize; ++upper) {
    while (interval + 1 < v4_.starts.size() && v4_.starts[interval + 1] <= upper << 16) ++interval;
    v4_index_[upper] = static_cast<std::uint32_t>(interval);
  }
  v4_index_[kIndexSize] = static_cast<std::uint32_t>(v4_.starts.size() - 1);
}

std::uint32_t PrefixTable::find(const IpAddress& address) const noexcept {
  if (!address.is_v4()) {
    return v6_.values[last_not_above(v6_.starts, wide_of(address), 0, v6_.starts.size())];
  }
  const std::uint32_t key = address.v4();
  const std::size_t base = v4_index_[key >> 16];
  return v4_.values[last_not_above(v4_.starts, key, base, v4_index_[(key >> 16) + 1] - base + 1)];
}

}  // namespace straykey
