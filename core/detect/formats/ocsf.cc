#include "core/detect/formats/ocsf.h"

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::string_view kSchemaVersion = "1.3.0";
constexpr int kCategoryFindings = 2, kClassDetectionFinding = 2004;
constexpr int kAnalyticBehavioral = 2, kAccountAws = 10;
constexpr int kObservableIp = 2, kObservableResource = 10;

struct OcsfSeverity {
  int id;
  std::string_view caption;
};

// What takes an alert back closes its finding.
struct OcsfActivity {
  int id;
  std::string_view name;
  int status_id;
  std::string_view status;
};

constexpr OcsfActivity kCreate{1, "Create", 1, "New"}, kClose{3, "Close", 4, "Resolved"};

OcsfSeverity severity_of(Severity severity) {
  switch (severity) {
    case Severity::high:
      return {4, "High"};
    case Severity::medium:
      return {3, "Medium"};
    case Severity::low:
      return {2, "Low"};
    case Severity::informational:
      break;
  }
  return {1, "Informational"};
}

std::int64_t milliseconds(Seconds time) {
  return time * 1'000;
}

void put_time(json::object& object, std::string_view key, const std::string& text) {
  if (const auto time = parse_time(text)) object[key] = milliseconds(*time);
}

// "TA0006 Credential Access" and technique ids.
json::array attacks(const ToldMessage& told) {
  json::array out;
  const std::string tactic = told.text({"attack", "tactic"});
  const std::size_t blank = tactic.find(' ');
  const json::value* techniques = told.find({"attack", "techniques"});
  if (techniques == nullptr || !techniques->is_array()) return out;
  for (const json::value& technique : techniques->as_array()) {
    json::object attack{{"version", "14.1"}, {"technique", json::object{{"uid", technique}}}};
    if (blank != std::string::npos)
      attack["tactic"] = json::object{{"uid", tactic.substr(0, blank)}, {"name", tactic.substr(blank + 1)}};
    out.push_back(std::move(attack));
  }
  return out;
}

json::object finding_info(const ToldMessage& told) {
  const std::string kind = told.takes_alert_back() ? told.text({"variation"}) : told.kind;
  json::object info{{"uid", told.alert_id.empty() ? told.id : told.alert_id}, {"title", told.title}};
  info[told.takes_alert_back() ? "modified_time" : "created_time"] = milliseconds(told.at);
  put_text(info, "desc", told.text({"description"}));
  put_text(info, "src_url", told.link);
  put_time(info, "first_seen_time", told.text({"first_seen"}));
  put_time(info, "last_seen_time", told.text({"last_seen"}));
  info["data_sources"] = json::array{"AWS CloudTrail"};
  info["types"] = json::array{json::value(told.type)};
  json::object analytic{{"type_id", kAnalyticBehavioral}, {"type", "Behavioral"}, {"uid", kind}};
  put_text(analytic, "name", told.name);
  put_text(analytic, "category", told.text({"analytic"}));
  info["analytic"] = std::move(analytic);
  if (json::array list = attacks(told); !list.empty()) info["attacks"] = std::move(list);
  return info;
}

json::object source_endpoint(const ToldMessage& told) {
  json::object endpoint;
  put_text(endpoint, "ip", told.address);
  if (told.address.empty()) put_text(endpoint, "svc_name", told.text({"source", "address"}));
  put_text(endpoint, "uid", told.text({"source", "vpc_endpoint"}));
  if (const json::value* asn = told.find({"source", "asn"})) {
    json::object system{{"number", *asn}};
    put_text(system, "name", told.text({"source", "as_name"}));
    endpoint["autonomous_system"] = std::move(system);
  }
  return endpoint;
}

json::object evidence(const ToldMessage& told) {
  json::object user{{"type_id", 99}, {"type", "Service token"}, {"name", told.text({"identity"})}};
  put_text(user, "credential_uid", told.text({"token", "access_key_id"}));
  user["account"] = json::object{{"uid", told.text({"account"})}, {"type_id", kAccountAws}, {"type", "AWS Account"}};
  json::object out{{"actor", json::object{{"user", std::move(user)}}}, {"src_endpoint", source_endpoint(told)}};
  const std::string operation = told.text({"event", "eventName"});
  if (!operation.empty()) {
    json::object api{{"operation", operation}};
    if (std::string service = told.text({"event", "eventSource"}); !service.empty())
      api["service"] = json::object{{"name", std::move(service)}};
    out["api"] = std::move(api);
  }
  if (const json::value* record = told.find({"event"})) out["data"] = *record;
  return out;
}

json::array observables(const ToldMessage& told) {
  json::array out;
  const auto add = [&](std::string_view name, int type_id, std::string_view type, std::string value) {
    if (!value.empty())
      out.push_back(json::object{{"name", name}, {"type_id", type_id}, {"type", type}, {"value", std::move(value)}});
  };
  add("evidences[].src_endpoint.ip", kObservableIp, "IP Address", told.address);
  add("resources[].uid", kObservableResource, "Resource UID", told.text({"identity"}));
  return out;
}

std::string steps_text(const ToldMessage& told) {
  std::string text;
  if (!told.caution.empty()) text.append("Caution: ").append(told.caution).append("\n");
  for (const ToldStep& step : told.steps) text.append(step.purpose).append(":\n").append(step.text).append("\n");
  return text;
}

// What the schema has no place for.
json::object unmapped(const ToldMessage& told) {
  json::object out{{"type", told.type}};
  for (const std::string_view member :
       {"why", "limits", "evidence", "network", "workload", "token", "user_agent", "campaign", "related", "respond",
        "alert_id", "pairs", "day", "suppressed", "alerts_max", "dedup_until", "record_truncated"})
    if (const json::value* value = told.find({member})) out[member] = *value;
  return out;
}

std::string write(const ToldMessage& told) {
  const OcsfSeverity severity = severity_of(told.severity);
  const OcsfActivity activity = told.takes_alert_back() ? kClose : kCreate;
  json::object cloud{{"provider", "AWS"}};
  if (std::string account = told.text({"account"}); !account.empty())
    cloud["account"] = json::object{{"uid", std::move(account)}, {"type_id", kAccountAws}, {"type", "AWS Account"}};
  put_text(cloud, "region", told.text({"region"}));
  json::object body{
      {"activity_id", activity.id},
      {"activity_name", activity.name},
      {"category_uid", kCategoryFindings},
      {"category_name", "Findings"},
      {"class_uid", kClassDetectionFinding},
      {"class_name", "Detection Finding"},
      {"type_uid", kClassDetectionFinding * 100 + activity.id},
      {"type_name", std::string("Detection Finding: ").append(activity.name)},
      {"time", milliseconds(told.at)},
      {"severity_id", severity.id},
      {"severity", severity.caption},
      {"status_id", activity.status_id},
      {"status", activity.status},
      {"message", told.title},
      {"metadata", json::object{{"version", kSchemaVersion},
                                {"product", json::object{{"name", "straykey"}, {"vendor_name", "straykey"}}},
                                {"uid", told.id},
                                {"event_code", told.kind},
                                {"profiles", json::array{"cloud"}}}},
      {"cloud", std::move(cloud)},
      {"finding_info", finding_info(told)}};
  if (told.is_alert()) body["evidences"] = json::array{evidence(told)};
  if (std::string identity = told.text({"identity"}); !identity.empty())
    body["resources"] =
        json::array{json::object{{"uid", identity}, {"name", identity}, {"type", "AWS service identity"}}};
  if (json::array list = observables(told); !list.empty()) body["observables"] = std::move(list);
  if (std::string text = steps_text(told); !text.empty()) body["remediation"] = json::object{{"desc", std::move(text)}};
  body["unmapped"] = unmapped(told);
  return plain_json(body);
}

}  // namespace

std::string ocsf_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
