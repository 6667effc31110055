#pragma once
// Base64 with the standard alphabet.
//
// Shape:  what we write is padded. A reader says whether padding must be there; whether the unused bits of the last
//         digit are zero is not asked, since some senders leave something in them.
// Thread: any (functions of their arguments).
// Errors: decoding says false, and `out` holds nothing of use. White space and line ends are no digits.
// Source: RFC 4648, section 4.
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

enum class Base64Padding : std::uint8_t { optional, required };

[[nodiscard]] std::string encode_base64(std::string_view bytes);
[[nodiscard]] bool decode_base64(std::string_view text, Base64Padding padding, std::string& out);

}  // namespace straykey
