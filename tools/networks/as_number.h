#pragma once
// The number of an autonomous system as downloads write it.
//
// Shape:  64511, AS64511 and as64511 are one number. What follows behind a blank ("AS64511 Example") is the name. An
//         empty field, "-" and "null" say that no number is known.
// Thread: any (a value).
// Source: RFC 5396, asplain. Asdot (1.10) is refused, as no download uses it and it reads like a decimal fraction.
#include <cstdint>
#include <optional>
#include <string_view>

namespace straykey {

struct AsNumber {
  std::optional<std::uint32_t> number;  // absent: none is known
  std::string_view name;                // what followed, within the text that was parsed
};

// Nothing if it is no such number.
[[nodiscard]] std::optional<AsNumber> parse_as_number(std::string_view text) noexcept;

}  // namespace straykey
