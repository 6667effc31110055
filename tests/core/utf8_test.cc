#include "core/base/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

TEST_CASE("utf8: a cut falls between characters, never inside one") {
  const std::string text = "aä日🙂";  // 1, 2, 3 and 4 bytes
  const std::size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t size_max = 0; size_max < 12; ++size_max) CHECK_EQ(cut_utf8(text, size_max).size(), kept[size_max]);
}

TEST_CASE("utf8: what is no UTF-8 is cut too and stays within the bound") {
  CHECK_EQ(cut_utf8(std::string(10, '\x80'), 5), "");
  CHECK_EQ(cut_utf8(std::string(10, '\xff'), 5).size(), 5);
}

}  // namespace
}  // namespace straykey
