#pragma once
// config_bounds: what of a configuration's text is too deep or too long for the TOML parser.
//
// Shape:  the parser descends once for each part of a dotted key and each open bracket, and its destructor does so
//         again; so the text is looked at before the parser sees it. Whatever is no TOML besides is left to the parser.
// Thread: any (function of its argument).
// Bounds: kConfigDepthMax, kConfigLineBytesMax.
// Errors: the first place that is over one, with a sentence that holds nothing of the text.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kConfigDepthMax = 100;
inline constexpr std::size_t kConfigLineBytesMax = 64 * 1024;

struct OverBound {
  unsigned line = 0, column = 0;
  std::string why;
};
[[nodiscard]] std::optional<OverBound> over_config_bounds(std::string_view text);

}  // namespace straykey
