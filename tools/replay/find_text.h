#pragma once
// find_text: where a word is in a record's text, sought by its rarest character.
//
// Thread: any (a function of its arguments).
// Source: std::string_view::find stops at each first character; a record has 100 quotes and a few of a rare capital.
//         Measured 2026-11-22: half of the generator's CPU time was spent in find("\"eventTime\"") and the like.
#include <cstring>
#include <string_view>

namespace straykey {

// At `from` or later; npos: it is not there. REQUIRES: rare < word.size().
[[nodiscard]] inline std::size_t find_text(std::string_view text, std::string_view word, std::size_t rare,
                                           std::size_t from = 0) noexcept {
  for (std::size_t at = from + rare; at < text.size(); ++at) {
    const void* found = std::memchr(text.data() + at, word[rare], text.size() - at);
    if (found == nullptr) return std::string_view::npos;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (text.substr(at - rare, word.size()) == word) return at - rare;
  }
  return std::string_view::npos;
}

}  // namespace straykey
