#include "core/base/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/utf8.h"

namespace straykey {
namespace {

std::size_t plain_bytes(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

}  // namespace

Utf8Character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return {};
  std::uint32_t code_point = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  return {length, code_point};
}

bool may_fool_a_terminal(std::uint32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

std::string terminal_text(std::string_view text, std::size_t size_max) {
  std::string out;
  const bool cut = text.size() > size_max;
  if (cut) text = cut_utf8(text, size_max);
  while (!text.empty()) {
    const std::size_t plain = plain_bytes(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Character character = first_character(text);
    const std::size_t bytes = std::max<std::size_t>(character.bytes, 1);
    if (character.bytes == 0 || may_fool_a_terminal(character.code_point)) {
      for (const char c : text.substr(0, bytes)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out.append(text.substr(0, bytes));
    }
    text.remove_prefix(bytes);
  }
  if (cut) out += "...";
  return out;
}

std::string terminal_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += terminal_text(text.substr(0, end));
    if (end == text.size()) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string terminal_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const std::size_t plain = plain_bytes(json);
    out.append(json.substr(0, plain));
    json.remove_prefix(plain);
    if (json.empty()) break;
    const Utf8Character character = first_character(json);
    const std::size_t bytes = std::max<std::size_t>(character.bytes, 1);
    const bool between_values = character.bytes == 1 && character.code_point < 0x20;  // a string has none
    if (character.bytes == 0) {
      out += "\\ufffd";
    } else if (!between_values && may_fool_a_terminal(character.code_point)) {
      out += fmt::format("\\u{:04x}", character.code_point);
    } else {
      out.append(json.substr(0, bytes));
    }
    json.remove_prefix(bytes);
  }
  return out;
}

}  // namespace straykey
