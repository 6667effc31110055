#pragma once
// Where values begin in text that may hold any number of them: lines, arrays, files of CloudTrail.
//
// Thread: any (functions of their arguments).
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace straykey {

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// White space, commas and record separators (RFC 7464) may stand between values.
inline constexpr std::string_view kBetweenValues = " \t\r\n,\x1e";

// The line that holds a place of a text. Its end is looked for once, whatever stands on it: a search from each value
// would look at the same bytes again for each of many values on one line.
//
// Order: places never go back.
class TextLine {
 public:
  TextLine(std::string_view text, std::uint64_t& looked_at) noexcept : text_(text), looked_at_(looked_at) {}

  // REQUIRES: no white space stands at `at`.
  void move_to(std::size_t at) noexcept;
  // From the place to the line feed, or to the end of the text.
  [[nodiscard]] std::size_t bytes() const noexcept { return end_ - at_; }
  // The same without the white space at its end.
  [[nodiscard]] std::string_view trimmed() noexcept;
  // The end of the line, if nothing but white space stands between it and `at`, and that is known; else `at`.
  [[nodiscard]] std::size_t behind_space(std::size_t at) const noexcept {
    return trimmed_end_ != 0 && at >= trimmed_end_ && at < end_ ? end_ : at;
  }
  // Nothing but white space follows.
  [[nodiscard]] bool is_last() noexcept;

  bool tried = false;  // for the reader: what stands on it is not one record

 private:
  std::string_view text_;
  std::uint64_t& looked_at_;
  std::size_t at_ = 0, end_ = 0;
  std::size_t trimmed_end_ = 0;  // 0: not known yet
  std::size_t next_begin_ = 0;   // of what follows the line; 0: not known yet
};

// The next line of `text` (not its first) that begins with a bracket and no indentation: where reading can start
// afresh. Its size if there is none.
[[nodiscard]] std::size_t next_line_with_value(std::string_view text) noexcept;

// Where the value of a line begins that has a time or a number before it: `2026-11-28T10:00:00Z {...}`, the name of
// a log stream between them as `aws logs tail` writes it, or `17 {...}`. 0: the line is none of these.
// Cost: looks at the first 640 bytes, or as far as to the first bracket.
[[nodiscard]] std::size_t value_behind_stamp(std::string_view line) noexcept;

// At whatever indentation, maybe behind a stamp.
[[nodiscard]] bool any_line_starts_with_bracket(std::string_view text,
                                                std::uint64_t* bytes_looked_at = nullptr) noexcept;

// `text` is one JSON string, number, true, false or null. REQUIRES: no white space around it.
[[nodiscard]] bool is_json_scalar(std::string_view text) noexcept;

// Where the array of `{"Records":[` begins, if the text begins so and there is something in it; else 0.
// REQUIRES: not empty.
[[nodiscard]] std::size_t records_array_at(std::string_view text) noexcept;

}  // namespace straykey
