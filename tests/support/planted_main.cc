// The main() of doctest programs that are to fail by a planted bug: its name is the first argument.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <string_view>

#include <doctest/doctest.h>

int main(int argc, char** argv) {
  if (argc < 2 || !straykey::plant_bug(argv[1])) {
    std::puts("no such bug");
    return 0;  // ctest expects a failure: this is none
  }
  return doctest::Context().run();
}
