#include "core/detect/formats/alertmanager.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

// Alertmanager refuses names of labels and annotations of another form.
void check_names(const json::object& object) {
  for (const auto& member : object) {
    const std::string name(member.key());
    CAPTURE(name);
    CHECK_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
    CHECK_FALSE(member.value().as_string().empty());
  }
}

TEST_CASE("alertmanager: what its API takes is a list of one alert, with labels that no other alert has") {
  for (const Message& message : testing::sample_messages()) {
    const json::value body = json::parse(alertmanager_api_body(message, {}));
    REQUIRE_EQ(body.as_array().size(), 1);
    check_names(body.at(0).at("annotations").as_object());
    CHECK_FALSE(body.at(0).at("labels").at("alertname").as_string().empty());
    CHECK_EQ(body.at(0).as_object().contains("endsAt"), std::holds_alternative<Contradiction>(message));
  }
  const json::value body = json::parse(alertmanager_api_body(testing::sample_alert(), {"https://p.example/"}));
  check_names(body.at(0).at("labels").as_object());
  CHECK_EQ(body.at_pointer("/0/labels/alert_id").as_string(), testing::kSampleId);
  CHECK_EQ(body.at_pointer("/0/labels/alertname").as_string(), "remote_service_token.suspicious");
  CHECK_EQ(body.at_pointer("/0/labels/severity").as_string(), "high");
  CHECK_EQ(body.at_pointer("/0/startsAt").as_string(), "2024-03-21T09:05:00Z");
  CHECK_EQ(body.at_pointer("/0/generatorURL").as_string(), std::string("https://p.example/") + testing::kSampleId);
  CHECK(body.at_pointer("/0/annotations/respond_revoke_1").as_string().starts_with("aws iam"));
}

TEST_CASE("alertmanager: what takes an alert back has the alert's labels and an end, so that it resolves it") {
  for (const bool is_api : {false, true}) {
    const auto made = [&](const Message& message) {
      const json::value body = json::parse((is_api ? alertmanager_api_body : alertmanager_body)(message, {}));
      return is_api ? body.at(0) : body.at_pointer("/alerts/0");
    };
    const json::value alert = made(testing::sample_alert()), back = made(testing::sample_contradiction());
    CHECK_EQ(back.at("labels"), alert.at("labels"));
    CHECK_EQ(back.at("endsAt").as_string(), "2024-03-21T08:50:00Z");
    if (is_api) continue;
    CHECK_EQ(back.at("fingerprint"), alert.at("fingerprint"));
    CHECK_EQ(back.at("status").as_string(), "resolved");
  }
  const json::value body = json::parse(alertmanager_body(testing::sample_contradiction(), {}));
  CHECK_EQ(body.at("status").as_string(), "resolved");
  CHECK_EQ(body.at_pointer("/groupLabels/alert_id").as_string(), testing::kSampleId);
}

TEST_CASE("alertmanager: its webhook is version 4 with one firing alert") {
  const json::value body = json::parse(alertmanager_body(testing::sample_alert(), {"https://p.example/"}));
  CHECK_EQ(body.at("version").as_string(), "4");
  CHECK_EQ(body.at("status").as_string(), "firing");
  CHECK_EQ(body.at("groupKey").as_string(), std::string("{}:{alert_id=\"") + testing::kSampleId + "\"}");
  CHECK_EQ(body.at("commonLabels"), body.at_pointer("/alerts/0/labels"));
  CHECK_EQ(body.at_pointer("/alerts/0/fingerprint").as_string(), "0123456789abcdef");
  CHECK_EQ(body.at_pointer("/alerts/0/endsAt").as_string(), "0001-01-01T00:00:00Z");
}

}  // namespace
}  // namespace straykey
