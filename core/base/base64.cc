#include "core/base/base64.h"

#include <array>
#include <cstddef>

namespace straykey {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::uint8_t, 256> values_of_digits() {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xff);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr auto kValues = values_of_digits();

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
  out.resize(text.size() / 4 * 3 + text.size() % 4 * 3 / 4);
  std::size_t written = 0;
  std::uint32_t bits = 0, bad = 0;
  std::size_t at = 0;
  const auto value = [&](std::size_t i) {
    const std::uint32_t v = kValues[static_cast<unsigned char>(text[i])];
    bad |= v & 0xc0;
    return v;
  };
  for (; at + 4 <= text.size(); at += 4) {
    bits = value(at) << 18 | value(at + 1) << 12 | value(at + 2) << 6 | value(at + 3);
    out[written++] = static_cast<char>(bits >> 16);
    out[written++] = static_cast<char>(bits >> 8);
    out[written++] = static_cast<char>(bits);
  }
  if (text.size() - at >= 2) {
    bits = value(at) << 18 | value(at + 1) << 12 | (text.size() - at == 3 ? value(at + 2) << 6 : 0);
    out[written++] = static_cast<char>(bits >> 16);
    if (text.size() - at == 3) out[written++] = static_cast<char>(bits >> 8);
  }
  return bad == 0;
}

}  // namespace straykey
