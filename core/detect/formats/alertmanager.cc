#include "core/detect/formats/alertmanager.h"

#include <fmt/format.h>

#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kLabelMax = 256, kAnnotationMax = 3'000;

// Alertmanager takes an empty label for none.
json::object labels(const ToldMessage& told) {
  json::object out{{"alertname", told.kind.empty() ? "straykey" : told.kind},
                   {"severity", name_of(told.severity)},
                   {"alert_id", told.id}};
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

}  // namespace

std::string alertmanager_body(const Message& message, const BodyContext& context) {
  const ToldMessage told = told_message(message, context);
  const json::object labels_of_it = labels(told), annotations_of_it = annotations(told);
  json::object alert{{"status", "firing"},
                     {"labels", labels_of_it},
                     {"annotations", annotations_of_it},
                     {"startsAt", format_time(told.at)},
                     {"endsAt", "0001-01-01T00:00:00Z"},
                     {"generatorURL", told.link},
                     {"fingerprint", told.id.substr(0, 16)}};
  return plain_json(json::object{{"version", "4"},
                                 {"groupKey", fmt::format(R"({{}}:{{alert_id="{}"}})", told.id)},
                                 {"truncatedAlerts", 0},
                                 {"status", "firing"},
                                 {"receiver", "straykey"},
                                 {"groupLabels", json::object{{"alert_id", told.id}}},
                                 {"commonLabels", labels_of_it},
                                 {"commonAnnotations", annotations_of_it},
                                 {"externalURL", told.link},
                                 {"alerts", json::array{std::move(alert)}}});
}

std::string alertmanager_api_body(const Message& message, const BodyContext& context) {
  const ToldMessage told = told_message(message, context);
  json::object alert{{"labels", labels(told)}, {"annotations", annotations(told)}, {"startsAt", format_time(told.at)}};
  put_text(alert, "generatorURL", told.link);
  return plain_json(json::array{std::move(alert)});
}

}  // namespace straykey
