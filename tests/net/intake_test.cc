#include "net/ingest/intake.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/net/syslog_fixture.h"
#include "tests/support/compress.h"
#include "tests/support/many_records.h"

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
    intake = std::make_unique<Intake>(PayloadLimits{}, 2, std::move(callbacks), metrics);
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

// What is cut, all of it: the eventIDs in the order of the Requests, none of which outlives the next.
struct Cut {
  ItemOutcomes outcome;
  std::string ids;
  std::vector<std::size_t> events;  // of each Request

  bool take(const Request& request) {
    events.push_back(request.events.size());
    for (const Event& event : request.events) ids.append(event.event_id).append(" ");
    return events.size() < requests_max;
  }
  std::size_t requests_max = 1'000;
};

// By a thread that must not wait the text is read twice, by one that may wait once.
enum class May : std::uint8_t { not_wait, wait };

Cut read_cut(Site& site, SentText sent, May may, std::size_t requests_max = 1'000, Intake::Limits limits = {}) {
  Cut cut;
  cut.requests_max = requests_max;
  limits.cut = true;
  Intake::RestCallbacks callbacks;
  callbacks.take = [&cut](std::unique_ptr<Request> request) { return cut.take(*request); };
  Intake::Reading reading = site.intake->read(sent, limits, "source", 0, {}, may == May::wait ? &callbacks : nullptr);
  cut.outcome = reading.outcome;
  if (reading.request != nullptr) (void)cut.take(*reading.request);
  reading.request.reset();
  if (may == May::wait) {
    CHECK(reading.rest == nullptr);
    CHECK(reading.no_room == (cut.events.size() >= requests_max));
    return cut;
  }
  if (reading.rest == nullptr) return cut;
  const bool whole = site.intake->read_rest(*reading.rest, cut.outcome, 1, callbacks);
  CHECK(whole == (cut.events.size() < requests_max));
  return cut;
}

std::string numbers_without(std::size_t count, std::size_t bad_each) {
  std::string ids;
  for (std::size_t i = 0; i < count; ++i)
    if (i % bad_each != bad_each - 1) ids += std::to_string(i) + " ";
  return ids;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    if (c != '\n') out += c;
  }
  return out;
}

void split_lines(std::string_view text, std::size_t, std::vector<SentText::Item>& items) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    items.push_back({begin, end - begin, 0, {}});
    begin = end + 1;
  }
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
  const SentText::Split by_semicolon = [](std::string_view text, std::size_t, std::vector<SentText::Item>& items) {
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

TEST_CASE("the kinds of items are known without reading them, unless they cannot be decoded or there is no memory") {
  Site site;
  const SentText::Split by_line = [](std::string_view text, std::size_t, std::vector<SentText::Item>& items) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
      items.push_back({.begin = at + 1, .size = 1, .sender = {}, .header = 7});
  };
  const SentText sent{.text = gzip_of("\n1\n2"), .encoding = ContentEncoding::gzip, .split = by_line};
  SentText text = sent;
  CHECK(site.intake->item_kinds(text, {}, 0) == "\7\7");
  CHECK(site.handed_over.empty());
  text = sent;
  CHECK(site.intake->item_kinds(text, {}, 0, [](std::size_t) { return false; }) == std::nullopt);
  text = sent;
  text.text = "plain";
  CHECK(site.intake->item_kinds(text, {}, 0) == "");
}

TEST_CASE("a text of more events than one Request takes is cut, and every outcome is in the order of the text") {
  constexpr std::size_t kCount = 40'000, kBadEach = 1'000;
  const std::string lines = numbered_records(kCount, kBadEach);
  const std::string file = "{\"Records\":[" + numbered_records(kCount, kBadEach, ",") + "]}";
  const std::string in_copies = R"({"message":")" + escaped(R"({"message":")" + escaped(lines) + "\"}") + "\"}";
  const std::string in_base64 = R"({"requestId":"1","records":[{"data":")" + base64_of(gzip_of(lines)) + "\"}]}";
  for (const SentText& sent : {SentText{.text = lines}, SentText{.text = gzip_of(lines)}, SentText{.text = file},
                               SentText{.text = in_copies}, SentText{.text = in_base64},
                               SentText{.text = gzip_of(in_copies)}, SentText{.text = lines, .split = split_lines}}) {
    for (const May may : {May::not_wait, May::wait}) {
      Site site;
      const Cut cut = read_cut(site, sent, may);
      CHECK(cut.events.size() >= 3);
      CHECK(*std::max_element(cut.events.begin(), cut.events.end()) == kRequestEventsMax);
      CHECK(cut.ids == numbers_without(kCount, kBadEach));
      CHECK(cut.outcome.error == std::nullopt);
      CHECK(cut.outcome.accepted == kCount - kCount / kBadEach);
      CHECK(cut.outcome.rejected == kCount / kBadEach);
      REQUIRE(cut.outcome.rejects.size() == kCount / kBadEach);
      for (std::size_t i = 0; i < cut.outcome.rejects.size(); ++i)
        CHECK(cut.outcome.rejects[i].item == (i + 1) * kBadEach - 1);
      CHECK(site.received() == cut.outcome.accepted);
      CHECK(site.handed_over.size() == cut.outcome.rejected);
      CHECK(site.signed_events.size() == cut.outcome.accepted);
    }
  }
}

TEST_CASE("a text of just as many events as one Request takes has no rest") {
  for (const SentText::Split split : {SentText::Split{nullptr}, SentText::Split{split_lines}}) {
    Site site;
    const Intake::Limits limits{.cut = true};
    const auto full = site.read({.text = numbered_records(kRequestEventsMax), .split = split}, limits);
    CHECK(full.rest == nullptr);
    CHECK(full.outcome.accepted == kRequestEventsMax);
    for (const May may : {May::not_wait, May::wait}) {
      const Cut cut = read_cut(site, {.text = numbered_records(kRequestEventsMax + 1), .split = split}, may);
      CHECK(cut.events == std::vector<std::size_t>{kRequestEventsMax, 1});
      const Cut just = read_cut(site, {.text = numbered_records(kRequestEventsMax), .split = split}, may);
      CHECK(just.events == std::vector<std::size_t>{kRequestEventsMax});
      CHECK(just.outcome.accepted == kRequestEventsMax);
    }
  }
}

TEST_CASE("a Request is cut too when what was copied for it is large, and without events nothing is kept of it") {
  const std::string layer = base64_of(gzip_of(std::string(3 << 20, ' ') + "{\"n\":1}"));
  const std::string last = base64_of(gzip_of(std::string(3 << 20, ' ') + numbered_record(7)));
  std::string body = R"({"requestId":"1","records":[)";
  for (int i = 0; i < 6; ++i) body += R"({"data":")" + layer + "\"},";
  body += R"({"data":")" + last + "\"},{\"data\":\"" + last + "\"},{\"data\":\"" + last + "\"}]}";
  for (const May may : {May::not_wait, May::wait}) {
    Site site;
    const Cut cut = read_cut(site, {.text = body}, may);
    CHECK(cut.ids == "7 7 7 ");
    CHECK(cut.events.size() == 2);
    CHECK(cut.outcome.rejected == 6);
  }
}

TEST_CASE("one item that holds more than a Request takes has one outcome") {
  const auto one_item = [](std::string_view text, std::size_t, std::vector<SentText::Item>& items) {
    items = {{0, 7, 0, {}}, {7, text.size() - 14, 0, {}}, {text.size() - 7, 7, 0, {}}};
  };
  const std::string bad = R"({"n":1})";
  for (const May may : {May::not_wait, May::wait}) {
    Site site;
    const Cut cut = read_cut(site, {.text = bad + numbered_records(40'000) + bad, .split = one_item}, may);
    CHECK(cut.ids == numbers_without(40'000, 50'000));
    CHECK(text_of(cut.outcome) == "0:not_cloudtrail 2:not_cloudtrail");
  }
}

TEST_CASE("what is cut is read no further when nobody takes its Requests, and to the limit of records") {
  for (const May may : {May::not_wait, May::wait}) {
    Site site;
    CHECK(read_cut(site, {.text = numbered_records(100'000)}, may, 3).events.size() == 3);
    const Cut over = read_cut(site, {.text = numbered_records(40'000)}, may, 1'000, {.records_max = 35'000});
    CHECK(over.outcome.error == PayloadError::too_many_records);
  }
}

TEST_CASE("what may not be cut takes as many events as one Request does, and rejects what follows") {
  Site site;
  const auto reading = site.read({.text = numbered_records(kRequestEventsMax + 2)});
  CHECK(reading.rest == nullptr);
  CHECK(reading.outcome.accepted == kRequestEventsMax);
  CHECK(text_of(reading.outcome) == "16384:inflated_too_large 16385:inflated_too_large");
}

TEST_CASE("memory is asked for before it is taken: events, inflated layers, large copies") {
  const std::string records = numbered_records(5'000);
  for (const std::string& text : {records, gzip_of(records), R"({"message":")" + escaped(records) + "\"}",
                                  R"({"requestId":"1","records":[{"data":")" + base64_of(gzip_of(records)) + "\"}]}"}) {
    std::size_t asked = 0;
    Site site;
    SentText sent{.text = text};
    const auto granted = site.intake->read(sent, {.cut = true}, "source", 0, [&asked](std::size_t bytes) {
      asked += bytes;
      return true;
    });
    CHECK(granted.outcome.accepted == 5'000);
    const bool as_it_is = text == records;
    CHECK(asked >= 5'000 * Request::event_bytes() + (as_it_is ? 0 : records.size()));
    // Refused at any time, it ends.
    for (std::size_t most = 0; most < asked; most += asked / 7) {
      std::size_t held = 0;
      sent = {.text = text};
      const auto refused = site.intake->read(sent, {.cut = true}, "source", 0, [&](std::size_t bytes) {
        held += bytes;
        return held <= most;
      });
      CHECK(refused.no_room);
      CHECK(refused.request == nullptr);
    }
  }
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
