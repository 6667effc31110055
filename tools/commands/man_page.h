#pragma once
// The manual page, made from the commands themselves: every command with its options and examples.
//
// Shape:  roff with the macros of man(7).
// Thread: main.
#include <string>

namespace CLI {
class App;
}

namespace straykey {

[[nodiscard]] std::string man_page(const CLI::App& app);

}  // namespace straykey
