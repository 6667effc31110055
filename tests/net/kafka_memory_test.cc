// Positions that we remember ourselves, and where to begin when the brokers do not know.
#include "net/ingest/kafka_memory.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {

TEST_CASE("positions are written down and read again") {
  KafkaMemory memory;
  CHECK_FALSE(memory.changed());
  memory.note({{"trail", 0}, 12});
  memory.note({{"trail", 3}, 7});
  memory.note({{"other.topic", 0}, 0});
  CHECK(memory.grown());
  const std::string text = memory.text();
  CHECK_EQ(text, "0 0 other.topic\n0 12 trail\n3 7 trail\n");
  CHECK_FALSE(memory.changed());
  memory.note({{"trail", 0}, 12});
  CHECK_FALSE(memory.changed());
  memory.note({{"trail", 0}, 13});
  CHECK(memory.changed());
  CHECK_FALSE(memory.grown());

  KafkaMemory again;
  again.read(text);
  CHECK_EQ(again.position({"trail", 3}), 7);
  CHECK_EQ(again.position({"trail", 1}), std::nullopt);
  CHECK(again.knows_topic("trail"));
  CHECK_FALSE(again.knows_topic("tra"));
  CHECK_FALSE(again.changed());
}

TEST_CASE("a line that cannot be read is as if it were not there") {
  KafkaMemory memory;
  memory.read("0 12\n-1 5 trail\nx\n\n0 99999999999999999999 trail\n1 5 \n2 8 trail");
  CHECK_EQ(memory.text(), "2 8 trail\n");
}

TEST_CASE("a partition that was never read begins where the setting says, an added one at its beginning") {
  const KafkaWatermarks log{20, 90};
  CHECK_EQ(where_to_begin(log, {}, false).offset, 20);
  CHECK_EQ(where_to_begin(log, {}, true).offset, 90);
  CHECK_FALSE(where_to_begin(log, {}, true).loss);
  const KafkaBegin added = where_to_begin(log, {std::nullopt, true}, true);
  CHECK_EQ(added.offset, 20);
  CHECK(added.is_added);
}

TEST_CASE("a position that is lost is named, and all that is there is read") {
  const KafkaWatermarks log{20, 90};
  const KafkaBegin expired = where_to_begin(log, {15, true}, true);
  CHECK_EQ(expired.offset, 20);
  CHECK_EQ(expired.loss, KafkaPositionLoss::expired);
  CHECK_EQ(expired.deleted_unread, 5);
  const KafkaBegin truncated = where_to_begin(log, {91, true}, true);
  CHECK_EQ(truncated.offset, 20);
  CHECK_EQ(truncated.loss, KafkaPositionLoss::truncated);
  CHECK_EQ(truncated.deleted_unread, 0);
  const KafkaBegin forgotten = where_to_begin(log, {90, true}, true);
  CHECK_EQ(forgotten.offset, 20);
  CHECK_EQ(forgotten.loss, KafkaPositionLoss::forgotten);
}

}  // namespace straykey
