#include "net/ingest/intake.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/net/syslog_fixture.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Site {
  Site() {
    Intake::Callbacks callbacks;
    callbacks.now = [] { return Seconds{1'767'225'600}; };
    callbacks.sign = [this](Request& request) { signed_events.push_back(request.events.size()); };
    callbacks.on_reject = [this](RejectReason reason, std::string_view, std::string_view source) {
      handed_over.push_back(std::string(source) + " " + std::string(name_of(reason)));
    };
    intake = std::make_unique<Intake>(PayloadLimits{}, 1, std::move(callbacks), metrics);
  }
  Intake::Reading read(SentText sent, Intake::Limits limits = {}) { return intake->read(sent, limits, "source", 0); }
  std::uint64_t received() {
    return metrics.counter("straykey_events_received_total", "", {{"source", "source"}}).value();
  }
  std::uint64_t rejected(const std::string& reason) {
    return metrics.counter("straykey_events_rejected_total", "", {{"reason", reason}}).value();
  }

  Metrics metrics;
  std::vector<std::size_t> signed_events;
  std::vector<std::string> handed_over;
  std::unique_ptr<Intake> intake;
};

const std::string kOther = R"({"level":"info"})";

SentText items_of(const std::vector<std::string>& texts) {
  SentText sent;
  for (const std::string& text : texts) {
    sent.items.push_back({sent.text.size(), text.size(), 0, {}});
    sent.text += text;
  }
  return sent;
}

// "0:bad_json" for a whole item, "0:bad_json*" for a part of one.
std::string text_of(const ItemOutcomes& outcome) {
  std::string text;
  for (const ItemOutcomes::Reject& reject : outcome.rejects) {
    text += (text.empty() ? "" : " ") + std::to_string(reject.item) + ":" + std::string(name_of(reject.reason));
    if (!reject.whole) text += "*";
  }
  return text;
}

}  // namespace

TEST_CASE(
    "a text in any framing becomes a request; each event is signed as it is read, each reject known by its place") {
  Site site;
  const auto reading = site.read({.text = record_json("a") + "\n" + kOther + "\n" + record_json("b")});
  REQUIRE(reading.request != nullptr);
  CHECK(reading.request->events.size() == 2);
  CHECK(reading.request->received_at == 1'767'225'600);
  CHECK(site.signed_events == std::vector<std::size_t>{1, 2});
  CHECK(reading.outcome.accepted == 2);
  CHECK(reading.outcome.rejected == 1);
  CHECK(text_of(reading.outcome) == "1:not_cloudtrail");
  CHECK(site.handed_over == std::vector<std::string>{"source not_cloudtrail"});
  CHECK(site.received() == 2);
  CHECK(site.rejected("not_cloudtrail") == 0);  // its sender may send it again
  site.intake->count_rejects(reading.outcome);
  CHECK(site.rejected("not_cloudtrail") == 1);
}

TEST_CASE("every item has an outcome: accepted unless it stands in a whole reject, with its first reason") {
  Site site;
  const auto reading =
      site.read(items_of({record_json("a"), kOther, "nothing", "[" + record_json("b") + "," + kOther + "]",
                          "[" + kOther + ",3]", R"({"messageType":"CONTROL_MESSAGE"})"}));
  CHECK(reading.outcome.accepted == 2);
  CHECK(reading.outcome.rejected == 5);
  CHECK(text_of(reading.outcome) == "1:not_cloudtrail 2:bad_json 3:not_cloudtrail* 4:not_cloudtrail 4:not_cloudtrail*");
}

TEST_CASE("no more rejects are listed than asked for, and all are counted") {
  Site site;
  std::string body;
  for (int i = 0; i < 10; ++i) body += kOther + "\n";
  const auto reading = site.read({.text = body}, {.rejects_listed_max = 3});
  CHECK(reading.request == nullptr);
  CHECK(reading.outcome.rejects.size() == 3);
  CHECK(reading.outcome.rejected == 10);
  CHECK(reading.outcome.tally[static_cast<std::size_t>(RejectReason::not_cloudtrail)] == 10);
  const auto items = site.read(items_of({kOther, kOther}), {.rejects_listed_max = 1});
  CHECK(text_of(items.outcome) == "0:not_cloudtrail");
}

TEST_CASE("a text that is read again counts nothing and hands nothing over a second time") {
  Site site;
  SentText sent = items_of({record_json("a"), kOther});
  const std::string text = sent.text;
  CHECK(site.intake->read(sent, {}, "source", 0).request != nullptr);
  sent.text = text;
  sent.read_before = true;
  const auto again = site.intake->read(sent, {}, "source", 0);
  REQUIRE(again.request != nullptr);
  CHECK(again.outcome.rejected == 1);
  CHECK(site.received() == 1);
  CHECK(site.handed_over.size() == 1);
}

TEST_CASE("limits are those of the read, and what is over them is an error of the text as a whole") {
  Site site;
  const std::string two = record_json("a") + record_json("b");
  CHECK(site.read({.text = two}, {.records_max = 1}).outcome.error == PayloadError::too_many_records);
  CHECK(site.read(items_of({"{}", "{}"}), {.records_max = 1}).outcome.error == PayloadError::too_many_records);
  const std::string packed = gzip_of(std::string(10'000, ' ') + two);
  CHECK(site.read({.text = packed}, {.inflated_bytes_max = 5'000}).outcome.error == PayloadError::inflated_too_large);
  CHECK(site.read({.text = packed}, {.inflated_bytes_max = 50'000}).outcome.accepted == 2);
  CHECK(site.read({.text = "plain"}).outcome.error == PayloadError::unreadable_body);
  CHECK(site.received() == 2);
}

TEST_CASE("the items of an encoded text are found after it is decoded") {
  Site site;
  const SentText::Split by_semicolon = [](std::string_view text, std::vector<SentText::Item>& items) {
    const std::size_t at = text.find(';');
    items.push_back({0, at, 0, {}});
    items.push_back({at + 1, text.size() - at - 1, 0, {}});
  };
  SentText sent;
  sent.split = by_semicolon;
  sent.encoding = ContentEncoding::gzip;
  sent.text = gzip_of(record_json("a") + ";" + kOther);
  const auto reading = site.read(std::move(sent));
  CHECK(reading.outcome.accepted == 1);
  CHECK(text_of(reading.outcome) == "1:not_cloudtrail");
  SentText not_gzip{.text = "plain", .encoding = ContentEncoding::gzip, .split = by_semicolon};
  CHECK(site.read(std::move(not_gzip)).outcome.error == PayloadError::bad_compression);
}

TEST_CASE("rejects name the sender of their message, where it is known") {
  Site site;
  SentText sent = items_of({kOther});
  sent.items[0].sender = *parse_ip("192.0.2.9");
  (void)site.read(std::move(sent));
  site.intake->reject(RejectReason::record_too_large, "x", "source", *parse_ip("192.0.2.7"));
  CHECK(site.handed_over ==
        std::vector<std::string>{"source 192.0.2.9 not_cloudtrail", "source 192.0.2.7 record_too_large"});
  CHECK(site.rejected("record_too_large") == 1);
}

}  // namespace straykey
