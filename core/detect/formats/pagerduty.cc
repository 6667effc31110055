#include "core/detect/formats/pagerduty.h"

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kSummaryMax = 1'024, kValueMax = 512;

std::string_view severity_of(Severity severity) {
  switch (severity) {
    case Severity::high:
      return "critical";
    case Severity::medium:
      return "error";
    case Severity::low:
      return "warning";
    case Severity::informational:
      break;
  }
  return "info";
}

json::object details(const ToldMessage& told) {
  json::object out{{"type", told.type}, {"id", told.id}};
  put_text(out, "alert_id", told.alert_id);
  const auto put = [&](std::string_view name, std::initializer_list<std::string_view> path) {
    put_text(out, name, shown_text(told.text(path), kValueMax));
  };
  json::array why;
  for (const std::string& reason : told.why) why.emplace_back(shown_text(reason, kSummaryMax));
  if (!why.empty()) out["why"] = std::move(why);
  put("account", {"account"});
  put("identity", {"identity"});
  put("region", {"region"});
  put("network", {"network"});
  put("source_address", {"source", "address"});
  put("tool", {"user_agent", "tool"});
  put("user_agent", {"user_agent", "raw"});
  put("access_key_id", {"token", "access_key_id"});
  put("api", {"event", "eventName"});
  put("first_seen", {"first_seen"});
  put("campaign", {"campaign", "sentence"});
  json::object respond;
  for (const ToldStep& step : told.steps) respond[step.key] = shown_text(step.text, kSummaryMax * 2);
  put_text(respond, "caution", shown_text(told.caution, kSummaryMax));
  if (!respond.empty()) out["respond"] = std::move(respond);
  return out;
}

std::string write(const ToldMessage& told) {
  const std::string identity = told.text({"identity"}), account = told.text({"account"});
  const std::string source = !identity.empty() ? identity : !account.empty() ? account : std::string("straykey");
  json::object payload{{"summary", shown_text(told.title.empty() ? "straykey " + told.type : told.title, kSummaryMax)},
                       {"source", shown_text(source, kValueMax)},
                       {"severity", severity_of(told.severity)},
                       {"timestamp", format_time(told.at)},
                       {"class", told.kind},
                       {"custom_details", details(told)}};
  put_text(payload, "group", account);
  json::object body{{"event_action", told.takes_alert_back() ? "resolve" : "trigger"},
                    {"dedup_key", told.alert_id.empty() ? told.id : told.alert_id},
                    {"client", "straykey"},
                    {"payload", std::move(payload)}};
  if (!told.link.empty()) {
    body["client_url"] = told.link;
    body["links"] = json::array{json::object{{"href", told.link}, {"text", "Open it in straykey"}}};
  }
  return plain_json(body);
}

}  // namespace

std::string pagerduty_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
