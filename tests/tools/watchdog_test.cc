// tests/e2e/watchdog_test.py stops threads of a real server.
#include "tools/server/watchdog.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("watchdog: the first notice is due at once, each further one after a quarter of the limit") {
  TurnWatch watch(40);
  CHECK(watch.due(100, {1, 1}));
  CHECK_FALSE(watch.due(109.9, {2, 2}));
  CHECK(watch.due(110, {2, 2}));
  CHECK_FALSE(watch.due(111, {3, 3}));
}

TEST_CASE("watchdog: while one thread has not moved, nothing is told, however much the others move") {
  TurnWatch watch(40);
  CHECK(watch.due(0, {5, 5, 5}));
  for (double now = 10; now < 1'000; now += 10) CHECK_FALSE(watch.due(now, {6, 5, 100}));
  CHECK(watch.due(1'000, {7, 6, 101}));
}

TEST_CASE("watchdog: a thread that moved between two notices need not move again while it is looked at") {
  TurnWatch watch(40);
  CHECK(watch.due(0, {1, 1}));
  CHECK_FALSE(watch.due(5, {2, 1}));
  CHECK(watch.due(30, {2, 2}));
}

TEST_CASE("watchdog: the limit is that of the service manager, if it asked this process") {
  CHECK_EQ(watchdog_limit_s("120000000", nullptr, 7), 120.0);
  CHECK_EQ(watchdog_limit_s("500000", "7", 7), 0.5);
  CHECK_FALSE(watchdog_limit_s(nullptr, "7", 7));
  CHECK_FALSE(watchdog_limit_s("120000000", "8", 7));
  for (const char* wrong : {"", "0", "-5", "12s", "99999999999999999999"})
    CHECK_FALSE(watchdog_limit_s(wrong, nullptr, 7));
}

}  // namespace
}  // namespace straykey
