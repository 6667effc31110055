// Errors and lists of librdkafka in our own terms.
#include "net/kafka/kafka_client.h"

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>

#include <vector>

namespace straykey {

TEST_CASE("an error tells what may be done about it") {
  CHECK_FALSE(kafka_status(RD_KAFKA_RESP_ERR_NO_ERROR));
  const KafkaStatus full = kafka_status(RD_KAFKA_RESP_ERR__QUEUE_FULL);
  REQUIRE(full);
  CHECK(full->may_try_again);
  CHECK_FALSE(full->is_fatal);
  const KafkaStatus fenced = kafka_status(RD_KAFKA_RESP_ERR__FENCED, "another one has its id");
  REQUIRE(fenced);
  CHECK(fenced->is_fenced);
  CHECK(fenced->is_fatal);
  CHECK_EQ(fenced->text(), "another one has its id (_FENCED)");
}

TEST_CASE("positions become the library's list and come back") {
  const std::vector<KafkaPosition> positions{
      {{"trail", 0}, 12}, {{"trail", 1}, kKafkaNoOffset}, {{"other", 7}, kKafkaEnd}};
  CHECK_EQ(positions_of(*kafka_list(positions)), positions);
  CHECK_EQ(kKafkaNoOffset, RD_KAFKA_OFFSET_INVALID);
  CHECK_EQ(kKafkaBeginning, RD_KAFKA_OFFSET_BEGINNING);
  CHECK_EQ(kKafkaEnd, RD_KAFKA_OFFSET_END);
}

TEST_CASE("a wait fits what the library takes") {
  CHECK_EQ(kafka_wait(std::chrono::milliseconds(-5)), 0);
  CHECK_EQ(kafka_wait(std::chrono::hours(24 * 365)), 2'147'483'647);
}

}  // namespace straykey
