#pragma once
// Random: the only source of chance in the simulation, made from the seed.
//
// Source: splitmix64 (Steele, Lea and Flood, 2014): one multiplication chain a number, good enough for choices.
#include <cstdint>
#include <utility>
#include <vector>

namespace straykey {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // 0 .. count - 1. REQUIRES: count > 0.
  std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(next() % count); }
  int between(int first, int last) noexcept {
    return first + static_cast<int>(below(static_cast<std::size_t>(last - first + 1)));
  }
  bool chance(double p) noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53 < p; }
  double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  template <class T>
  T& pick(std::vector<T>& from) noexcept {
    return from[below(from.size())];
  }
  template <class T>
  const T& pick(const std::vector<T>& from) noexcept {
    return from[below(from.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& items) noexcept {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace straykey
