#include "core/base/uncleared.h"

namespace straykey {

// This needs C++23, so it stands alone in its file.
void resize_uncleared(std::string& text, std::size_t size) {
  text.resize_and_overwrite(size, [](char*, std::size_t all) { return all; });
}

}  // namespace straykey
