#include "net/kafka/kafka_topic.h"

#include "tests/support/mock_kafka.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("kafka topic: one that would forget is refused, and so is one of several partitions") {
  CHECK(cleanup_policy_objection("judged", "compact").empty());
  CHECK(cleanup_policy_objection("judged", "").empty());
  CHECK_FALSE(cleanup_policy_objection("judged", "delete").empty());
  CHECK_FALSE(cleanup_policy_objection("judged", "compact,delete").empty());
  MockKafka kafka;
  kafka.create("judged", 1);
  kafka.create("wide", 2);
  const KafkaClientSettings client{kafka.brokers(), "straykey-test", {}};
  CHECK(ensure_compacted_topic(client, "judged", std::chrono::milliseconds(2'000)).ok());
  const Status wide = ensure_compacted_topic(client, "wide", std::chrono::milliseconds(2'000));
  REQUIRE_FALSE(wide.ok());
  CHECK(wide.error().message.find("2 partitions") != std::string::npos);
}

}  // namespace
}  // namespace straykey
