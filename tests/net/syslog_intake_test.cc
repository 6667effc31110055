#include "net/ingest/syslog_intake.h"

#include <utility>

#include "tests/net/syslog_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const IpAddress kSender = *parse_ip("192.0.2.9");

struct Messages {
  explicit Messages(SyslogIntakeSettings settings = {}) : site(settings) {
    SyslogListenerSettings listening;
    listening.name = "syslog_udp";
    listener = std::make_unique<SyslogListener>(listening, site.budget, site.metrics, site.log);
  }
  void add(const std::string& message) { site.intake->add(batch, *listener, message, kSender); }
  std::unique_ptr<Request> read() {
    SentText sent = std::exchange(batch, {});
    auto [request, outcome, rest, no_room] =
        site.reader->read(sent, site.intake->settings().limits, listener->settings.name, 0);
    site.reader->count_rejects(outcome);
    return std::move(request);
  }
  [[nodiscard]] bool full() const { return site.intake->full(batch, batch.text.size()); }
  [[nodiscard]] std::uint64_t rejected(const std::string& reason) const {
    return site.counted("straykey_events_rejected_total{reason=\"" + reason + "\"}");
  }

  SyslogFixture site;
  std::unique_ptr<SyslogListener> listener;
  SentText batch;
};

}  // namespace

TEST_CASE("messages of all kinds become events of one request") {
  Messages intake;
  intake.add(message_of("a"));
  intake.add("<14>Jan  1 00:00:00 edge trail[7]: " + record_json("b"));
  intake.add(record_json("c"));
  intake.add("<14>1 - - - - - - [" + record_json("d") + "," + record_json("e") + "]");
  std::string escaped;
  for (const char c : record_json("f")) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  intake.add(R"(<14>1 - - - - - [meta sequenceId="1"] {"PROGRAM":"trail","MESSAGE":")" + escaped + "\"}");
  intake.add("<14>1 - - - - - - {\"Records\":[" + record_json("g") + "]}");
  const auto request = intake.read();
  REQUIRE(request != nullptr);
  CHECK(request->events.size() == 7);
  CHECK(request->events[0].event_name == "GetCallerIdentity");
  CHECK(intake.site.counted("straykey_syslog_messages_total{listener=\"syslog_udp\"}") == 6);
  CHECK(intake.site.counted("straykey_events_received_total{source=\"syslog_udp\"}") == 7);
  CHECK(intake.site.reject_sources.empty());
}

TEST_CASE("messages inside of a text are read in their places, whatever stands between them") {
  Messages intake;
  const std::string quotes = "<14>Jan  1 00:00:00 edge \"trail: ";
  const std::string text =
      message_of("a") + "\n17 " + quotes + record_json("b") + "\xff\n\"{" + message_of("c") + " rest {\"";
  std::size_t from = 0;
  for (const std::string& message : {message_of("a"), quotes + record_json("b"), message_of("c")}) {
    const std::size_t at = text.find(message, from);
    REQUIRE(at != std::string::npos);
    intake.site.intake->add_in_place(intake.batch, *intake.listener, text,
                                     std::string_view(text).substr(at, message.size()), kSender);
    from = at + message.size();
  }
  intake.batch.text = text;
  const auto request = intake.read();
  REQUIRE(request != nullptr);
  REQUIRE(request->events.size() == 3);
  CHECK(request->events[0].event_id == "a");
  CHECK(request->events[1].event_id == "b");
  CHECK(request->events[2].event_id == "c");
  CHECK(intake.site.reject_sources.empty());
}

TEST_CASE("a broken message does not touch its neighbours, and its sender is named") {
  Messages intake;
  const std::string whole = record_json("a");
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    intake.add(message_of("a"));
    intake.add("<14>1 - - - - - - " + whole.substr(0, size));
    intake.add(message_of("b"));
    const auto request = intake.read();
    REQUIRE(request != nullptr);
    CHECK(request->events.size() == 2);
  }
  CHECK(intake.rejected("truncated") == intake.site.reject_sources.size());
  CHECK(intake.rejected("truncated") == (whole.size() + 5) / 7);
  CHECK(intake.site.reject_sources.front() == "syslog_udp 192.0.2.9");
}

TEST_CASE("what holds no record is a reject, counted with those of HTTP; a batch of them alone is no request") {
  Messages intake;
  intake.add("<14>Jan  1 00:00:00 edge cron[7]: run");
  intake.add("<14>Jan  1 00:00:00 edge app[7]: {\"level\":\"info\"}");
  intake.add("<14>Jan  1 00:00:00 edge app[7]: {broken}");
  CHECK(intake.read() == nullptr);
  CHECK(intake.rejected("bad_json") == 2);
  CHECK(intake.rejected("not_cloudtrail") == 1);
}

TEST_CASE("a batch is full by messages or by bytes") {
  Messages intake({.limits = {}, .batch_messages_max = 3, .batch_bytes_max = 2 * record_json("a").size()});
  intake.add(record_json("a"));
  CHECK_FALSE(intake.full());
  intake.add(record_json("b"));
  CHECK(intake.full());
  intake.batch = {};
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(intake.full());
    intake.add("{}");
  }
  CHECK(intake.full());
}

}  // namespace straykey
