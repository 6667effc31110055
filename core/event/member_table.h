#pragma once
// Finds a member's name among few that are known, in one probe.
//
// Shape:  made at compile time without collisions; a probe reads four bytes of the name, then compares 32 at once.
// Bounds: names of 3 to 32 bytes, at most 48 of them.
// Thread: any (immutable).
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace straykey {

// `Row` has a `name`.
template <class Row, std::size_t N>
class MemberTable {
 public:
  consteval explicit MemberTable(const std::array<Row, N>& rows) : rows_(rows) {
    static_assert(N <= 48);
    for (std::size_t i = 0; i < N; ++i) write_words(i);
    while (!place_all()) multiplier_ = multiplier_ * 6364136223846793005u + 1442695040888963407u;
  }

  // The row's index, or N. REQUIRES: 32 readable bytes from its first.
  [[nodiscard]] std::size_t find(const char* name, std::size_t size) const noexcept {
    if (size < 3 || size > 32) return N;
    const std::size_t row = slots_[slot_of(name, size, multiplier_)];
    if (row == N) return N;
    std::uint64_t difference = rows_[row].name.size() ^ size;
    for (std::size_t i = 0; i < 4; ++i) {
      std::uint64_t word;
      std::memcpy(&word, name + i * 8, 8);
      difference |= (word ^ words_[row][i]) & masks_[row][i];
    }
    return difference == 0 ? row : N;
  }

  [[nodiscard]] constexpr const Row& operator[](std::size_t row) const noexcept { return rows_[row]; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }

 private:
  static constexpr std::size_t kSlots = 256;

  static constexpr std::size_t slot_of(const char* name, std::size_t size, std::uint64_t multiplier) noexcept {
    const auto byte = [](char c) { return static_cast<std::uint64_t>(static_cast<unsigned char>(c)); };
    const std::uint64_t mixed = byte(name[0]) | byte(name[size / 2]) << 8 | byte(name[size - 2]) << 16 |
                                byte(*(name + size - 3)) << 24 | size << 32;
    return static_cast<std::size_t>(mixed * multiplier >> 56);
  }
  constexpr void write_words(std::size_t row) {
    const std::string_view name = rows_[row].name;
    for (std::size_t i = 0; i < name.size(); ++i) {
      words_[row][i / 8] |= static_cast<std::uint64_t>(static_cast<unsigned char>(name[i])) << (i % 8 * 8);
      masks_[row][i / 8] |= std::uint64_t{0xff} << (i % 8 * 8);
    }
  }
  constexpr bool place_all() {
    slots_.fill(N);
    for (std::size_t i = 0; i < N; ++i) {
      std::uint8_t& slot = slots_[slot_of(rows_[i].name.data(), rows_[i].name.size(), multiplier_)];
      if (slot != N) return false;
      slot = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  std::array<Row, N> rows_;
  std::array<std::uint8_t, kSlots> slots_{};
  std::array<std::array<std::uint64_t, 4>, N> words_{}, masks_{};
  std::uint64_t multiplier_ = 0x9e3779b97f4a7c15u;
};

}  // namespace straykey
