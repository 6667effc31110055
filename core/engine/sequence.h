#pragma once
// Sequence numbers as keys: big endian, so that the order of bytes is the order of numbers.
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

// Of Table::shard_meta: the number that the partition's next candidate gets.
inline constexpr std::string_view kNextSequenceKey = "next_sequence";

[[nodiscard]] inline std::string encode_sequence(std::uint64_t number) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[7 - i] = static_cast<char>(number >> (8 * i));
  return out;
}

// 0 if the bytes are no sequence number.
[[nodiscard]] inline std::uint64_t decode_sequence(std::string_view bytes) noexcept {
  if (bytes.size() != 8) return 0;
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace straykey
