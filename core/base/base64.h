#pragma once
// Base64 with the standard alphabet.
//
// Shape:  what we write is padded. The reader chooses whether padding is required. It accepts any value of the unused
//         bits of the last digit, because some senders do not clear them.
// Thread: any (functions of their arguments).
// Errors: decoding returns false, and then `out` holds nothing useful. White space and line ends are errors.
// Source: RFC 4648, section 4.
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

enum class Base64Padding : std::uint8_t { optional, required };

[[nodiscard]] std::string encode_base64(std::string_view bytes);
[[nodiscard]] bool decode_base64(std::string_view text, Base64Padding padding, std::string& out);

}  // namespace straykey
