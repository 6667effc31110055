#pragma once
// Hexadecimal digits: bytes to text and back.
//
// Shape:  two digits a byte, the high half first. We write lower case and read either case.
// Thread: any (functions of their arguments).
// Errors: nullopt for an odd number of characters, or for one that is no digit.
// Source: RFC 4648, section 8.
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// -1 for a character that is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

void append_hex(unsigned char byte, std::string& out);
[[nodiscard]] std::string encode_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> decode_hex(std::string_view text);

}  // namespace straykey
