#include "core/engine/judged_elsewhere.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("judged elsewhere: beyond its limit the oldest leave") {
  JudgedElsewhere judged;
  CHECK(judged.empty());
  for (std::uint64_t i = 0; i <= JudgedElsewhere::kMax; ++i) {
    judged.note({i, i});
    judged.note({i, i});
  }
  CHECK_FALSE(judged.contains({0, 0}));
  CHECK(judged.contains({1, 1}));
  CHECK(judged.contains({JudgedElsewhere::kMax, JudgedElsewhere::kMax}));
}

}  // namespace
}  // namespace straykey
