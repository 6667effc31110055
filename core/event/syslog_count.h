#pragma once
// Whether an octet count counted its message, told from what stands at the message's end and behind it.
//
// Shape:  guesses that cost less than reading the JSON: leaves_json_open(), goes_on_behind_bracket(); and what follows
//         a message: another_follows(), bytes_before_parted_count().
// Bounds: one or two passes; no memory.
// Thread: any (functions of their arguments).
#include <cstddef>
#include <optional>
#include <string_view>

namespace straykey {

// 2^64 has 20 digits; longer runs of them are text.
inline constexpr std::size_t kSyslogDigitsMax = 20;
inline constexpr std::string_view kSyslogEndings("\r\n\0", 3);

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_delimiter(char c) noexcept {
  return c == '\n' || c == '\0';
}
[[nodiscard]] constexpr bool is_ending(char c) noexcept {
  return is_delimiter(c) || c == '\r';
}
[[nodiscard]] inline std::string_view without_ending(std::string_view text) noexcept {
  while (!text.empty() && is_ending(text.back())) text.remove_suffix(1);
  return text;
}

// It looks as if a JSON text that began in the message does not end in it. A guess, and cheap.
[[nodiscard]] inline bool leaves_json_open(std::string_view message) noexcept {
  if (message.empty() || message.back() == '}' || message.back() == ']') return false;
  return message.find('{') != std::string_view::npos;
}
// Behind one of its brackets another message follows. A guess: strings may hold such a thing.
[[nodiscard]] bool goes_on_behind_bracket(std::string_view message) noexcept;
// Behind the end of its JSON: a message, or the count of one or a part of that at the end of what was counted.
[[nodiscard]] bool another_follows(std::string_view behind) noexcept;

// A message that was cut ends in digits, and what was counted for it ends in the middle of the next one's count: the
// bytes before that count. All of `message`: what stands behind it is a count by itself, and large enough for a record;
// or none. Nothing: more bytes have to tell, unless `ended`.
[[nodiscard]] std::optional<std::size_t> bytes_before_parted_count(std::string_view message, std::string_view behind,
                                                                   bool ended) noexcept;

}  // namespace straykey
