#include "core/detect/formats/ecs.h"

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

namespace json = boost::json;

int severity_of(Severity severity) {
  switch (severity) {
    case Severity::high:
      return 99;
    case Severity::medium:
      return 73;
    case Severity::low:
      return 47;
    case Severity::informational:
      break;
  }
  return 21;
}

json::object event(const ToldMessage& told) {
  json::object out{{"kind", told.is_alert() ? "alert" : "event"},
                   {"category", json::array{told.is_alert() ? "intrusion_detection" : "configuration"}},
                   {"type", json::array{"info"}},
                   {"id", told.id},
                   {"code", told.kind},
                   {"action", told.type},
                   {"module", "straykey"},
                   {"dataset", "straykey.alerts"},
                   {"provider", "straykey"},
                   {"severity", severity_of(told.severity)}};
  std::string reason;
  for (const std::string& why : told.why) reason.append(reason.empty() ? "" : " ").append(why);
  put_text(out, "reason", std::move(reason));
  put_text(out, "url", told.link);
  put_text(out, "start", told.text({"first_seen"}));
  put_text(out, "end", told.text({"last_seen"}));
  // As JSON, in which what turns or hides text is an escape too: so the record is shown safely and is still the record.
  if (const json::value* record = told.find({"event"})) out["original"] = plain_json(*record);
  return out;
}

json::object source(const ToldMessage& told) {
  json::object out;
  put_text(out, "address", told.text({"source", "address"}));
  // source.ip is of the type ip: a name there would have the whole event refused.
  put_text(out, "ip", told.address);
  if (const json::value* asn = told.find({"source", "asn"})) {
    json::object system{{"number", *asn}};
    if (std::string name = told.text({"source", "as_name"}); !name.empty())
      system["organization"] = json::object{{"name", std::move(name)}};
    out["as"] = std::move(system);
  }
  return out;
}

json::object threat(const ToldMessage& told) {
  json::object out;
  const json::value* techniques = told.find({"attack", "techniques"});
  if (techniques == nullptr || !techniques->is_array() || techniques->as_array().empty()) return out;
  out["framework"] = "MITRE ATT&CK";
  out["technique"] = json::object{{"id", *techniques}};
  const std::string tactic = told.text({"attack", "tactic"});
  if (const std::size_t blank = tactic.find(' '); blank != std::string::npos)
    out["tactic"] = json::object{{"id", json::array{json::value(tactic.substr(0, blank))}},
                                 {"name", json::array{json::value(tactic.substr(blank + 1))}}};
  return out;
}

json::object own_fields(const ToldMessage& told) {
  json::object out{{"severity", name_of(told.severity)}, {"title", told.title}};
  put_text(out, "alert_id", told.alert_id);
  for (const std::string_view member :
       {"analytic", "variation", "evidence", "why", "limits", "identity", "network", "workload", "token", "campaign",
        "related", "respond", "dedup_until", "pairs", "day", "suppressed", "alerts_max"})
    if (const json::value* value = told.find({member})) out[member] = *value;
  return out;
}

void put_object(json::object& body, std::string_view key, json::object object) {
  if (!object.empty()) body[key] = std::move(object);
}

std::string write(const ToldMessage& told) {
  json::object body{{"@timestamp", format_time(told.at)},
                    {"ecs", json::object{{"version", "8.11.0"}}},
                    {"message", told.title},
                    {"tags", json::array{"straykey"}},
                    {"event", event(told)},
                    {"observer", json::object{{"vendor", "straykey"}, {"product", "straykey"}, {"type", "ids"}}},
                    {"rule", json::object{{"id", told.kind}, {"name", told.name}, {"ruleset", "straykey"}}}};
  if (std::string text = told.text({"description"}); !text.empty())
    body["rule"].as_object()["description"] = std::move(text);
  json::object cloud{{"provider", "aws"}};
  if (std::string account = told.text({"account"}); !account.empty())
    cloud["account"] = json::object{{"id", std::move(account)}};
  put_text(cloud, "region", told.text({"region"}));
  body["cloud"] = std::move(cloud);
  put_object(body, "source", source(told));
  put_object(body, "threat", threat(told));
  if (std::string identity = told.text({"identity"}); !identity.empty())
    body["user"] = json::object{{"name", std::move(identity)}};
  if (std::string agent = told.text({"user_agent", "raw"}); !agent.empty())
    body["user_agent"] = json::object{{"original", std::move(agent)}};
  body["straykey"] = own_fields(told);
  return plain_json(body);
}

}  // namespace

std::string ecs_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
