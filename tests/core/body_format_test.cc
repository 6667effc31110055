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
