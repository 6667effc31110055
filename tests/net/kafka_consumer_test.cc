// A member of a group, against the brokers that librdkafka imitates.
#include "net/kafka/kafka_consumer.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "net/kafka/kafka_producer.h"
#include "tests/support/mock_kafka.h"

namespace straykey {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kWait{20'000};
constexpr int kPollsMax = 2'000;

struct Member {
  explicit Member(const MockKafka& kafka, std::string client_id = "straykey-test") {
    KafkaConsumer::Settings settings;
    settings.client = {kafka.brokers(), std::move(client_id), {}};
    settings.group = "readers";
    settings.session_timeout = milliseconds(6'000);
    settings.heartbeat = milliseconds(500);
    KafkaConsumer::Callbacks callbacks;
    callbacks.on_assigned = [this](const std::vector<KafkaPartition>& partitions) {
      assigned.insert(partitions.begin(), partitions.end());
      std::vector<KafkaPosition> begins;
      if (begin)
        for (const KafkaPartition& partition : partitions) begins.push_back({partition, *begin});
      return begins;
    };
    callbacks.on_revoked = [this](const std::vector<KafkaPartition>& partitions, bool) {
      for (const KafkaPartition& partition : partitions) assigned.erase(partition);
    };
    callbacks.on_partition_error = [this](const KafkaPartition& partition, const KafkaError& error) {
      errors[partition] = error.name;
    };
    callbacks.on_committed = [this](const KafkaStatus& status) { commits.push_back(status ? status->name : "done"); };
    auto opened = KafkaConsumer::open(settings, callbacks);
    REQUIRE(opened.ok());
    it = std::move(opened).value();
  }
  // Polls until `done`; what came is in `values`.
  template <class Done>
  void poll_until(Done done) {
    for (int i = 0; i < kPollsMax && !done(); ++i)
      if (const auto message = it->poll(milliseconds(50))) values.emplace_back(*message->value());
    REQUIRE(done());
  }

  std::optional<std::int64_t> begin;
  std::set<KafkaPartition> assigned;
  std::map<KafkaPartition, std::string> errors;
  std::vector<std::string> values, commits;
  std::unique_ptr<KafkaConsumer> it;
};

void send(const MockKafka& kafka, const std::vector<std::string>& values, std::int32_t partition = 0) {
  KafkaProducer::Settings settings;
  settings.client = {kafka.brokers(), "sender", {}};
  auto producer = KafkaProducer::open(settings, {});
  REQUIRE(producer.ok());
  for (const std::string& value : values)
    REQUIRE_FALSE((*producer)->send({.topic = "trail", .partition = partition, .value = value}));
  REQUIRE_FALSE((*producer)->flush(kWait));
}

}  // namespace

TEST_CASE("a member reads from where the group is told to begin, and the next one from what was committed") {
  MockKafka kafka;
  kafka.create("trail", 1);
  send(kafka, {"a", "b", "c"});
  {
    Member first(kafka);
    first.begin = kKafkaBeginning;
    REQUIRE_FALSE(first.it->subscribe({"trail"}));
    first.poll_until([&] { return first.values.size() == 3; });
    CHECK_FALSE(first.it->commit({{{"trail", 0}, 2}}, kWait));
    first.it->close();
  }
  Member second(kafka);
  REQUIRE_FALSE(second.it->subscribe({"trail"}));
  second.poll_until([&] { return !second.values.empty(); });
  CHECK_EQ(second.values, std::vector<std::string>{"c"});
  std::vector<KafkaPosition> positions{{{"trail", 0}}};
  CHECK_FALSE(second.it->committed(positions, kWait));
  CHECK_EQ(positions.front().offset, 2);
  CHECK_FALSE(second.it->commit_soon({{{"trail", 0}, 3}}));
  second.poll_until([&] { return !second.commits.empty(); });
  CHECK_EQ(second.commits.front(), "done");
  second.it->close();
}

TEST_CASE("a partition without a position is told, and goes on where it is restarted") {
  MockKafka kafka;
  kafka.create("trail", 1);
  send(kafka, {"a", "b"});
  Member member(kafka);
  REQUIRE_FALSE(member.it->subscribe({"trail"}));
  member.poll_until([&] { return !member.errors.empty(); });
  CHECK_EQ(member.errors[{"trail", 0}], "_AUTO_OFFSET_RESET");
  CHECK(member.values.empty());
  CHECK_FALSE(member.it->restart({{"trail", 0}, 1}));
  member.poll_until([&] { return !member.values.empty(); });
  CHECK_EQ(member.values, std::vector<std::string>{"b"});
}

TEST_CASE("a pause hands out nothing, and nothing is missing after it") {
  MockKafka kafka;
  kafka.create("trail", 2);
  send(kafka, {"a0", "a1", "a2"}, 0);
  Member member(kafka);
  member.begin = kKafkaBeginning;
  REQUIRE_FALSE(member.it->subscribe({"trail"}));
  member.poll_until([&] { return member.values.size() == 1; });
  CHECK_FALSE(member.it->pause({{"trail", 0}}));
  send(kafka, {"b0"}, 1);
  member.poll_until([&] { return member.values.back() == "b0"; });
  CHECK_EQ(member.values, std::vector<std::string>{"a0", "b0"});
  CHECK_FALSE(member.it->resume({{"trail", 0}}));
  member.poll_until([&] { return member.values.size() == 4; });
  CHECK_EQ(member.values, std::vector<std::string>{"a0", "b0", "a1", "a2"});
}

TEST_CASE("a second member takes partitions over, and gives them back when it leaves") {
  MockKafka kafka;
  kafka.create("trail", 4);
  Member first(kafka);
  first.begin = kKafkaBeginning;
  REQUIRE_FALSE(first.it->subscribe({"trail"}));
  first.poll_until([&] { return first.assigned.size() == 4; });
  {
    Member second(kafka);
    second.begin = kKafkaBeginning;
    REQUIRE_FALSE(second.it->subscribe({"trail"}));
    second.poll_until([&] {
      (void)first.it->poll(milliseconds(10));  // it has to hear that the group changes
      return first.assigned.size() == 2 && second.assigned.size() == 2;
    });
    for (const KafkaPartition& partition : second.assigned) CHECK_EQ(first.assigned.count(partition), 0);
    second.it->close();
    CHECK(second.assigned.empty());
  }
  first.poll_until([&] { return first.assigned.size() == 4; });
}

TEST_CASE("a consumer tells what topics and partitions hold") {
  MockKafka kafka;
  kafka.create("trail", 3);
  send(kafka, {"a", "b"}, 2);
  Member member(kafka);
  std::size_t count = 0;
  CHECK_FALSE(member.it->partitions_of("trail", count, kWait));
  CHECK_EQ(count, 3);
  KafkaWatermarks marks;
  CHECK_FALSE(member.it->watermarks({"trail", 2}, marks, kWait));
  CHECK_EQ(marks.low, 0);
  CHECK_EQ(marks.high, 2);
  CHECK_FALSE(member.it->last_watermarks({"trail", 2}));  // nothing was fetched
}

TEST_CASE("whoever asks brokers that cannot be reached waits no longer than it said") {
  KafkaConsumer::Settings settings;
  settings.client = {"127.0.0.1:1", "straykey-test", {}};
  settings.group = "readers";
  KafkaConsumer::Callbacks callbacks;
  std::string told;
  callbacks.on_error = [&](const KafkaError& error) { told = error.name; };
  auto consumer = KafkaConsumer::open(settings, callbacks);
  REQUIRE(consumer.ok());
  KafkaWatermarks marks;
  const KafkaStatus unreachable = (*consumer)->watermarks({"trail", 2}, marks, milliseconds(100));
  REQUIRE(unreachable);
  CHECK(unreachable->may_try_again);
  for (int i = 0; i < kPollsMax && told.empty(); ++i) (void)(*consumer)->poll(milliseconds(50));
  CHECK_EQ(told, "_ALL_BROKERS_DOWN");
}

}  // namespace straykey
