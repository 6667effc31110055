#include "core/detect/formats/body_format.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string>

#include "core/base/terminal_text.h"
#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

constexpr BodyContext kContext{"https://straykey.example.com/#/alerts/"};

TEST_CASE("body format: each has a name of its own, and the same facts give the same bytes") {
  std::set<std::string_view> names;
  for (const BodyFormat& format : body_formats()) {
    CHECK(names.insert(format.name).second);
    for (const Message& message : testing::sample_messages()) {
      CHECK_FALSE(format.make(message, kContext).empty());
      if (std::holds_alternative<OldBody>(message) || std::holds_alternative<EndpointTest>(message)) continue;
      CHECK_EQ(format.make(message, kContext), format.make(decode_message(encode_message(message)).value(), kContext));
    }
  }
}

TEST_CASE("body format: each says severity, title, reasons, what to do, the alert's id and its page") {
  for (const BodyFormat& format : body_formats()) {
    CAPTURE(format.name);
    const std::string body = format.make(testing::sample_alert(), kContext);
    const auto says = [&](std::string_view text) { return body.find(text) != std::string::npos; };
    CHECK(says("was used from 198.51.100.7 (Example Hosting), outside AWS."));
    CHECK(says("AS64511 is new to the identity."));
    CHECK(says("aws iam put-role-policy --role-name"));
    CHECK(says("aws cloudtrail lookup-events"));
    CHECK(says(std::string("straykey alerts ack ") + testing::kSampleId));
    const bool is_document = format.name == "standard_webhooks";
    CHECK_EQ(says(std::string("https://straykey.example.com/#/alerts/") + testing::kSampleId), !is_document);
    const std::string without = format.make(testing::sample_alert(), {});
    CHECK_EQ(without.find("straykey.example.com"), std::string::npos);
  }
}

TEST_CASE("body format: whatever a sender wrote, a body is one text without a character that hides or turns text") {
  for (const BodyFormat& format : body_formats().subspan(1)) {
    CAPTURE(format.name);
    for (const std::size_t repeats : {1, 3, 40}) {
      const std::string body = format.make(testing::hostile_alert(repeats), kContext);
      CHECK_LE(body.size(), kBodyBytesMax);
      CHECK_EQ(terminal_text(body, std::string::npos), body);
      if (format.is_syslog) continue;
      boost::json::error_code error;
      static_cast<void>(boost::json::parse(body, error));
      CHECK_FALSE(error);
    }
  }
}

TEST_CASE("body format: the limit holds for the bytes that are sent, whatever stands in every field") {
  for (const BodyFormat& format : body_formats()) {
    CAPTURE(format.name);
    for (const std::string& filler : testing::kLongestEscapes) {
      for (const Message& message : testing::messages_full_of(filler)) {
        const std::string body = format.make(message, kContext);
        CAPTURE(filler);
        CAPTURE(message_type(message));
        CHECK_LE(body.size(), kBodyBytesMax);
        if (const auto* alert = std::get_if<Alert>(&message)) CHECK_NE(body.find(alert->id.hex()), std::string::npos);
      }
    }
  }
}

// Every text that a receiver decodes. `record`: the member that may hold the record as it came.
void check_shown(const boost::json::value& value, std::string_view record) {
  if (value.is_string()) {
    const std::string text(value.as_string());
    std::string without_lines = text;
    std::replace(without_lines.begin(), without_lines.end(), '\n', ' ');
    CHECK_EQ(terminal_text(without_lines, std::string::npos), without_lines);
  } else if (value.is_array()) {
    for (const boost::json::value& item : value.as_array()) check_shown(item, record);
  } else if (value.is_object()) {
    for (const auto& member : value.as_object())
      if (std::string_view(member.key()) != record) check_shown(member.value(), record);
  }
}

TEST_CASE("body format: what a receiver decodes and shows hides and turns no text either, but for the record") {
  Alert alert = testing::hostile_alert();
  alert.call.record = "{\"eventName\":\"\xe2\x80\xae\xc2\x9b\"}";
  for (const BodyFormat& format : body_formats().subspan(1)) {
    CAPTURE(format.name);
    if (format.is_syslog) continue;
    const boost::json::value body = boost::json::parse(format.make(alert, kContext));
    const bool is_splunk = format.name == "splunk_hec";
    check_shown(is_splunk ? body.at("event") : body, is_splunk ? "event" : format.name == "ocsf" ? "data" : "");
  }
  // The record itself is whole.
  const boost::json::value record = boost::json::parse(alert.call.record);
  const auto body = [&](std::size_t n) { return boost::json::parse(body_formats()[n].make(alert, kContext)); };
  REQUIRE_EQ(body_formats()[1].name, "ocsf");
  CHECK_EQ(body(1).at_pointer("/evidences/0/data"), record);
  CHECK_EQ(boost::json::parse(body(2).at_pointer("/event/original").as_string()), record);
  CHECK_EQ(body(8).at_pointer("/event/event"), record);
}

TEST_CASE("body format: what takes an alert back names it, and has the time of the event that says so") {
  for (const BodyFormat& format : body_formats()) {
    CAPTURE(format.name);
    const std::string body = format.make(testing::sample_contradiction(), {});
    CHECK_NE(body.find(testing::kSampleId), std::string::npos);
    const bool has_seconds = body.find("1711011000") != std::string::npos;
    CHECK((has_seconds || body.find("2024-03-21T08:50:00Z") != std::string::npos));
  }
}

TEST_CASE("body format: a long record does not make a body too long") {
  for (const BodyFormat& format : body_formats()) {
    CAPTURE(format.name);
    for (const char* const filler : {"a", "\\\\", "\\\"", "\\u0001", "\xe2\x80\xae"}) {
      Alert alert = testing::sample_alert();
      alert.call.record = R"({"eventName":"X","requestParameters":")";
      while (alert.call.record.size() + 16 < kCandidateRecordBytesMax) alert.call.record += filler;
      alert.call.record += "\"}";
      CHECK_LE(format.make(alert, kContext).size(), kBodyBytesMax);
    }
  }
}

TEST_CASE(
    "body format: Standard Webhooks has a type, a time and the document, and is what an endpoint gets by default") {
  const BodyFormat& standard = body_formats().front();
  CHECK_EQ(standard.name, "standard_webhooks");
  const Message alert = testing::sample_alert();
  CHECK_EQ(standard.make(alert, kContext),
           R"({"type":"alert.created","timestamp":"2024-03-21T09:05:00Z","data":)" + message_document(alert) + "}");
  CHECK_EQ(standard.make(OldBody{"as it was sent", "was"}, kContext), "as it was sent");
}

}  // namespace
}  // namespace straykey
