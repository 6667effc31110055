#include "core/event/text_arena.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("the arena keeps addresses, counts its bytes and pads what it gives") {
  TextArena arena;
  CHECK(arena.keep("").empty());
  CHECK(arena.bytes() == 0);
  const std::string_view first = arena.keep("first");
  CHECK(arena.bytes() < 4'096);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 2'000; ++i) sum += arena.keep(std::string(i % 700, 'x')).size();
  const std::string_view large = arena.keep(std::string(1 << 20, 'y'));
  CHECK(first == "first");
  CHECK(large.size() == 1 << 20);
  CHECK(arena.bytes() >= sum + large.size());
  const std::string_view adopted = arena.adopt("small");
  arena.adopt(std::string(100'000, 'z'));
  CHECK(adopted == "small");
  std::string padding(kJsonPadding, '?');
  for (const std::string_view kept : {first, large, adopted})
    std::memcpy(padding.data(), kept.data() + kept.size(), kJsonPadding);
}

}  // namespace
}  // namespace straykey
