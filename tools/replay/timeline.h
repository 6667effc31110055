#pragma once
// Timeline: what happened in each second of a run: records answered, and how late the latest request was.
//
// Units:  seconds since the start; microseconds of latency.
// Bounds: kSecondsMax. What comes later is counted in the last second.
// Thread: one owner; merge() brings those of several threads together.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace straykey {

class Timeline {
 public:
  static constexpr std::size_t kSecondsMax = 7 * 86'400;

  struct Second {
    std::uint64_t records = 0;
    std::uint64_t worst_micros = 0;
  };

  void add(double at_s, std::uint64_t records, double latency_s) {
    Second& second = at(static_cast<std::size_t>(std::max(at_s, 0.0)));
    second.records += records;
    second.worst_micros = std::max(second.worst_micros, static_cast<std::uint64_t>(std::max(latency_s, 0.0) * 1e6));
  }
  void merge(const Timeline& other) {
    for (std::size_t i = 0; i < other.seconds_.size(); ++i) {
      Second& second = at(i);
      second.records += other.seconds_[i].records;
      second.worst_micros = std::max(second.worst_micros, other.seconds_[i].worst_micros);
    }
  }
  [[nodiscard]] const std::vector<Second>& seconds() const noexcept { return seconds_; }

 private:
  Second& at(std::size_t second) {
    second = std::min(second, kSecondsMax - 1);
    if (second >= seconds_.size()) seconds_.resize(second + 1);
    return seconds_[second];
  }

  std::vector<Second> seconds_;
};

}  // namespace straykey
