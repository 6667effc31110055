#include "core/detect/alert.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/detect/alert_secrets.h"
#include "core/detect/json_document.h"
#include "core/detect/respond.h"
#include "core/event/mcp_event.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kDocumentBytesMax = 20 * 1024 - 1;

json::array counted(const std::vector<CountedText>& list) {
  json::array out;
  for (const CountedText& item : list) out.push_back(json::object{{"value", item.text}, {"count", item.count}});
  return out;
}

json::object call_summary(const CallSummary& calls) {
  json::array apis;
  for (const CallLine& line : calls.apis)
    apis.push_back(json::object{{"api", line.api},
                                {"count", line.count},
                                {"errors", line.errors},
                                {"first", format_time(line.first)},
                                {"last", format_time(line.last)}});
  return {{"calls", calls.calls},
          {"errors", calls.errors},
          {"first", format_time(calls.first)},
          {"last", format_time(calls.last)},
          {"apis", std::move(apis)},
          {"other_calls", calls.other_calls},
          {"sources", counted(calls.sources)},
          {"user_agents", counted(calls.agents)},
          {"counts_may_be_approximate", true}};
}

json::array role_assumptions(const std::vector<RoleAssumption>& list) {
  json::array out;
  for (const RoleAssumption& item : list)
    out.push_back(json::object{{"by", item.by},
                               {"days", item.days},
                               {"first_day", format_day(item.first_day)},
                               {"last_day", format_day(item.last_day)}});
  return out;
}

json::array downstream(std::string_view lines) {
  json::array out;
  while (!lines.empty()) {
    const DownstreamRequest request = take_downstream_request(lines);
    out.push_back(json::object{{"api", request.api}, {"region", request.region}, {"request_id", request.request_id}});
  }
  return out;
}

json::object investigation(const Alert& alert) {
  json::object out{{"key_calls", call_summary(alert.key_calls)},
                   {"identity_calls", call_summary(alert.identity_calls)},
                   {"role_assumed_by", role_assumptions(alert.role_assumed_by)}};
  if (!alert.call.token.chain.empty()) out["chain"] = alert.call.token.chain;
  if (!alert.call.downstream.empty()) out["downstream_requests"] = downstream(alert.call.downstream);
  return out;
}

json::object source(const Alert& alert) {
  const Candidate& call = alert.call;
  json::object out{{"address", call.address.empty() ? call.source_text : call.address},
                   {"class", name_of_place(alert.source_class)}};
  if (call.asn != 0) out["asn"] = call.asn;
  if (!call.as_name.empty()) out["as_name"] = call.as_name;
  if (!call.prefix_network.empty()) out["prefix"] = call.prefix_network;
  if (!call.vpc_endpoint.empty()) out["vpc_endpoint"] = call.vpc_endpoint;
  if (!call.endpoint_owner.empty()) out["endpoint_owner"] = call.endpoint_owner;
  return out;
}

json::object user_agent(const Candidate& call) {
  json::object out{{"raw", call.user_agent_text}, {"tool", call.tool}, {"kind", name_of(call.tool_kind)}};
  if (call.platform != Platform::unknown) out["platform"] = name_of(call.platform);
  if (!call.exec_env.empty()) out["exec_env"] = call.exec_env;
  if (!call.command.empty()) out["command"] = call.command;
  if (!call.sid.empty()) out["sid"] = call.sid;
  return out;
}

json::object campaign(const Alert& alert) {
  const AlertCampaign& in = alert.campaign;
  json::object out{{"id", in.id.hex()},
                   {"subject", in.subject},
                   {"first_day", format_day(in.first_day)},
                   {"identities", in.identities},
                   {"sentence", campaign_sentence(in)},
                   {"notify", in.notify}};
  if (const std::string_view setting = declaring_setting(in, alert.hosting); !setting.empty()) out["declare"] = setting;
  return out;
}

// The record as it came. If it is too long, or is no JSON in spite of all checks, only the fields that decided.
json::object event(const Candidate& call) {
  if (!call.record.empty()) {
    json::error_code error;
    json::value record = parse_document(call.record, error);
    if (!error && record.is_object()) {
      take_out_secrets(record);
      return std::move(record.as_object());
    }
  }
  json::object out{{"eventID", call.event_id},          {"eventName", call.event_name},
                   {"eventSource", call.event_source},  {"eventTime", format_time(call.time)},
                   {"awsRegion", call.region},          {"sourceIPAddress", call.source_text},
                   {"userAgent", call.user_agent_text}, {"recipientAccountId", call.recipient_account}};
  if (!call.error_code.empty()) out["errorCode"] = call.error_code;
  return out;
}

std::string short_identity(const ServiceToken& token) {
  const std::size_t slash = token.identity.rfind('/');
  return token.identity.substr(slash + 1);
}

}  // namespace

Hash128 alert_id(const AlertSubject& about, Tier tier, Day day) {
  ByteWriter text;
  text.string(name_of(about.analytic))
      .string(name_of(tier))
      .string(about.account)
      .string(about.identity)
      .string(about.subject)
      .fixed(day);
  return hash128(kFixedHashKey, text.view());
}

namespace {

// "Lambda orders-fn"; of a service that has no family of its own "codebuild with role site-build-role".
std::string owner_of(const ServiceToken& token) {
  const std::string name = short_identity(token);
  if (token.family != Family::other) return fmt::format("{} {}", name_of(token.family), name);
  const std::size_t mark = name.find('#');
  if (mark == std::string::npos) return "role " + name;
  return fmt::format("{} with role {}", name.substr(mark + 1), name.substr(0, mark));
}

std::string misuse_of(Variation variation, const Candidate& call) {
  switch (variation) {
    case Variation::misused_console:
      return call.console_session ? "was used in a console session" : "was turned into a console session";
    case Variation::misused_attack_tool:
      return fmt::format("was used with {}, an attack tool", call.tool);
    case Variation::misused_exchanged:
      return fmt::format("was exchanged for another credential ({})", call.event_name);
    case Variation::misused_pasted:
      return "was used out of a file, a process or a developer's environment";
    default:
      return fmt::format("was used on a platform where {} does not run", call.token.service);
  }
}

}  // namespace

std::string alert_title(const Alert& alert) {
  const Candidate& call = alert.call;
  const std::string who = owner_of(call.token);
  if (alert.verdict.entry().analytic == Analytic::serverless_cli)
    return fmt::format("The token of {} in account {} was used with {} ({}).", who, call.token.account, call.tool,
                       call.command.empty() ? call.event_name : call.command);
  if (alert.verdict.entry().analytic == Analytic::misused_service_token)
    return fmt::format("The token of {} in account {} {}.", who, call.token.account,
                       misuse_of(alert.verdict.variation, call));
  const bool attack_tool = call.tool_kind == ToolKind::attack && !call.presigned;
  return fmt::format("{} of {} in account {} was used from {} ({}), outside AWS{}.",
                     call.presigned ? "A presigned request" : "The token", who, call.token.account,
                     call.address.empty() ? call.source_text : call.address,
                     call.as_name.empty() ? alert.network : call.as_name,
                     attack_tool ? fmt::format(", with {}, an attack tool", call.tool) : "");
}

namespace {

std::string document_of(const Alert& alert, std::string_view data_dir) {
  const Candidate& call = alert.call;
  const CatalogueEntry& entry = alert.verdict.entry();
  json::array related;
  for (const RelatedAlert& other : alert.related)
    related.push_back(json::object{{"id", other.id.hex()}, {"relation", other.relation}});
  json::object token{{"access_key_id", call.access_key},
                     {"family", name_of(call.token.family)},
                     {"service", call.token.service},
                     {"proof", name_of(call.token.proof)}};
  if (!call.token.chain.empty()) token["chain"] = call.token.chain;
  json::object document{
      {"id", alert.id.hex()},
      {"analytic", name_of(entry.analytic)},
      {"variation", entry.id},
      {"catalogue", entry.catalogue},
      {"name", entry.name},
      {"severity", name_of(alert.severity)},
      {"evidence", name_of(alert.verdict.tier())},
      {"title", alert_title(alert)},
      {"description", entry.description},
      {"attacker_goal", entry.goal},
      {"why", json_texts(alert.verdict.why)},
      {"limits", json_texts(alert.verdict.limits)},
      {"attack",
       json::object{{"tactic", entry.tactic}, {"techniques", json_texts(entry.techniques)}, {"mapping", "straykey"}}},
      {"account", call.token.account},
      {"region", call.region},
      {"identity", call.token.identity},
      {"workload", call.token.workload},
      {"token", std::move(token)},
      {"network", alert.network},
      {"source", source(alert)},
      {"user_agent", user_agent(call)},
      {"event", event(call)},
      {"record_truncated", call.record_truncated},
      {"event_from_future", call.from_future},
      {"first_seen", format_time(call.time)},
      {"last_seen", format_time(call.last_time)},
      {"occurrences", call.count},
      {"investigation", investigation(alert)},
      {"related", std::move(related)},
      {"investigative_actions", json_texts(entry.actions)},
      {"respond", respond_document(response_to(alert, data_dir))},
      {"dedup_until", format_time((static_cast<Seconds>(call.day()) + alert.dedup_days) * kSecondsPerDay)}};
  if (alert.campaign.id != Hash128{}) document["campaign"] = campaign(alert);
  if (alert.hosting) document["acknowledges"] = "prefix";
  if (!entry.tag.empty()) document["tags"] = json::array{json::value(entry.tag)};
  return json::serialize(document);
}

// The limits for a sender who tries to make the document long: each text from outside has at most 48 bytes and each
// list 5 lines. A control character needs 6 bytes of JSON, so about 50 such texts make 15 KB; the rest has 3 KB.
void shorten(Alert& alert) {
  Candidate& call = alert.call;
  constexpr std::size_t kTextMax = 48, kLinesMax = 5;
  const auto cut = [](std::string& text) { text = cut_utf8(text, kTextMax); };
  for (std::string* text : {&call.token.workload,  &call.token.chain,   &call.source_text,  &call.as_name,
                            &call.vpc_endpoint,    &call.command,       &call.sid,          &call.exec_env,
                            &call.user_agent_text, &call.event_name,    &call.event_source, &call.region,
                            &call.error_code,      &call.tool,          &call.event_id,     &call.address,
                            &call.endpoint_owner,  &call.token.service, &alert.network,     &alert.campaign.subject})
    cut(*text);
  // A reason has a name or two of up to 128 bytes, which a sender may have filled with what needs escapes.
  constexpr std::size_t kReasonMax = 200;
  for (auto* list : {&alert.verdict.why, &alert.verdict.limits})
    for (std::string& reason : *list) reason = cut_utf8(reason, kReasonMax);
  for (CallSummary* calls : {&alert.key_calls, &alert.identity_calls}) {
    for (std::size_t i = kLinesMax; i < calls->apis.size(); ++i) calls->other_calls += calls->apis[i].count;
    calls->apis.resize(std::min(calls->apis.size(), kLinesMax));
    for (CallLine& line : calls->apis) cut(line.api);
    for (auto* list : {&calls->sources, &calls->agents}) {
      list->resize(std::min(list->size(), kLinesMax));
      for (CountedText& line : *list) cut(line.text);
    }
  }
  alert.role_assumed_by.resize(std::min(alert.role_assumed_by.size(), kLinesMax));
  for (RoleAssumption& item : alert.role_assumed_by) cut(item.by);
  // Of no more than two lines, whose words are names and need no escapes.
  const std::size_t second = call.downstream.find('\n', call.downstream.find('\n') + 1);
  if (second != std::string::npos) call.downstream.resize(second + 1);
}

}  // namespace

std::string_view name_of_place(SourceClass place) noexcept {
  return place == SourceClass::service ? "hidden" : name_of(place);
}

void relate_to_event(Alert& alert, std::span<const Hash128> of_event) {
  for (const Hash128 other : of_event)
    if (other != Hash128{} && other != alert.id) alert.related.push_back({other, "same_event"});
}

std::string alert_document(const Alert& alert, std::string_view data_dir) {
  std::string out = document_of(alert, data_dir);
  if (out.size() <= kDocumentBytesMax) return out;
  Alert smaller = alert;
  smaller.call.record.clear();
  smaller.call.record_truncated = true;
  out = document_of(smaller, data_dir);
  if (out.size() <= kDocumentBytesMax) return out;
  shorten(smaller);
  return document_of(smaller, data_dir);
}

namespace {

std::uint64_t more(std::uint64_t now, std::uint64_t then) noexcept {
  return now > then ? now - then : 0;
}

// What of `now` is not in `then`. An API that the earlier answer left out for want of room counts from the beginning.
CallSummary since(const CallSummary& then, const CallSummary& now) {
  CallSummary out;
  out.calls = more(now.calls, then.calls);
  out.errors = more(now.errors, then.errors);
  out.first = then.last;
  out.last = now.last;
  std::uint64_t listed = 0;
  for (CallLine line : now.apis) {
    const auto before = std::ranges::find_if(then.apis, [&](const CallLine& known) { return known.api == line.api; });
    if (before != then.apis.end()) {
      line.count = more(line.count, before->count);
      line.errors = more(line.errors, before->errors);
      line.first = std::max(line.first, before->last);
    }
    if (line.count == 0) continue;
    listed += line.count;
    out.apis.push_back(std::move(line));
  }
  out.other_calls = more(out.calls, listed);
  for (const auto list : {&CallSummary::sources, &CallSummary::agents}) {
    for (CountedText item : now.*list) {
      for (const CountedText& known : then.*list)
        if (known.text == item.text) item.count = more(item.count, known.count);
      if (item.count > 0) (out.*list).push_back(std::move(item));
    }
  }
  return out;
}

}  // namespace

std::string investigation_document(const Alert& then, const Alert& now) {
  return json::serialize(json::object{
      {"id", then.id.hex()},
      {"access_key_id", then.call.access_key},
      {"identity", then.call.token.identity},
      {"as_of_alert", investigation(then)},
      {"now", investigation(now)},
      {"since", json::object{{"key_calls", call_summary(since(then.key_calls, now.key_calls))},
                             {"identity_calls", call_summary(since(then.identity_calls, now.identity_calls))}}}});
}

}  // namespace straykey
