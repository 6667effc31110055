#pragma once
// SipHash-1-3: the keyed hash behind shards, store keys and signatures.
//
// Shape:  the hash has 64 or 128 bits; a key is two 64-bit words, made once at installation and stored. kFixedHashKey
//         is for names that must be the same in every installation (alert ids), never for tables that an attacker can
//         fill.
// Thread: any (functions of their arguments).
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with c = 1, d = 3, and its 128-bit variant;
//         Bellare, Guerin, Rogaway, "XOR MACs" (1995): the XOR of what a PRF says of blocks that tell their number.
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

struct HashKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  bool operator==(const HashKey&) const = default;
};

inline constexpr HashKey kFixedHashKey{0x7374726179'6b6579, 0x31};

// The 16 bytes of a hash, little endian: the form in which it is stored. It reads as a text, without memory of its own.
struct HashBytes : std::array<char, 16> {
  operator std::string_view() const noexcept { return {data(), size()}; }
};

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  auto operator<=>(const Hash128&) const = default;
  // The key of a row, or a part of one; key() where a string is wanted.
  [[nodiscard]] HashBytes bytes() const noexcept;
  [[nodiscard]] std::string key() const;
  [[nodiscard]] static Hash128 from_bytes(const char* sixteen) noexcept;
  // 32 lower-case hex digits of bytes().
  [[nodiscard]] std::string hex() const;
  // nullopt for anything but what hex() writes.
  [[nodiscard]] static std::optional<Hash128> from_hex(std::string_view text);
};

[[nodiscard]] std::uint64_t hash64(HashKey key, std::string_view bytes) noexcept;
[[nodiscard]] Hash128 hash128(HashKey key, std::string_view bytes) noexcept;
// Another hash, in less than half the time where there is AVX-512 and a text has 500 bytes: the XOR of hash128 of four
// lanes. Lane i has i + 1 + 256 * size, then every fourth 64-bit word from the i-th; the last four words are those at
// the end of the text, or of the text with zeros to 32 bytes.
[[nodiscard]] Hash128 hash128_in_lanes(HashKey key, std::string_view bytes) noexcept;

// CRC-32C (Castagnoli), in hardware where there is SSE 4.2. `crc` continues an earlier call.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;

}  // namespace straykey

template <>
struct std::hash<straykey::Hash128> {
  using is_avalanching = void;  // boost::unordered_flat_map mixes others once more
  std::size_t operator()(const straykey::Hash128& h) const noexcept { return h.high; }
};
