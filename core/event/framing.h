#pragma once
// Where values begin in text that may hold any number of them: lines, arrays, files of CloudTrail.
//
// Thread: any (functions of their arguments).
#include <cstddef>
#include <string_view>

namespace straykey {

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// White space, commas and record separators (RFC 7464) may stand between values.
inline constexpr std::string_view kBetweenValues = " \t\r\n,\x1e";

// The next line of `text` (not its first) that begins with a bracket and no indentation: where reading can start
// afresh. Its size if there is none.
[[nodiscard]] std::size_t next_line_with_value(std::string_view text) noexcept;

// Where the value of a line begins that has a time or a number before it: `2026-11-28T10:00:00Z {...}`, with the name of
// a log stream between them as `aws logs tail` writes it, or `17 {...}`. 0: the line is none of these.
// Cost: looks at the first 640 bytes, or as far as to the first bracket.
[[nodiscard]] std::size_t value_behind_stamp(std::string_view line) noexcept;

// At whatever indentation, maybe behind a stamp.
[[nodiscard]] bool any_line_starts_with_bracket(std::string_view text) noexcept;

// Where the array of `{"Records":[` begins, if the text begins so and is all on one line; else 0.
// REQUIRES: not empty.
[[nodiscard]] std::size_t records_array_at(std::string_view text) noexcept;

}  // namespace straykey
