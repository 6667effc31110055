// Which partitions wait for slower ones.
#include "net/ingest/kafka_order.h"

#include <doctest/doctest.h>

#include <vector>

namespace straykey {
namespace {

const KafkaPartition kSlow{"trail", 0}, kFast{"trail", 1};
constexpr Seconds kDay = 1'700'000'000;

KafkaOrder two_partitions() {
  KafkaOrder order;
  order.begin(kSlow, 0);
  order.begin(kFast, 0);
  return order;
}

}  // namespace

TEST_CASE("a partition far ahead is held until the slowest has come near") {
  KafkaOrder order = two_partitions();
  order.came(kSlow, kDay, 1);
  order.came(kFast, kDay + KafkaOrder::kAheadMax, 1);
  CHECK(order.decide(1).hold.empty());
  order.came(kFast, kDay + KafkaOrder::kAheadMax + 1, 2);
  CHECK_EQ(order.decide(2).hold, std::vector<KafkaPartition>{kFast});
  CHECK(order.holds(kFast));
  CHECK_EQ(order.held(), 1);
  order.came(kSlow, kDay + 300, 3);
  CHECK(order.decide(3).go_on.empty());
  order.came(kSlow, kDay + 301, 4);
  CHECK_EQ(order.decide(4).go_on, std::vector<KafkaPartition>{kFast});
  CHECK_FALSE(order.holds(kFast));
}

TEST_CASE("a partition in which there is nothing to read holds nobody up") {
  KafkaOrder order = two_partitions();
  order.came(kSlow, kDay, 1);
  order.came(kFast, kDay + 86'400, 1);
  order.set_waiting(kSlow, false);
  CHECK(order.decide(1).hold.empty());
  order.set_waiting(kSlow, true);
  CHECK_EQ(order.decide(2).hold.size(), 1);
  order.set_waiting(kSlow, false);
  CHECK_EQ(order.decide(3).go_on, std::vector<KafkaPartition>{kFast});
}

TEST_CASE("nor does one from which nothing comes, or that went away") {
  KafkaOrder order = two_partitions();
  order.came(kSlow, kDay, 0);
  order.came(kFast, kDay + 86'400, 0);
  CHECK_EQ(order.decide(1).hold.size(), 1);
  CHECK(order.decide(KafkaOrder::kStallMax).go_on.empty());
  CHECK_EQ(order.decide(KafkaOrder::kStallMax + 1).go_on.size(), 1);

  KafkaOrder other = two_partitions();
  other.came(kSlow, kDay, 0);
  other.came(kFast, kDay + 86'400, 0);
  CHECK_EQ(other.decide(1).hold.size(), 1);
  other.end(kSlow);
  CHECK_EQ(other.decide(2).go_on.size(), 1);
}

TEST_CASE("nobody is held for longer than the limit, and then not again until it was caught up with") {
  KafkaOrder order = two_partitions();
  order.came(kFast, kDay + 86'400, 0);
  Seconds now = 0;
  order.came(kSlow, kDay, now);
  CHECK_EQ(order.decide(now).hold.size(), 1);
  for (; now < KafkaOrder::kHoldMax; now += 30) {
    order.came(kSlow, kDay, now);
    REQUIRE(order.decide(now).go_on.empty());
  }
  order.came(kSlow, kDay, now);
  CHECK_EQ(order.decide(now).went_on_late, std::vector<KafkaPartition>{kFast});
  order.came(kFast, kDay + 90'000, now);
  CHECK(order.decide(now + 1).hold.empty());
  order.came(kSlow, kDay + 90'000, now);  // caught up
  CHECK(order.decide(now + 2).hold.empty());
  order.came(kFast, kDay + 91'000, now);
  CHECK_EQ(order.decide(now + 3).hold.size(), 1);
}

TEST_CASE("the time of an event is seen in plain text, and in text within text") {
  const auto time = parse_time("2026-11-30T17:35:00Z");
  CHECK_EQ(
      first_event_time(R"({"Records":[{"eventTime":"2026-11-30T17:35:00Z"},{"eventTime":"2026-12-01T00:00:00Z"}]})"),
      time);
  CHECK_EQ(first_event_time(R"({"message":"{\"eventTime\": \"2026-11-30T17:35:00Z\"}"})"), time);
  CHECK_EQ(first_event_time(R"({"eventTime":"yesterday, or the day before it"})"), std::nullopt);
  CHECK_EQ(first_event_time(R"({"eventTime":"2026)"), std::nullopt);
  CHECK_EQ(first_event_time("eventTime"), std::nullopt);
  CHECK_EQ(first_event_time("\x1f\x8b gzip"), std::nullopt);
}

TEST_CASE("it says at which time of a message it may decide otherwise") {
  KafkaOrder order = two_partitions();
  order.came(kSlow, kDay, 1);
  order.came(kFast, kDay + 400, 1);
  CHECK(order.decide(1).hold.empty());
  CHECK_FALSE(order.may_change_at(kDay + KafkaOrder::kAheadMax));
  CHECK(order.may_change_at(kDay + KafkaOrder::kAheadMax + 1));
  order.came(kFast, kDay + 86'400, 2);
  CHECK_EQ(order.decide(2).hold.size(), 1);
  // The slow one is to be looked at when it comes near to the one that is held, and before it passes that.
  CHECK_FALSE(order.may_change_at(kDay + KafkaOrder::kAheadMax));
  order.came(kSlow, kDay + 86'000, 3);
  CHECK(order.decide(3).go_on.empty());
  CHECK_FALSE(order.may_change_at(kDay + 86'100));
  CHECK(order.may_change_at(kDay + 86'101));
  order.came(kSlow, kDay + 86'101, 4);
  CHECK_EQ(order.decide(4).go_on.size(), 1);
}

TEST_CASE("an earlier message of any partition is looked at in time") {
  KafkaOrder order = two_partitions();
  order.came(kFast, kDay + 86'400, 1);
  CHECK(order.decide(1).hold.empty());
  order.came(kSlow, kDay, 1);
  CHECK(order.may_change_at(kDay + 86'401));
  CHECK_EQ(order.decide(1).hold.size(), 1);
}

TEST_CASE("of several that are held the earliest goes on first, and the one that passed them waits") {
  const KafkaPartition third{"trail", 2};
  KafkaOrder order = two_partitions();
  order.begin(third, 0);
  order.came(kSlow, kDay, 1);
  order.came(kFast, kDay + 2 * 86'400, 1);
  order.came(third, kDay + 86'400, 1);
  CHECK_EQ(order.decide(1).hold.size(), 2);
  order.came(kSlow, kDay + 3 * 86'400, 2);
  const KafkaOrder::Changes changes = order.decide(2);
  CHECK_EQ(changes.go_on, std::vector<KafkaPartition>{third});
  CHECK_EQ(changes.hold, std::vector<KafkaPartition>{kSlow});
  CHECK(order.holds(kFast));
}

}  // namespace straykey
