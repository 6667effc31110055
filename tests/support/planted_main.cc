// The main() of doctest programs that are to fail by a planted bug: its name is the first argument.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <string_view>

#include "core/base/planted_bug.h"

#include <doctest/doctest.h>

int main(int argc, char** argv) {
  using namespace straykey;
  bool known = false;
  for (int bug = 0; argc > 1 && bug < static_cast<int>(Bug::count); ++bug) {
    if (name_of(static_cast<Bug>(bug)) != argv[1]) continue;
    planted_bug = static_cast<Bug>(bug);
    known = true;
  }
  if (!known) {
    std::puts("no such bug");
    return 0;  // ctest expects a failure: this is none
  }
  return doctest::Context().run();
}
