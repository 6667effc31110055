#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace straykey {

void check_failed(const char* condition, std::source_location where) {
  std::fprintf(stderr, "straykey: bug: %s is false at %s:%u in %s\n", condition, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace straykey
