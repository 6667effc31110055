#include "net/ingest/overload_hold.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::chrono::milliseconds kLong{3'600'000};

struct Site {
  explicit Site(std::chrono::milliseconds patience)
      : hold(
            {patience}, 2,
            [this](std::size_t, std::chrono::milliseconds, std::function<void()> call) {
              ticks.push_back(std::move(call));
            },
            waits) {}
  // True: it is kept.
  bool bring(const std::string& name, std::size_t io_thread = 0, std::chrono::milliseconds waited = {}) {
    return hold.hold(io_thread, waited,
                     {[this, name] {
                        said += " try " + name;
                        if (room == 0) return false;
                        --room;
                        return true;
                      },
                      [this, name] { said += " refuse " + name; }});
  }
  std::string tick() {
    said.clear();
    for (const auto& call : std::exchange(ticks, {})) call();
    return said;
  }

  Counter waits;
  std::vector<std::function<void()>> ticks;
  int room = 0;
  std::string said;
  OverloadHold hold;
};

}  // namespace

TEST_CASE("what waits is tried in its order, as long as there is room, and the rest waits on") {
  Site site(kLong);
  for (const char* name : {"a", "b", "c"}) CHECK(site.bring(name));
  CHECK(site.hold.waits(0));
  CHECK_FALSE(site.hold.waits(1));
  CHECK(site.waits.value() == 3);
  CHECK(site.ticks.size() == 1);
  CHECK(site.tick() == " try a");
  site.room = 2;
  CHECK(site.tick() == " try a try b try c");
  site.room = 1;
  CHECK(site.tick() == " try c");
  CHECK_FALSE(site.hold.waits(0));
  CHECK(site.tick().empty());
  CHECK(site.ticks.empty());
}

TEST_CASE("patience ends in a refusal, and what was waited before counts") {
  Site none(std::chrono::milliseconds(0));
  CHECK_FALSE(none.bring("a"));
  CHECK(none.ticks.empty());
  Site site(std::chrono::milliseconds(1));
  CHECK_FALSE(site.bring("late", 0, std::chrono::milliseconds(1)));
  CHECK(site.bring("a"));
  const auto past = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (std::chrono::steady_clock::now() < past) {
  }
  CHECK(site.tick() == " try a refuse a");
}

TEST_CASE("the end refuses all that waits, and nothing waits after it") {
  Site site(kLong);
  CHECK(site.bring("a"));
  CHECK(site.bring("b", 1));
  site.hold.end();
  site.room = 2;
  CHECK(site.tick() == " refuse a refuse b");
  CHECK_FALSE(site.bring("c"));
}

TEST_CASE("an exception loses one that waits, and none behind it") {
  Site site(kLong);
  CHECK(site.hold.hold(0, {}, {[]() -> bool { throw std::bad_alloc(); }, [] {}}));
  CHECK(site.bring("b"));
  CHECK_THROWS_AS(site.tick(), std::bad_alloc);
  site.room = 1;
  CHECK(site.tick() == " try b");
}

TEST_CASE("patience may change for those who come next") {
  Site site(std::chrono::milliseconds(0));
  CHECK_FALSE(site.bring("a"));
  site.hold.wait_at_most(kLong);
  CHECK(site.bring("b"));
  site.hold.wait_at_most(std::chrono::milliseconds(0));
  CHECK_FALSE(site.bring("c"));
  CHECK(site.tick() == " try b");
}

}  // namespace straykey
