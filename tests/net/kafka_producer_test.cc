// Producer and transactions, against the brokers that librdkafka imitates.
#include "net/kafka/kafka_producer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "net/kafka/kafka_consumer.h"
#include "tests/support/mock_kafka.h"

namespace straykey {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kWait{20'000};

std::unique_ptr<KafkaProducer> open_judge(const MockKafka& kafka) {
  KafkaProducer::Settings settings;
  settings.client = {kafka.brokers(), "straykey-test", {}};
  settings.transactional_id = "judged.judge";
  auto producer = KafkaProducer::open(settings, {});
  REQUIRE(producer.ok());
  return std::move(producer).value();
}

// Reads a partition from its beginning to the end that it has now.
std::vector<std::string> values_of(const MockKafka& kafka, const KafkaPartition& partition) {
  KafkaConsumer::Settings settings;
  settings.client = {kafka.brokers(), "straykey-test", {}};
  settings.group = "reader";
  auto consumer = KafkaConsumer::open(settings, {});
  REQUIRE(consumer.ok());
  KafkaWatermarks marks;
  REQUIRE_FALSE((*consumer)->watermarks(partition, marks, kWait));
  REQUIRE_FALSE((*consumer)->assign({{partition, marks.low}}));
  std::vector<std::string> values;
  for (std::int64_t next = marks.low; next < marks.high;) {
    const auto message = (*consumer)->poll(kWait);
    if (!message) break;
    next = message->offset() + 1;
    values.emplace_back(message->value().value_or("erased"));
  }
  (*consumer)->close();
  return values;
}

}  // namespace

TEST_CASE("messages are sent with their keys, and each is told with its place") {
  MockKafka kafka;
  kafka.create("trail", 1);
  KafkaProducer::Settings settings;
  settings.client = {kafka.brokers(), "straykey-test", {}};
  std::vector<std::pair<std::uint64_t, std::int64_t>> sent;
  KafkaProducer::Callbacks callbacks;
  callbacks.on_sent = [&](std::uint64_t tag, const KafkaStatus& status, std::int64_t offset) {
    CHECK_FALSE(status);
    sent.emplace_back(tag, offset);
  };
  auto producer = KafkaProducer::open(settings, callbacks);
  REQUIRE(producer.ok());
  CHECK_FALSE((*producer)->send({.topic = "trail", .partition = 0, .key = "k", .value = "one", .tag = 7}));
  CHECK_FALSE((*producer)->send({.topic = "trail", .partition = 0, .key = "k", .value = std::nullopt, .tag = 8}));
  CHECK_FALSE((*producer)->flush(kWait));
  CHECK_EQ(sent, decltype(sent){{7, 0}, {8, 1}});
  CHECK_EQ(values_of(kafka, {"trail", 0}), std::vector<std::string>{"one", "erased"});
}

TEST_CASE("a committed transaction is there, and the next one begins behind it") {
  MockKafka kafka;
  kafka.create("judged", 1);
  const auto producer = open_judge(kafka);
  REQUIRE_FALSE(producer->init_transactions(kWait));
  for (const char* const value : {"first", "second"}) {
    REQUIRE_FALSE(producer->begin());
    REQUIRE_FALSE(producer->send({.topic = "judged", .partition = 0, .key = "k", .value = value}));
    REQUIRE_FALSE(producer->commit(kWait));
  }
  CHECK_EQ(values_of(kafka, {"judged", 0}), std::vector<std::string>{"first", "second"});
}

TEST_CASE("a call out of its order, and one whose brokers cannot be reached, say so") {
  KafkaProducer::Settings settings;
  settings.client = {"127.0.0.1:1", "straykey-test", {}};
  settings.transactional_id = "judged.judge";
  auto producer = KafkaProducer::open(settings, {});
  REQUIRE(producer.ok());
  CHECK((*producer)->begin());  // before init_transactions()
  const KafkaStatus unreachable = (*producer)->init_transactions(milliseconds(100));
  REQUIRE(unreachable);
  CHECK(unreachable->may_try_again);
}

TEST_CASE("whoever was fenced is told so, and is of no more use") {
  MockKafka kafka;
  kafka.create("judged", 1);
  const auto producer = open_judge(kafka);
  REQUIRE_FALSE(producer->init_transactions(kWait));
  REQUIRE_FALSE(producer->begin());
  REQUIRE_FALSE(producer->send({.topic = "judged", .partition = 0, .key = "k", .value = "late"}));
  constexpr std::int16_t kEndTxn = 26;
  kafka.fail_next(kEndTxn, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  const KafkaStatus fenced = producer->commit(kWait);
  REQUIRE(fenced);
  CHECK(fenced->is_fenced);
  CHECK(fenced->is_fatal);
}

TEST_CASE("a property that the library does not know is an error of the opening") {
  KafkaProducer::Settings settings;
  settings.client = {"127.0.0.1:1", "straykey-test", {{"no.such.property", "1"}}};
  const auto producer = KafkaProducer::open(settings, {});
  REQUIRE_FALSE(producer.ok());
  CHECK(producer.error().message.find("no.such.property") != std::string::npos);
}

}  // namespace straykey
