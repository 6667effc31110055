#pragma once
// Cutting text to a size without leaving half a character.
//
// Shape:  text that was UTF-8 stays UTF-8, so that what is written into JSON can be read again.
// Thread: any (a function of its arguments).
#include <cstddef>
#include <string_view>

namespace straykey {

// The longest beginning of `text` that has at most `size_max` bytes and ends between characters.
[[nodiscard]] constexpr std::string_view cut_utf8(std::string_view text, std::size_t size_max) noexcept {
  if (text.size() <= size_max) return text;
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xc0) == 0x80) --size_max;
  return text.substr(0, size_max);
}

}  // namespace straykey
