#include "core/event/text_arena.h"

#include <cstring>
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

TEST_CASE("what is shared outlives the arena that it came from") {
  TextArena last;
  std::string_view kept, adopted;
  {
    TextArena middle;
    {
      TextArena first;
      for (int i = 0; i < 1'000; ++i) (void)first.keep("something before it");
      kept = first.keep("kept in a block");
      adopted = first.adopt(std::string(100'000, 'a'));
      middle.share(first, kept.substr(5));
      middle.share(first, adopted.substr(99'999));
      middle.share(first, "of no arena");
    }
    CHECK(middle.bytes() == 0);
    const std::string_view own = middle.keep("own");
    CHECK(own == "own");
    last.share(middle, kept);
    last.share(middle, adopted);
  }
  CHECK(kept == "kept in a block");
  CHECK(adopted == std::string(100'000, 'a'));
  CHECK(last.keep("goes on") == "goes on");
}

}  // namespace
}  // namespace straykey
