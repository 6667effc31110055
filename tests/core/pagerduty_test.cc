#include "core/detect/formats/pagerduty.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

TEST_CASE("pagerduty: an event of version 2 without its key, which the sender lays in") {
  for (const Message& message : testing::sample_messages()) {
    const std::string body = pagerduty_body(message, {});
    CHECK(body.starts_with("{\""));
    const json::value event = json::parse(body);
    CHECK_FALSE(event.as_object().contains("routing_key"));
    const bool takes_back = std::holds_alternative<Contradiction>(message);
    CHECK_EQ(event.at("event_action").as_string(), takes_back ? "resolve" : "trigger");
    CHECK_LE(event.at("dedup_key").as_string().size(), 255);
    const json::object& payload = event.at("payload").as_object();
    for (const char* const required : {"summary", "source", "severity"})
      CHECK_FALSE(payload.at(required).as_string().empty());
    const std::set<std::string> severities{"info", "warning", "error", "critical"};
    CHECK(severities.contains(std::string(payload.at("severity").as_string())));
    CHECK_LE(payload.at("summary").as_string().size(), 1'024);
  }
}

TEST_CASE("pagerduty: an alert opens an incident under its id, with what to do, and a contradiction resolves it") {
  const json::value event = json::parse(pagerduty_body(testing::sample_alert(), {"https://p.example/"}));
  CHECK_EQ(event.at("dedup_key").as_string(), testing::kSampleId);
  CHECK_EQ(event.at_pointer("/payload/severity").as_string(), "critical");
  CHECK_EQ(event.at_pointer("/payload/timestamp").as_string(), "2024-03-21T09:05:00Z");
  CHECK_EQ(event.at_pointer("/payload/custom_details/why/0").as_string(), "It is outside AWS.");
  CHECK(
      event.at_pointer("/payload/custom_details/respond/revoke_1").as_string().starts_with("aws iam put-role-policy"));
  CHECK_EQ(event.at_pointer("/links/0/href").as_string(), std::string("https://p.example/") + testing::kSampleId);
  const json::value back = json::parse(pagerduty_body(testing::sample_contradiction(), {}));
  CHECK_EQ(back.at("event_action").as_string(), "resolve");
  CHECK_EQ(back.at("dedup_key").as_string(), testing::kSampleId);
  CHECK_EQ(back.at_pointer("/payload/timestamp").as_string(), "2024-03-21T08:50:00Z");
}

TEST_CASE("pagerduty: a summary is cut at 1,024 characters, whatever a sender wrote") {
  const json::value event = json::parse(pagerduty_body(testing::hostile_alert(40), {}));
  CHECK_LE(event.at_pointer("/payload/summary").as_string().size(), 1'024);
  CHECK(event.at_pointer("/payload/custom_details/respond").as_object().contains("acknowledge"));
}

}  // namespace
}  // namespace straykey
