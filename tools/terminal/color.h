#pragma once
// Colours on a terminal: for what is well, what wants a look, and what is wrong.
//
// Shape:  a text is wrapped in escapes if colours are on, else it stays as it is.
// Thread: any; colors_wanted() reads the environment.
// Source: no-color.org: NO_COLOR, if it is not empty, turns them off.
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

enum class Color : std::uint8_t { green, yellow, red, bold };

// Whether stdout is a terminal that shows colours, and nobody forbids them.
[[nodiscard]] bool colors_wanted();
[[nodiscard]] std::string colored(std::string_view text, Color color, bool on);

}  // namespace straykey
