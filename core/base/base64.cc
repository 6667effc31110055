#include "core/base/base64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "core/base/uncleared.h"

namespace straykey {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What the digits of four mean, one table for each place, so that a group costs four look-ups and three ors. No digit
// has the highest byte, which tells what is none.
constexpr std::uint32_t kNoDigit = 0xff000000;
using Values = std::array<std::uint32_t, 256>;
constexpr Values values_of_digits(unsigned shift) {
  Values values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i) << shift;
  return values;
}
constexpr std::array<Values, 4> kValues{values_of_digits(18), values_of_digits(12), values_of_digits(6),
                                        values_of_digits(0)};

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (unsigned i = 0; i < 4; ++i) text += at + i > bytes.size() ? '=' : kAlphabet[bits >> (18 - 6 * i) & 63];
  }
  return text;
}

bool decode_base64(std::string_view text, Base64Padding padding, std::string& out) {
  if (padding == Base64Padding::required && text.size() % 4 != 0) return false;
  if (text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  if (text.size() % 4 == 1) return false;
  const std::size_t bytes = text.size() / 4 * 3 + text.size() % 4 * 3 / 4;
  resize_uncleared(out, bytes + 1);  // a group is written as four bytes
  std::uint32_t bad = 0;
  const char* const digits = text.data();
  const auto value = [&](std::size_t place, std::size_t i) {
    return kValues[place][static_cast<unsigned char>(digits[i])];
  };
  const auto write = [&](char* to, std::uint32_t bits) {
    bad |= bits & kNoDigit;
    const std::uint32_t in_order = __builtin_bswap32(bits << 8);
    std::memcpy(to, &in_order, sizeof in_order);
  };
  static_assert(std::endian::native == std::endian::little);
  char* to = out.data();
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4, to += 3)
    write(to, value(0, at) | value(1, at + 1) | value(2, at + 2) | value(3, at + 3));
  if (at < text.size()) {
    const std::uint32_t bits = value(0, at) | value(1, at + 1) | (text.size() - at == 3 ? value(2, at + 2) : 0);
    bad |= bits & kNoDigit;
    to[0] = static_cast<char>(bits >> 16);
    if (text.size() - at == 3) to[1] = static_cast<char>(bits >> 8);
  }
  out.resize(bytes);
  return bad == 0;
}

}  // namespace straykey
