// Which partitions are not read yet.
#include "net/ingest/kafka_start.h"

#include <doctest/doctest.h>

#include <vector>

namespace straykey {
namespace {

const KafkaPartition kOne{"trail", 0}, kTwo{"trail", 1};

KafkaStart two_assigned() {
  KafkaStart start;
  start.assigned(kOne, 100);
  start.assigned(kTwo, 100);
  return start;
}

}  // namespace

TEST_CASE("no partition begins before something is known of each") {
  KafkaStart start = two_assigned();
  CHECK(start.waits(kOne));
  start.know(kOne);
  CHECK_FALSE(start.begin(101).has_value());
  CHECK(start.waits(kOne));
  start.know(kTwo);
  const auto unknown = start.begin(101);
  REQUIRE(unknown.has_value());
  CHECK(unknown->empty());
  CHECK_FALSE(start.waits(kOne));
  CHECK_FALSE(start.begin(102).has_value());
}

TEST_CASE("a partition that went away holds up nobody") {
  KafkaStart start = two_assigned();
  start.know(kOne);
  start.gone(kTwo);
  CHECK(start.begin(100).has_value());
}

TEST_CASE("what is not known in time is named, and the others begin") {
  KafkaStart start = two_assigned();
  start.know(kOne);
  start.assigned(kTwo, 110);
  CHECK_FALSE(start.begin(100 + KafkaStart::kWaitMax - 1).has_value());
  const auto unknown = start.begin(100 + KafkaStart::kWaitMax);
  REQUIRE(unknown.has_value());
  CHECK_EQ(*unknown, std::vector<KafkaPartition>{kTwo});
}

TEST_CASE("only partitions that are newly assigned wait") {
  KafkaStart start;
  CHECK_FALSE(start.waits(kOne));
  start.know(kOne);
  CHECK_FALSE(start.begin(1'000).has_value());
}

}  // namespace straykey
