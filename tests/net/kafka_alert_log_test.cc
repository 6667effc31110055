#include "net/kafka/kafka_alert_log.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/mock_kafka.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Real brokers, if the environment names some. Otherwise those that librdkafka imitates.
struct OneTopic {
  std::unique_ptr<MockKafka> mock;
  std::string brokers, topic = "judged";
  Log log{{.level = LogLevel::error}};

  OneTopic() {
    if (const char* const real = std::getenv("STRAYKEY_TEST_KAFKA")) {
      brokers = real;
      static int number = 0;
      topic += "-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
      return;
    }
    mock = std::make_unique<MockKafka>();
    mock->create(topic, 1);
    brokers = mock->brokers();
  }
  static double uptime() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  std::unique_ptr<KafkaAlertLog> open() {
    auto opened = KafkaAlertLog::open({{brokers, "straykey-test", {}}, topic},
                                      {log, [] { return Seconds{1'700'000'000}; }, uptime});
    REQUIRE(opened.ok());
    return std::move(opened).value();
  }
};

LogTransaction row(const std::string& key, std::optional<std::string> value) {
  return {.rows = {{Table::alerts, key, std::move(value)}}};
}

template <class Done>
bool within_a_minute(Done done) {
  const double end = OneTopic::uptime() + 60;
  while (!done()) {
    if (OneTopic::uptime() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::vector<LogEntry> read_from(KafkaAlertLog& log, std::uint64_t from, std::size_t count) {
  std::vector<LogEntry> all;
  (void)within_a_minute([&] {
    auto read = log.read(all.empty() ? from : all.back().next);
    REQUIRE(read.ok());
    for (LogEntry& entry : read->entries) all.push_back(std::move(entry));
    return all.size() >= count;
  });
  return all;
}

TEST_CASE("kafka log: what one node appends another one reads, with its positions") {
  OneTopic topic;
  const auto judge = topic.open(), standby = topic.open();
  REQUIRE(judge->fence().ok());
  const auto first = judge->append({1, 2}, row("a", "value"));
  REQUIRE(first.ok());
  const auto second = judge->append({1, 2}, row("a", std::nullopt));
  REQUIRE(second.ok());
  const auto entries = read_from(*standby, 0, 2);
  REQUIRE_EQ(entries.size(), 2);
  CHECK(entries[0].transaction == row("a", "value"));
  CHECK(entries[1].transaction == row("a", std::nullopt));
  CHECK_EQ(entries[0].next, first.value());
  CHECK_EQ(entries[1].next, second.value());
  const auto again = read_from(*standby, first.value(), 1);
  REQUIRE_EQ(again.size(), 1);
  CHECK_EQ(again[0].next, second.value());
}

// The imitated brokers let a fenced producer write, and take long to elect.
bool no_real_brokers() {
  return std::getenv("STRAYKEY_TEST_KAFKA") == nullptr;
}

TEST_CASE("kafka log: who is fenced out appends nothing" * doctest::skip(no_real_brokers())) {
  OneTopic topic;
  const auto old_judge = topic.open(), new_judge = topic.open();
  REQUIRE(old_judge->fence().ok());
  REQUIRE(old_judge->append({1, 2}, row("a", "old")).ok());
  REQUIRE(new_judge->fence().ok());
  CHECK_FALSE(old_judge->append({1, 2}, row("b", "stale")).ok());
  CHECK_FALSE(old_judge->append({1, 2}, row("b", "stale")).ok());
  REQUIRE(new_judge->append({1, 2}, row("c", "new")).ok());
  const auto reader = topic.open();
  const auto entries = read_from(*reader, 0, 2);
  REQUIRE_EQ(entries.size(), 2);
  CHECK(entries[1].transaction == row("c", "new"));
}

TEST_CASE("kafka log: one of two nodes is elected, and the other one when that leaves" *
          doctest::skip(no_real_brokers())) {
  OneTopic topic;
  const auto a = topic.open(), b = topic.open();
  for (const auto* node : {&a, &b}) REQUIRE((*node)->read(0).ok());  // the topic is there
  a->stand(true);
  const auto until = [](KafkaAlertLog& one, KafkaAlertLog& other) {
    return within_a_minute([&] {
      (void)other.elected();
      (void)one.read(0);
      return one.elected();
    });
  };
  REQUIRE(until(*a, *b));
  CHECK_FALSE(b->elected());
  b->stand(true);
  a->leave();
  CHECK_FALSE(a->elected());
  CHECK(until(*b, *a));
}

}  // namespace
}  // namespace straykey
