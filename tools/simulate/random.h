#pragma once
// Random: the simulated organisation's only source of chance, so that one seed gives the same bytes everywhere.
//
// Shape:  xoshiro256**, seeded by splitmix64.
// Thread: one owner.
// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2018). Not for secrets.
#include <array>
#include <bit>
#include <cstdint>

namespace straykey {

// One splitmix64 step: spreads `value` over 64 bits.
[[nodiscard]] constexpr std::uint64_t spread(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// A number that depends on all the arguments and their order, for what must be the same whenever it is asked for (a
// key, a task id).
template <class... Rest>
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t first, Rest... rest) noexcept {
  std::uint64_t mixed = spread(first);
  ((mixed = spread(mixed ^ (static_cast<std::uint64_t>(rest) * 0xd6e8feb86659fd93 + 1))), ...);
  return mixed;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) word = seed = spread(seed);
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // 0 .. bound - 1, uneven by less than bound / 2^32. REQUIRES: 0 < bound < 2^32.
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }
  // [0, 1).
  double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool one_in(std::uint32_t bound) noexcept { return below(bound) == 0; }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace straykey
