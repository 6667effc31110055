#include "core/baseline/presence.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <vector>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

constexpr Day kStart = 19'800;

// The same, as a set of days that forgets what is more than 63 days before its newest.
struct Model {
  std::set<Day> days;

  void seen(Day day) {
    days.insert(day);
    while (*days.begin() + 63 < *days.rbegin()) days.erase(days.begin());
  }
  void merge(const Model& other) {
    for (const Day day : other.days) seen(day);
  }
  [[nodiscard]] int days_before(Day day, int window) const {
    int count = 0;
    for (const Day seen_day : days) count += seen_day < day && seen_day + static_cast<Day>(window) >= day ? 1 : 0;
    return count;
  }
};

void require_same(const Presence& presence, const Model& model) {
  for (Day day = kStart - 5; day < kStart + 200; day += 3) {
    REQUIRE_EQ(presence.seen_on(day), model.days.contains(day));
    for (const int window : {1, 2, 30, 63})
      REQUIRE_EQ(presence.days_before(day, window), model.days_before(day, window));
  }
}

TEST_CASE("presence: random days and merges agree with a set of days") {
  std::mt19937 random(17);
  for (int round = 0; round < 200; ++round) {
    Presence presences[2];
    Model models[2];
    for (int step = 0; step < 30; ++step) {
      const std::size_t which = random() % 2;
      if (random() % 16 == 0) {
        const Day day = kStart + static_cast<Day>(random() % 150);
        presences[which].forget(day);
        models[which].days.erase(day);
      } else if (random() % 8 == 0) {
        presences[which].merge(presences[1 - which]);
        models[which].merge(models[1 - which]);
      } else {
        const Day day = kStart + static_cast<Day>(random() % 150);
        const bool changes = !models[which].days.contains(day) &&
                             (models[which].days.empty() || day + 63 >= *models[which].days.rbegin());
        REQUIRE_EQ(presences[which].seen(day), changes);
        models[which].seen(day);
      }
    }
    require_same(presences[0], models[0]);
    require_same(presences[1], models[1]);
  }
}

TEST_CASE("presence: the order of days and of merges does not matter, and twice is once") {
  std::mt19937 random(19);
  for (int round = 0; round < 300; ++round) {
    Presence a, b, c;
    for (int i = 0; i < 5; ++i) {
      a.seen(kStart + static_cast<Day>(random() % 100));
      b.seen(kStart + static_cast<Day>(random() % 100));
      c.seen(kStart + static_cast<Day>(random() % 100));
    }
    Presence one = a, other = c;
    one.merge(b);
    one.merge(c);
    other.merge(b);
    other.merge(a);
    REQUIRE_EQ(one, other);
    one.merge(b);
    REQUIRE_EQ(one, other);
  }
}

TEST_CASE("presence: the event's own day never counts, the window's first day does") {
  Presence presence;
  presence.seen(kStart);
  CHECK_EQ(presence.days_before(kStart, 30), 0);
  CHECK_EQ(presence.days_before(kStart + 1, 30), 1);
  CHECK_EQ(presence.days_before(kStart + 30, 30), 1);
  CHECK_EQ(presence.days_before(kStart + 31, 30), 0);
}

TEST_CASE("presence: nothing seen is nothing") {
  const Presence presence;
  CHECK_FALSE(presence.seen_on(0));
  CHECK_EQ(presence.days_before(1, 30), 0);
}

TEST_CASE("presence: a window that the bits cannot hold is our own mistake") {
  CHECK(aborts([] { (void)Presence{}.days_before(kStart, 0); }));
  CHECK(aborts([] { (void)Presence{}.days_before(kStart, 64); }));
}

}  // namespace
}  // namespace straykey
