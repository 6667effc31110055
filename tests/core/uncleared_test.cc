#include "core/base/uncleared.h"

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("uncleared: what a text held stays, and it has the size that was asked for") {
  std::string text = "abc";
  resize_uncleared(text, 100'000);
  CHECK(text.size() == 100'000);
  CHECK(text.starts_with("abc"));
  text.back() = 'z';
  CHECK(*(text.data() + text.size()) == '\0');
  resize_uncleared(text, 2);
  CHECK(text == "ab");
  resize_uncleared(text, 0);
  CHECK(text.empty());
}

TEST_CASE("uncleared: bytes within the room that a text has are left alone") {
  std::string text(1'000, 'x');
  resize_uncleared(text, 10);
  resize_uncleared(text, 1'000);
  CHECK(text.substr(11) == std::string(989, 'x'));
}

}  // namespace straykey
