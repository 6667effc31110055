#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace straykey {

void check_failed(const char* condition, const char* file, int line, const char* function) {
  std::fprintf(stderr, "straykey: bug: %s is false at %s:%d in %s\n", condition, file, line, function);
  std::abort();
}

}  // namespace straykey
