#include "core/detect/formats/alertmanager.h"

#include <fmt/format.h>

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kLabelMax = 256, kAnnotationMax = 3'000;

// Alertmanager takes an empty label for none. Its labels are what an alert is known by, so what takes it back has the
// same.
json::object labels(const ToldMessage& told) {
  const std::string kind = told.takes_alert_back() ? told.text({"variation"}) : told.kind;
  json::object out{{"alertname", kind.empty() ? "straykey" : kind},
                   {"severity", name_of(told.severity)},
                   {"alert_id", told.alert_id.empty() ? told.id : told.alert_id}};
  const auto put = [&](std::string_view name, std::initializer_list<std::string_view> path) {
    put_text(out, name, shown_text(told.text(path), kLabelMax));
  };
  put("analytic", {"analytic"});
  put("account", {"account"});
  put("identity", {"identity"});
  put("network", {"network"});
  put("region", {"region"});
  return out;
}

json::object annotations(const ToldMessage& told) {
  json::object out;
  const auto put = [&](std::string_view name, std::string_view text) {
    put_text(out, name, shown_text(text, kAnnotationMax));
  };
  put("summary", told.title);
  put_text(out, "description", shown_why(told, "", kAnnotationMax));
  put("name", told.name);
  put("source_address", told.text({"source", "address"}));
  put("user_agent", told.text({"user_agent", "raw"}));
  put("access_key_id", told.text({"token", "access_key_id"}));
  put("campaign", told.text({"campaign", "sentence"}));
  put("respond_caution", told.caution);
  for (const ToldStep& step : told.steps) put("respond_" + step.key, step.text);
  return out;
}

std::string write_webhook(const ToldMessage& told) {
  const json::object labels_of_it = labels(told), annotations_of_it = annotations(told);
  const std::string_view status = told.takes_alert_back() ? "resolved" : "firing";
  const std::string about(labels_of_it.at("alert_id").as_string());
  json::object alert{{"status", status},
                     {"labels", labels_of_it},
                     {"annotations", annotations_of_it},
                     {"startsAt", format_time(told.at)},
                     {"endsAt", told.takes_alert_back() ? format_time(told.at) : "0001-01-01T00:00:00Z"},
                     {"generatorURL", told.link},
                     {"fingerprint", about.substr(0, 16)}};
  return plain_json(json::object{{"version", "4"},
                                 {"groupKey", fmt::format(R"({{}}:{{alert_id="{}"}})", about)},
                                 {"truncatedAlerts", 0},
                                 {"status", status},
                                 {"receiver", "straykey"},
                                 {"groupLabels", json::object{{"alert_id", about}}},
                                 {"commonLabels", labels_of_it},
                                 {"commonAnnotations", annotations_of_it},
                                 {"externalURL", told.link},
                                 {"alerts", json::array{std::move(alert)}}});
}

std::string write_for_api(const ToldMessage& told) {
  json::object alert{{"labels", labels(told)}, {"annotations", annotations(told)}};
  alert[told.takes_alert_back() ? "endsAt" : "startsAt"] = format_time(told.at);
  put_text(alert, "generatorURL", told.link);
  return plain_json(json::array{std::move(alert)});
}

}  // namespace

std::string alertmanager_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write_webhook);
}

std::string alertmanager_api_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write_for_api);
}

}  // namespace straykey
