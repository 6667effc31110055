#include "tools/terminal/exit_code.h"

#include <cstdio>

#include "core/base/terminal_text.h"

namespace straykey {

int fail(const std::string& message, int code) {
  std::fprintf(stderr, "straykey: %s\n", terminal_text(message).c_str());
  return code;
}

}  // namespace straykey
