#pragma once
// Text of others, made safe to show: what a terminal obeys instead of showing it is written as an escape.
//
// Shape:  escaped are control bytes, DEL, the C1 controls (U+0080 to U+009F), the characters that turn the direction of
//         writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), line and paragraph separators, the byte
//         order mark, and bytes that are no UTF-8. All else stays as it is, so that escaping twice changes nothing.
// Thread: any (functions of their arguments).
// Source: Unicode's UAX 9; ECMA-48, whose C1 controls have the same effect as ESC sequences.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kTerminalBytesMax = 4'000;
inline constexpr std::size_t kPathShownBytes = 400;

struct Utf8Character {
  std::size_t bytes = 0;  // 0: what stands there is no UTF-8
  std::uint32_t code_point = 0;
};
// The first character of `text`. REQUIRES: not empty.
[[nodiscard]] Utf8Character first_character(std::string_view text) noexcept;

[[nodiscard]] bool may_fool_a_terminal(std::uint32_t code_point) noexcept;

// One line: escapes are \xNN, one for each byte. What is longer than `size_max` is cut and ends in "...".
[[nodiscard]] std::string terminal_text(std::string_view text, std::size_t size_max = kTerminalBytesMax);

// Text of several lines, each escaped and cut.
[[nodiscard]] std::string terminal_lines(std::string_view text);

// JSON with \uNNNN in its strings: it means the same. Nothing is cut. Bytes that are no UTF-8 become \ufffd.
// REQUIRES: JSON.
[[nodiscard]] std::string terminal_json(std::string_view json);

}  // namespace straykey
