#include "core/detect/formats/ecs.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

// The field sets of ECS 8.11 that are used, and one of our own.
const std::set<std::string> kFieldSets{"@timestamp", "ecs",    "message", "tags", "event",      "observer", "rule",
                                       "cloud",      "source", "threat",  "user", "user_agent", "straykey"};
const std::set<std::string> kEventFields{"kind",   "category", "type",    "id",       "code",
                                         "action", "module",   "dataset", "provider", "severity",
                                         "reason", "url",      "start",   "end",      "original"};

TEST_CASE("ecs: every message is an event of the schema, with categories and types that it knows") {
  for (const Message& message : testing::sample_messages()) {
    const json::value body = json::parse(ecs_body(message, {}));
    for (const auto& member : body.as_object()) CHECK(kFieldSets.contains(std::string(member.key())));
    for (const auto& member : body.at("event").as_object()) CHECK(kEventFields.contains(std::string(member.key())));
    CHECK_EQ(body.at_pointer("/ecs/version").as_string(), "8.11.0");
    const std::string kind(body.at_pointer("/event/kind").as_string());
    CHECK((kind == "alert" || kind == "event"));
    CHECK_EQ(body.at_pointer("/event/type/0").as_string(), "info");
    const std::string category(body.at_pointer("/event/category/0").as_string());
    CHECK_EQ(category, kind == "alert" ? "intrusion_detection" : "configuration");
  }
}

TEST_CASE("ecs: an alert's facts stand in the fields that rules and dashboards look at") {
  const json::value body = json::parse(ecs_body(testing::sample_alert(), {"https://p.example/"}));
  CHECK_EQ(body.at("@timestamp").as_string(), "2024-03-21T09:05:00Z");
  CHECK_EQ(body.at_pointer("/event/id").as_string(), testing::kSampleId);
  CHECK_EQ(body.at_pointer("/event/severity").as_int64(), 99);
  CHECK_EQ(body.at_pointer("/event/reason").as_string(), "It is outside AWS. AS64511 is new to the identity.");
  CHECK_EQ(body.at_pointer("/event/url").as_string(), std::string("https://p.example/") + testing::kSampleId);
  CHECK_EQ(json::parse(body.at_pointer("/event/original").as_string()).at("eventName").as_string(), "ListBuckets");
  CHECK_EQ(body.at_pointer("/source/ip").as_string(), "198.51.100.7");
  CHECK_EQ(body.at_pointer("/source/as/number").as_int64(), 64'511);
  CHECK_EQ(body.at_pointer("/cloud/account/id").as_string(), "111122223333");
  CHECK_EQ(body.at_pointer("/threat/technique/id/0").as_string(), "T1528");
  CHECK_EQ(body.at_pointer("/threat/tactic/id/0").as_string(), "TA0006");
  CHECK_EQ(body.at_pointer("/straykey/respond/revoke/0/role").as_string(), "orders");
}

TEST_CASE("ecs: what is no address does not stand in the field of the type ip") {
  Alert alert = testing::sample_alert();
  alert.source_class = SourceClass::service;
  alert.call.address.clear();
  alert.call.source_text = "lambda.amazonaws.com";
  const json::value body = json::parse(ecs_body(alert, {}));
  CHECK_EQ(body.at_pointer("/source/address").as_string(), "lambda.amazonaws.com");
  CHECK_FALSE(body.at("source").as_object().contains("ip"));
}

}  // namespace
}  // namespace straykey
