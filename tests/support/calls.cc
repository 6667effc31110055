#include "tests/support/calls.h"

#include <fmt/format.h>

#include "core/base/invariant.h"

namespace straykey {
namespace {

Event& new_event(Request& request, std::string_view at, std::string_view id) {
  const auto time = parse_time(at);
  INVARIANT(time);
  Event& event = request.events.emplace_back();
  event.time = *time;
  event.event_id = request.arena.keep(id);
  event.region = "eu-west-1";
  return event;
}

AsnRange announced(std::string_view first, std::string_view last, std::uint32_t asn, std::string name) {
  return {*parse_ip(first), *parse_ip(last), asn, std::move(name)};
}

}  // namespace

void add(Request& request, const Call& call) {
  TextArena& arena = request.arena;
  Event& event = new_event(request, call.at, call.id);
  event.from_future = call.from_future;
  event.console_session = call.console_session;
  event.presigned = call.presigned;
  event.record = arena.keep(call.record);
  event.event_name = arena.keep(call.api);
  event.event_source = arena.keep(call.source);
  event.source_ip = arena.keep(call.ip);
  event.user_agent_text = arena.keep(call.agent);
  event.user_agent = classify_user_agent(event.user_agent_text);
  event.recipient_account = event.account = arena.keep(call.account);
  event.vpc_endpoint_account = arena.keep(call.endpoint_owner);
  event.type = IdentityType::assumed_role;
  event.access_key = arena.keep(call.key);
  event.arn = arena.keep(fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", call.account, call.role, call.session));
  event.session_issuer_arn = arena.keep(fmt::format("arn:aws:iam::{}:role/{}", call.account, call.role));
  event.in_scope_issuer_type = arena.keep(call.issuer_type);
}

void add(Request& request, const Issue& issue) {
  TextArena& arena = request.arena;
  Event& event = new_event(request, issue.at, issue.id);
  event.event_name = "AssumeRole";
  event.event_source = "sts.amazonaws.com";
  event.type = IdentityType::aws_service;
  event.invoked_by = event.source_ip = event.user_agent_text = arena.keep(issue.principal);
  event.recipient_account = arena.keep(issue.account);
  event.assumed_role_arn = arena.keep(fmt::format("arn:aws:iam::{}:role/{}", issue.account, issue.role));
  event.role_session_name = arena.keep(issue.session);
  event.issued_key = arena.keep(issue.issued_key);
}

std::unique_ptr<Request> request_of(const std::vector<Call>& calls) {
  auto request = std::make_unique<Request>();
  for (const Call& call : calls) add(*request, call);
  return request;
}

std::unique_ptr<Request> request_of(const Issue& issue) {
  auto request = std::make_unique<Request>();
  add(*request, issue);
  return request;
}

std::unique_ptr<NetworkMap> test_networks() {
  NetworkInputs inputs;
  inputs.aws_ranges = {*parse_prefix("192.0.2.0/24")};
  inputs.aws_ranges_created = parse_time("2024-03-20T00:00:00Z");
  inputs.asns = {announced("198.51.100.0", "198.51.100.255", 64511, "Example Hosting"),
                 announced("203.0.113.0", "203.0.113.255", 64500, "Example Access")};
  return std::make_unique<NetworkMap>(std::move(inputs));
}

std::string march(int day, int hour) {
  return fmt::format("2024-03-{:02}T{:02}:05:00Z", day, hour);
}

}  // namespace straykey
