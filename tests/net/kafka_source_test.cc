// The source that takes events out of Kafka: how it starts and stops. What it reads is tested with real brokers, in
// tests/kafka: those that librdkafka imitates do not tell who is in a group.
#include "net/ingest/kafka_source.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/net/syslog_fixture.h"

namespace straykey {
namespace {

constexpr Seconds kNow = 1'796'060'220;  // 30 November 2026, 17:37

struct Site {
  SyslogFixture fixture;
  Intake intake{{}, 3, {[] { return kNow; }, {}, {}}, fixture.metrics};
  std::string remembered;
  std::unique_ptr<KafkaSource> source;

  void start(const std::string& password = "") {
    KafkaSourceSettings settings;
    settings.name = "topic";
    settings.brokers = "127.0.0.1:1";
    settings.topics = {"trail"};
    settings.concurrency = 2;
    source = std::make_unique<KafkaSource>(
        settings, KafkaSource::Dependencies{
                      intake, 1, [this](std::unique_ptr<Request>& request) { return fixture.pipeline.submit(request); },
                      fixture.metrics, fixture.log, [] { return kNow; }, "0123456789abcdef",
                      [password]() -> Result<KafkaProperties> {
                        if (password == "unreadable") return Error{"the secret cannot be read"};
                        return KafkaProperties();
                      },
                      remembered,
                      [this](const std::string& text) {
                        remembered = text;
                        return Status();
                      }});
  }
};

}  // namespace

TEST_CASE("a source whose secrets cannot be read does not start, and says whose they are") {
  Site site;
  site.start("unreadable");
  const Status status = site.source->start(kNow);
  REQUIRE_FALSE(status.ok());
  CHECK_EQ(status.error().message, "kafka_source topic: the secret cannot be read");
}

TEST_CASE("a source whose brokers cannot be reached starts, counts what fails, and stops at once") {
  Site site;
  site.start();
  REQUIRE(site.source->start(kNow).ok());
  CHECK(site.source->reload(kNow).ok());
  for (int i = 0; i < 1'000 && site.fixture.counted("straykey_kafka_errors_total{source=\"topic\"}") == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(site.fixture.counted("straykey_kafka_errors_total{source=\"topic\"}") > 0);
  CHECK(site.source->drain(std::chrono::seconds(10)));
}

TEST_CASE("a source shows where its events come from") {
  Site site;
  site.start();
  CHECK_EQ(site.source->url(), "kafka://127.0.0.1:1/trail");
}

}  // namespace straykey
