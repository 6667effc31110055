#include "tools/simulate/story_teller.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/base/invariant.h"
#include "tools/simulate/address_plan.h"
#include "tools/simulate/agents.h"
#include "tools/simulate/background.h"

namespace straykey {
namespace {

constexpr Seconds kBetweenCalls = 7;
constexpr std::string_view kServer = "aws-mcp.amazonaws.com";

std::string identity_of(const Workload& workload) {
  const std::string role = fmt::format("{}/{}", workload.account, workload.role);
  switch (workload.kind) {
    case WorkloadKind::lambda:
      return fmt::format("{}/{}", role, workload.name);
    case WorkloadKind::codebuild:
      return role + "#codebuild";
    case WorkloadKind::glue:
      return role + "#glue";
    default:
      return role;
  }
}

// The key of calls that are made in a token's session with another key.
std::string session_key(Seconds time) {
  return temporary_key(mix(static_cast<std::uint64_t>(time), 17));
}

// The user identity of a call that was not made with the token's own key, though in its session.
std::string identity_in_session(const Token& token, Way way, Seconds time) {
  Token other = token;
  const std::size_t at = other.user_identity.find(token.key);
  INVARIANT(at != std::string::npos);
  other.user_identity.replace(at, token.key.size(), session_key(time));
  return way == Way::console ? other.user_identity : forwarded_identity(other, kServer);
}

// What else differs in the record of such a call.
void make(Record& record, Way way) {
  record.console_session = way == Way::console;
  if (way == Way::asks) record.type = "AwsMcpEvent";
  if (way != Way::by_a_server) return;
  record.source_ip = record.user_agent = kServer;
  record.vpc_endpoint = record.vpc_endpoint_account = {};
}

}  // namespace

StoryTeller::StoryTeller(const Organisation& organisation, TrailWriter& trail, Day first_day, unsigned days)
    : organisation_(organisation), trail_(trail), first_day_(first_day), days_(days) {
  INVARIANT(days >= kPlanDays);
  for (const Story& story : stories()) {
    for (const StoryCall& call : story.calls) {
      const Seconds hour = static_cast<Seconds>(call.hour) * 3600;
      // Some minutes past the hour, always the same for one call.
      const Seconds minutes = 60 * static_cast<Seconds>(5 + mix(call.day, call.hour) % 50);
      plan_.push_back({&story, &call, day_of_plan(story, call.day) * kSecondsPerDay + hour + minutes});
    }
  }
  std::stable_sort(plan_.begin(), plan_.end(), [](const Planned& a, const Planned& b) { return a.time < b.time; });
}

Day StoryTeller::day_of_plan(const Story& story, unsigned plan_day) const noexcept {
  return first_day_ + plan_day + (story.from_start ? 0 : days_ - kPlanDays);
}

std::size_t StoryTeller::workload_index(std::string_view name) const {
  return static_cast<std::size_t>(&organisation_.workload(name) - organisation_.workloads.data());
}

StoryTeller::Origin StoryTeller::origin_of(const StoryCall& call, const Token* token) const {
  switch (call.from) {
    case From::home:
      break;
    case From::network:
      return {.source_ip = external_address(call.asn, call.prefix, mix(call.asn)),
              .network = fmt::format("AS{}", call.asn),
              .vpc_endpoint = {},
              .vpc_endpoint_account = {}};
    case From::amazon_by_asn:
      return {.source_ip = aws_address_by_asn_only(call.day),
              .network = {},
              .vpc_endpoint = {},
              .vpc_endpoint_account = {}};
    case From::own_endpoint:
      return {.source_ip = "10.20.30.40",
              .network = {},
              .vpc_endpoint = "vpce-0" + hex_text(call.day, 16),
              .vpc_endpoint_account = std::string(kProduction)};
    case From::foreign_endpoint:
      return {.source_ip = "10.0.0.77",
              .network = fmt::format("vpce:{}", kForeignAccount),
              .vpc_endpoint = "vpce-0" + hex_text(call.day, 16),
              .vpc_endpoint_account = std::string(kForeignAccount)};
  }
  INVARIANT(token != nullptr);
  return {
      .source_ip = token->source_ip, .network = {}, .vpc_endpoint = token->vpc_endpoint, .vpc_endpoint_account = {}};
}

void StoryTeller::tell(Seconds start, Seconds length) {
  for (; told_ < plan_.size() && plan_[told_].time < start + length; ++told_) tell(plan_[told_]);
}

void StoryTeller::tell(const Planned& planned) {
  switch (planned.call->actor) {
    case Actor::workload:
      tell_workload(planned);
      return;
    case Actor::token_exchange:
      tell_exchange(planned);
      return;
    case Actor::person:
      tell_person(planned);
      return;
    case Actor::managed_node:
      tell_managed_node(planned);
      return;
    case Actor::failed_sign_in:
    case Actor::foreign_account:
    case Actor::anonymous:
      tell_stranger(planned);
      return;
  }
}

void StoryTeller::tell_workload(const Planned& planned) {
  const std::size_t index = workload_index(planned.call->who);
  const Workload& workload = organisation_.workloads[index];
  const Token& token = trail_.token(index, 0, planned.time);
  Origin origin = origin_of(*planned.call, &token);
  if (planned.call->from == From::home) origin.vpc_endpoint_account = workload.account;
  write_calls(planned, token, workload, origin);
  expect(planned, token, workload, origin);
}

// The key is one that the pod itself never held.
void StoryTeller::tell_exchange(const Planned& planned) {
  constexpr std::uint32_t kNobodysInstance = 4'000;
  const Workload& workload = organisation_.workload(planned.call->who);
  const Origin origin = origin_of(*planned.call, nullptr);
  Token token = token_at(workload, kNobodysInstance, planned.time);
  token.source_ip = origin.source_ip;
  IssuingEvent exchange = issuing_event(workload, token);
  exchange.user_agent = planned.call->agent;
  trail_.write_issuing_event(exchange, workload, planned.time, TrailFiles::Delivery::on_time);
  write_calls(planned, token, workload, origin);
  expect(planned, token, workload, origin);
}

void StoryTeller::write_calls(const Planned& planned, const Token& token, const Workload& workload,
                              const Origin& origin) {
  const StoryCall& call = *planned.call;
  const bool own_key = call.way == Way::key || call.way == Way::asks;
  const std::string identity = own_key ? token.user_identity : identity_in_session(token, call.way, planned.time);
  for (unsigned i = 0; i < call.calls; ++i) {
    ApiCall api = kThiefCalls[i % kThiefCalls.size()];
    if (const std::size_t colon = call.api.find(':'); colon != std::string_view::npos)
      api = {call.api.substr(0, colon), call.api.substr(colon + 1)};
    const std::string shared =
        call.both_copies && i == 1 ? uuid_text(mix(planned.time, 1), mix(planned.time, 2)) : std::string();
    Record record{.time = planned.time + 1 + kBetweenCalls * i,
                  .user_identity = identity,
                  .service = api.service,
                  .name = api.name,
                  .region = workload.region,
                  .source_ip = origin.source_ip,
                  .user_agent = call.agent.empty() ? workload.agent : call.agent,
                  .error_code = i == 3 ? std::string_view("AccessDenied") : std::string_view(),
                  .request = trail_.request_of(api),
                  .recipient = workload.account,
                  .shared_event_id = shared,
                  .vpc_endpoint = origin.vpc_endpoint,
                  .vpc_endpoint_account = origin.vpc_endpoint_account,
                  .read_only = api.read_only,
                  .is_data_event = api.is_data_event};
    make(record, call.way);
    trail_.write(record, workload.account, workload.region);
    if (shared.empty()) continue;
    record.recipient = kShared;
    trail_.write(record, kShared, workload.region);
  }
}

void StoryTeller::expect(const Planned& planned, const Token& token, const Workload& workload, const Origin& origin) {
  for (const ExpectedAlert& alert : planned.story->alerts) {
    if (alert.day != planned.call->day || alert.who != planned.call->who) continue;
    if (planned.call->way == Way::by_a_server) continue;  // the server's own event is the first of the alert
    const bool remote = alert.variation.starts_with("remote_service_token");
    labels_.push_back({.variation = std::string(alert.variation),
                       .account = workload.account,
                       .identity = identity_of(workload),
                       .role = workload.role,
                       .workload = workload.name,
                       .network = remote ? origin.network : std::string(),
                       .tool = std::string(alert.tool),
                       .day = day_of(planned.time),
                       .key = planned.call->way == Way::console ? session_key(planned.time) : token.key,
                       .story = std::string(planned.story->name)});
  }
}

void StoryTeller::tell_person(const Planned& planned) {
  const Person& person = organisation_.person(planned.call->who);
  const Origin origin = origin_of(*planned.call, nullptr);
  const std::string identity = person_identity(person, planned.time, false);
  for (unsigned i = 0; i < planned.call->calls; ++i) {
    const ApiCall& api = kPersonCalls[i % kPersonCalls.size()];
    Record record{.time = planned.time + kBetweenCalls * i,
                  .user_identity = identity,
                  .service = api.service,
                  .name = api.name,
                  .region = person.region,
                  .source_ip = origin.source_ip,
                  .user_agent = planned.call->agent,
                  .request = trail_.request_of(api),
                  .recipient = person.account};
    make(record, planned.call->way);
    trail_.write(record, person.account, person.region);
  }
}

void StoryTeller::tell_stranger(const Planned& planned) {
  const StoryCall& call = *planned.call;
  const Origin origin = origin_of(call, nullptr);
  const bool sign_in = call.actor == Actor::failed_sign_in;
  std::string identity = R"({"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"})";
  if (sign_in) {
    identity = fmt::format(
        R"({{"type":"IAMUser","accountId":"{}","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}})",
        call.account);
  } else if (call.actor == Actor::foreign_account) {
    identity = fmt::format(R"({{"type":"AWSAccount","principalId":"AIDA{}EXAMPLE","accountId":"{}"}})",
                           base32_text(call.day, 10), kForeignAccount);
  }
  for (unsigned i = 0; i < call.calls; ++i) {
    Record record{.time = planned.time + kBetweenCalls * i,
                  .user_identity = identity,
                  .service = "s3",
                  .name = "GetObject",
                  .region = "us-east-1",
                  .source_ip = origin.source_ip,
                  .user_agent = call.agent,
                  .error_code = "AccessDenied",
                  .request = R"({"bucketName":"documents-production","key":"index.html"})",
                  .recipient = call.account,
                  .is_data_event = true};
    if (sign_in) {
      record.service = "signin";
      record.name = "ConsoleLogin";
      record.error_code = "";
      record.request = "null";
      record.response = R"({"ConsoleLogin":"Failure"})";
      record.type = "AwsConsoleSignIn";
      record.is_data_event = record.read_only = false;
    }
    trail_.write(record, call.account, "us-east-1");
  }
}

void StoryTeller::tell_managed_node(const Planned& planned) {
  const StoryCall& call = *planned.call;
  const Origin origin = origin_of(call, nullptr);
  const std::string role_id = "AROA" + base32_text(mix(call.asn), 10) + "EXAMPLE";
  const std::string key = temporary_key(mix(call.asn, planned.time));
  const std::string session = "mi-0" + hex_text(mix(call.asn), 16);
  const SessionGrant grant{.account = call.account,
                           .role_path = "/service-role/",
                           .role = "ManagedNodeRole",
                           .role_id = role_id,
                           .session = session,
                           .key = key,
                           .issued = planned.time};
  const IssuingEvent issue = issuing_event_by_service("ssm.amazonaws.com", grant);
  trail_.write({.time = planned.time,
                .user_identity = issue.user_identity,
                .service = "sts",
                .name = issue.name,
                .region = "us-east-1",
                .source_ip = issue.source_ip,
                .user_agent = issue.user_agent,
                .request = issue.request,
                .response = issue.response,
                .recipient = call.account},
               call.account, "us-east-1");
  const std::string identity = role_session_identity(grant);
  for (unsigned i = 0; i < call.calls; ++i) {
    trail_.write({.time = planned.time + 2 + kBetweenCalls * i,
                  .user_identity = identity,
                  .service = "ssm",
                  .name = "UpdateInstanceInformation",
                  .region = "us-east-1",
                  .source_ip = origin.source_ip,
                  .user_agent = call.agent,
                  .recipient = call.account,
                  .read_only = false},
                 call.account, "us-east-1");
  }
}

std::vector<TheftLabel> StoryTeller::labels() const {
  std::vector<TheftLabel> sorted = labels_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TheftLabel& a, const TheftLabel& b) { return a.day < b.day; });
  return sorted;
}

std::string StoryTeller::stories_jsonl() const {
  std::string out;
  for (const Story& story : stories()) {
    std::string days;
    Day last = 0;
    for (const StoryCall& call : story.calls) {
      const Day day = day_of_plan(story, call.day);
      if (day == last) continue;
      last = day;
      days += fmt::format("{}\"{}\"", days.empty() ? "" : ",", format_day(day));
    }
    out += fmt::format("{{\"story\":\"{}\",\"kind\":\"{}\",\"days\":[{}],\"text\":\"{}\"}}\n", story.name,
                       story.alerts.empty() ? "harmless" : "theft", days, story.text);
  }
  return out;
}

}  // namespace straykey
