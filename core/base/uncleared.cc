#include "core/base/uncleared.h"

namespace straykey {

// Of C++23, and alone in its file for that reason.
void resize_uncleared(std::string& text, std::size_t size) {
  text.resize_and_overwrite(size, [](char*, std::size_t all) { return all; });
}

}  // namespace straykey
