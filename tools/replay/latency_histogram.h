#pragma once
// LatencyHistogram: how long requests took, exact to 0.8 %, in constant memory.
//
// Shape:  log-linear: a bucket for each of the first 256 microseconds, then 128 for each doubling.
// Units:  microseconds; anything over kMaxMicros (17 minutes) counts as that.
// Thread: one owner; merge() brings those of several threads together.
#include <array>
#include <cstdint>

namespace straykey {

class LatencyHistogram {
 public:
  static constexpr std::uint64_t kMaxMicros = (std::uint64_t{1} << 30) - 1;

  void add(std::uint64_t micros) noexcept;
  void add_seconds(double seconds) noexcept;  // negative counts as 0
  void merge(const LatencyHistogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  // The smallest value that at least this share of the values do not exceed, rounded up to its bucket's end, at most
  // max(). 0 if empty. REQUIRES: 0 <= share <= 1.
  [[nodiscard]] std::uint64_t at(double share) const noexcept;

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr std::size_t kBuckets = (30 - kSubBits + 1) << kSubBits;

  [[nodiscard]] static std::size_t index_of(std::uint64_t micros) noexcept;
  [[nodiscard]] static std::uint64_t last_of(std::size_t index) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace straykey
