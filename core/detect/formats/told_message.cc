#include "core/detect/formats/told_message.h"

#include <algorithm>

#include "core/base/terminal_text.h"
#include "core/base/utf8.h"
#include "core/detect/json_document.h"
#include "core/detect/message.h"
#include "core/location/ip_address.h"

namespace straykey {
namespace {

namespace json = boost::json;

// A body of a store of format 1: what it says of itself, as far as it is JSON.
json::object envelope_of(const OldBody& old) {
  json::error_code error;
  json::value body = parse_document(terminal_json(old.body), error);
  return !error && body.is_object() ? std::move(body.as_object()) : json::object();
}

std::string text_of(const json::value& value) {
  if (value.is_string()) return std::string(std::string_view(value.as_string()));
  if (value.is_number()) return json::serialize(value);
  return {};
}

// The record, of which an attacker may write parts: the one place where texts are as they came.
constexpr std::string_view kRecord = "event";

void show(json::value& value) {
  if (value.is_string()) {
    std::string shown = terminal_text(value.as_string(), std::string_view::npos);
    if (shown != std::string_view(value.as_string())) value = std::move(shown);
  } else if (value.is_array()) {
    for (json::value& item : value.as_array()) show(item);
  } else if (value.is_object()) {
    for (auto& member : value.as_object()) show(member.value());
  }
}

std::vector<ToldStep> steps_of(const ToldMessage& told) {
  std::vector<ToldStep> steps;
  if (const json::value* revoke = told.find({"respond", "revoke"}); revoke != nullptr && revoke->is_array()) {
    for (const json::value& one : revoke->as_array()) {
      if (!one.is_object()) continue;
      const auto member = [&](std::string_view name) {
        const json::value* value = one.as_object().if_contains(name);
        return value == nullptr ? std::string() : text_of(*value);
      };
      steps.push_back({"revoke_" + std::to_string(steps.size() + 1),
                       "Revoke the sessions of role " + member("role") + " in account " + member("account"),
                       member("command")});
    }
  }
  const auto add = [&](const char* key, const char* purpose, std::string_view from) {
    std::string text = told.text({"respond", from});
    if (!text.empty()) steps.push_back({key, purpose, std::move(text)});
  };
  add("cloudtrail", "List what the key did", "cloudtrail_command");
  add("athena", "The same, from the trail in Athena", "athena_query");
  add("acknowledge", "If it was yours: say why, on the machine where straykey runs", "acknowledge_command");
  return steps;
}

// What an account's identities use, a line each: somebody is to look through it.
std::vector<std::string> pairs_of(const ToldMessage& told) {
  constexpr std::size_t kPairsTold = 20;
  std::vector<std::string> lines;
  const json::value* pairs = told.find({"pairs"});
  if (pairs == nullptr || !pairs->is_array()) return lines;
  for (const json::value& pair : pairs->as_array()) {
    if (!pair.is_object()) continue;
    if (lines.size() == kPairsTold) break;
    const auto member = [&](std::string_view name) {
      const json::value* value = pair.as_object().if_contains(name);
      return value == nullptr ? std::string() : text_of(*value);
    };
    const std::string days = member("days");
    lines.push_back(member("identity") + " from " + member("network") + ", on " + days +
                    (days == "1" ? " day" : " days") + " from " + member("first_day") + " to " + member("last_day"));
  }
  const std::string total = told.text({"pairs_total"});
  if (!lines.empty() && total != std::to_string(lines.size()))
    lines.push_back("These are " + std::to_string(lines.size()) + " of " + total +
                    ": `straykey baseline report` has all");
  return lines;
}

// The activation report is beside the alerts on the page.
std::string report_link(std::string_view page_url, const std::string& account) {
  constexpr std::string_view kAlerts = "alerts/";
  if (!page_url.ends_with(kAlerts)) return {};
  return std::string(page_url.substr(0, page_url.size() - kAlerts.size())) + "report/" + account;
}

}  // namespace

const json::value* ToldMessage::find(std::initializer_list<std::string_view> path) const {
  const json::object* in = &document;
  const json::value* found = nullptr;
  for (const std::string_view member : path) {
    found = in == nullptr ? nullptr : in->if_contains(member);
    if (found == nullptr) return nullptr;
    in = found->if_object();
  }
  return found;
}

std::string ToldMessage::text(std::initializer_list<std::string_view> path) const {
  const json::value* found = find(path);
  return found == nullptr ? std::string() : terminal_text(text_of(*found), std::string_view::npos);
}

ToldMessage told_message(const Message& message, const BodyContext& context) {
  ToldMessage told;
  if (const auto* old = std::get_if<OldBody>(&message)) {
    const json::object envelope = envelope_of(*old);
    if (const auto* type = envelope.if_contains("type")) told.type = text_of(*type);
    if (const auto* at = envelope.if_contains("timestamp")) told.at = parse_time(text_of(*at)).value_or(0);
  } else {
    told.type = message_type(message);
    told.at = message_time(message);
  }
  json::error_code error;
  json::value document = parse_document(terminal_json(message_document(message, context.data_dir)), error);
  if (!error && document.is_object()) told.document = std::move(document.as_object());
  for (auto& member : told.document)
    if (member.key() != kRecord) show(member.value());
  told.type = terminal_text(told.type, std::string_view::npos);
  told.id = told.text({"id"});
  told.alert_id = told.is_alert() ? told.id : told.text({"alert_id"});
  told.severity = severity_from(told.text({"severity"})).value_or(Severity::informational);
  told.title = told.text({"title"});
  told.kind = told.is_alert() ? told.text({"variation"}) : told.type;
  told.name = told.is_alert() ? told.text({"name"}) : told.title;
  if (const json::value* why = told.find({"why"}); why != nullptr && why->is_array())
    for (const json::value& reason : why->as_array()) told.why.push_back(text_of(reason));
  if (told.type == "account.activated") told.why = pairs_of(told);
  if (std::string address = told.text({"source", "address"}); parse_ip(address)) told.address = std::move(address);
  told.steps = steps_of(told);
  told.caution = told.text({"respond", "revoke_caution"});
  if (!context.page_url.empty() && !told.alert_id.empty()) told.link = std::string(context.page_url) + told.alert_id;
  if (told.type == "account.activated") told.link = report_link(context.page_url, told.text({"account"}));
  return told;
}

std::string_view loud_name_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::high:
      return "HIGH";
    case Severity::medium:
      return "MEDIUM";
    case Severity::low:
      return "LOW";
    case Severity::informational:
      break;
  }
  return "INFORMATIONAL";
}

std::string shown_text(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kMore = "...";
  std::string shown = terminal_text(text, std::string_view::npos);
  if (shown.size() <= bytes_max) return shown;
  return std::string(cut_utf8(shown, bytes_max - kMore.size())).append(kMore);
}

std::string shown_why(const ToldMessage& told, std::string_view mark, std::size_t bytes_max) {
  std::string lines;
  for (const std::string& reason : told.why) {
    const std::size_t room = bytes_max - std::min(bytes_max, lines.size() + mark.size() + 1);
    if (room < 32) break;
    if (!lines.empty()) lines += '\n';
    lines.append(mark).append(shown_text(reason, room));
  }
  return lines;
}

std::string plain_json(const json::value& value) {
  return terminal_json(json::serialize(value));
}

void put_text(json::object& object, std::string_view key, std::string text) {
  if (!text.empty()) object[key] = std::move(text);
}

}  // namespace straykey
