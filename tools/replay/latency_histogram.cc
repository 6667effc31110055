#include "tools/replay/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/invariant.h"

namespace straykey {

std::size_t LatencyHistogram::index_of(std::uint64_t micros) noexcept {
  if (micros < (2u << kSubBits)) return micros;
  const unsigned shift = static_cast<unsigned>(std::bit_width(micros)) - kSubBits - 1;
  return (static_cast<std::size_t>(shift) << kSubBits) + (micros >> shift);
}

std::uint64_t LatencyHistogram::last_of(std::size_t index) noexcept {
  if (index < (2u << kSubBits)) return index;
  const std::size_t shift = (index >> kSubBits) - 1;
  return ((index - (shift << kSubBits) + 1) << shift) - 1;
}

void LatencyHistogram::add(std::uint64_t micros) noexcept {
  micros = std::min(micros, kMaxMicros);
  ++counts_[index_of(micros)];
  ++count_;
  max_ = std::max(max_, micros);
}

void LatencyHistogram::add_seconds(double seconds) noexcept {
  const double micros = std::clamp(seconds * 1e6, 0.0, static_cast<double>(kMaxMicros));
  add(static_cast<std::uint64_t>(micros));
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t LatencyHistogram::at(double share) const noexcept {
  INVARIANT(share >= 0 && share <= 1);
  if (count_ == 0) return 0;
  const double wanted = std::ceil(share * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (counts_[i] > 0 && static_cast<double>(seen) >= wanted) return std::min(last_of(i), max_);
  }
  return max_;
}

}  // namespace straykey
