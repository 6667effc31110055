#include "core/engine/observation.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/detect/misused_service_token.h"
#include "core/event/mcp_event.h"
#include "core/identity/mcp_token.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

std::string cut(std::string_view text, std::size_t size_max) {
  return std::string(cut_utf8(text, size_max));
}

// Services that copy X-Forwarded-For let the caller choose the first address of a list. So the first that is external
// counts, and the first of all only where none is.
std::optional<IpAddress> source_address(std::string_view source_ip, const NetworkMap& networks) noexcept {
  constexpr int kAddressesMax = 16;
  if (source_ip.find(',') == std::string_view::npos) return parse_written_ip(source_ip);
  std::optional<IpAddress> first;
  for (int i = 0; i < kAddressesMax && !source_ip.empty(); ++i) {
    const std::size_t comma = std::min(source_ip.find(','), source_ip.size());
    const auto address = parse_written_ip(source_ip.substr(0, comma));
    source_ip.remove_prefix(std::min(comma + 1, source_ip.size()));
    if (!address) continue;
    if (networks.locate(*address).source_class == SourceClass::external) return address;
    if (!first) first = address;
  }
  return first;
}

void fill_place(Candidate& call, const Event& event, const NetworkMap& networks, const DetectionSettings& settings) {
  // A call that AWS's MCP server made came from AWS; where its caller is, the server's own event says.
  if (is_through_mcp(event)) {
    call.address_class = SourceClass::aws;
    return;
  }
  Place place;
  if (const auto address = source_address(event.source_ip, networks)) {
    place = networks.locate(*address);
    call.address = address->text();
    call.address_class = place.source_class;
    call.untrusted = place.listed_untrusted;
    call.asn = place.asn;
    call.as_name = cut(place.as_name, 128);
    if (place.source_class == SourceClass::external) {
      call.prefix_network = prefix_network(*address);
      call.network = place.asn != 0 ? asn_network(place.asn) : call.prefix_network;
      call.range_capped = place.only_absent_from_aws && !networks.aws_ranges_tell(event.day(), event.region);
    }
  }
  // `untrusted` comes first in the order of classes: an untrusted address is external whatever endpoint it used. An
  // endpoint's owner counts even where the address says nothing.
  const std::string_view owner = event.vpc_endpoint_account;
  if (!place.listed_untrusted && is_account_id(owner) && owner != event.account && owner != event.recipient_account &&
      !settings.accounts.contains(owner))
    call.endpoint_owner = owner;
}

// What in the call is evidence by itself. `exchanged:` names the API.
std::string evidence_in(const Event& event) {
  if (event.presigned) return {};
  if (event.console_session) return std::string(kConsoleEvidence);
  std::string out;
  const TellingCall telling = event.telling_call();
  if (telling == TellingCall::console) out = kConsoleEvidence;
  if (telling == TellingCall::oauth_token || telling == TellingCall::web_identity_token)
    out.append(kExchangedEvidence).append(event.event_name);
  const std::string letters = letter_evidence(event.user_agent);
  if (!out.empty() && !letters.empty()) out += ',';
  return out += letters;
}

// Values that no rule knows are one, so that nobody can make many combinations of them.
std::string_view known_exec_env(std::string_view exec_env) noexcept {
  const bool known = exec_env.empty() || exec_env.starts_with("AWS_Lambda_") || exec_env.starts_with("AWS_ECS_") ||
                     exec_env == "CloudShell" || exec_env.starts_with("AmazonQ-For-CLI");
  return known ? exec_env : "other";
}

void fill_tool(Candidate& call, const UserAgent& agent) {
  call.tool = agent.tool;
  call.tool_kind = agent.kind;
  call.platform = agent.platform;
  call.exec_env = cut(known_exec_env(agent.exec_env), 64);
}

// The token behind the event. The agent of a presigned request is that of whoever holds the link, so it proves nothing.
// A console session has a key of its own, which no event issued: it is a workload's by what its own record says, or by
// what is known of the session (`issued`), and not by the shape of a name.
std::optional<ServiceToken> token_behind(const Event& event, const IssuedToken* issued, Clusters clusters) {
  if (is_through_mcp(event)) return prove_through_mcp(event, issued);
  if (!event.presigned && !event.console_session) return prove_service_token(event, issued, clusters);
  Event plain = event;
  plain.console_session = false;
  if (event.presigned) plain.user_agent = {};
  if (!event.console_session) return prove_service_token(plain, issued, clusters);
  auto token = prove_service_token(plain, issued != nullptr && !issued->session_role.empty() ? issued : nullptr);
  if (token && !token->must_have_assumed.empty()) return std::nullopt;
  return token;
}

struct AnyAccount {
  [[nodiscard]] static bool contains(const std::string&) noexcept { return true; }
};

// Whether a proof may come that makes the call a workload's.
bool may_wait(const Event& event) {
  if (!is_known_by_session(event)) return is_temporary_key(event.access_key) && may_be_service_token(event);
  if (is_through_mcp(event)) return may_be_service_token(as_the_caller(event));
  Event plain = event;
  plain.console_session = false;
  return may_be_service_token(plain);
}

}  // namespace

Observation observe(const Event& event, const IssuedToken* issued, const NetworkMap& networks,
                    const DetectionSettings& settings) {
  Observation out;
  Candidate& call = out.call;
  call.time = call.last_time = event.time;
  call.from_future = event.from_future;
  call.access_key = cut(event.access_key.empty() ? event.issued_key : event.access_key, 128);
  call.presigned = event.presigned;
  call.console_session = event.console_session;
  call.evidence = evidence_in(event);
  fill_tool(call, event.presigned ? UserAgent{} : event.user_agent);
  call.event_name = cut(event.event_name, 128);
  call.error_code = cut(event.error_code, 128);
  call.recipient_account = cut(event.recipient_account, 64);
  fill_place(call, event, networks, settings);

  // An account that only another's trail brings may be ours, too: the merger knows where it was seen as recipient.
  out.own = is_own_authenticated(event, settings.accounts);
  if (!out.own && !is_own_authenticated(event, AnyAccount{})) return out;
  out.caller = caller_identity(event);
  if (auto token = token_behind(event, issued, settings.kubernetes ? Clusters::all : Clusters::eks)) {
    call.token = std::move(*token);
    out.has_token = true;
    if (call.console_session) out.caller.clear();  // whoever stole the token sits there
    if (!event.presigned) out.second_token = second_weak_proof(event, call.token);
  }
  const bool by_name = issued == nullptr && call.token.proof == Proof::ec2_delivery &&
                       event.ec2_role_delivery.empty() && !is_through_mcp(event);
  const bool weak = !call.token.must_have_assumed.empty() || call.token.proof == Proof::session;
  const bool unproven = !out.has_token || weak || by_name;
  const bool may_be_proven = issued == nullptr || issued->may_be_proven_on(event.day());
  if (unproven && may_be_proven && may_wait(event)) {
    const auto session = parse_role_session_arn(event.arn);
    if (session || event.type == IdentityType::root) {
      out.may_wait_for_proof = true;
      if (session) out.session = session->session;
    }
  }
  return out;
}

void describe(Candidate& call, const Event& event) {
  call.source_text = cut(event.source_ip, 256);
  call.vpc_endpoint = cut(event.vpc_endpoint, 128);
  call.event_id = cut(event.event_id, 64);
  call.shared_event_id = cut(event.shared_event_id, 64);
  call.event_source = cut(event.event_source, 128);
  call.region = cut(event.region, 64);
  call.command = cut(event.user_agent.command, 128);
  call.sid = cut(event.user_agent.sid, 64);
  call.user_agent_text = cut(event.user_agent_text, 1024);
  if (event.user_agent.kind == ToolKind::mcp && event.invoked_by.empty())
    call.downstream = downstream_requests(event.record);
  call.record_truncated = event.record.size() > kCandidateRecordBytesMax;
  if (!call.record_truncated) call.record = event.record;
}

void prove(Candidate& call, std::string_view session, const IssuedToken& issued) {
  call.token = service_token_from_issue(issued, call.token.role_identity, session);
}

Hash128 combination_of(HashKey key, const Candidate& call) {
  ByteWriter text(256);
  text.string(call.token.identity).fixed(call.token.family).string(call.token.service);
  // Of keys that only a name or an agent proves, each may turn out to be somebody else's; the others' calls stand then.
  text.string(call.may_be_contradicted() ? std::string_view(call.access_key) : std::string_view{});
  text.string(call.token.must_have_assumed).string(call.address).string(call.endpoint_owner);
  for (const std::string& form : call.network_forms()) text.string(form);
  text.string(call.token.chain).string(call.evidence);
  // Another account's copy may be judged for nothing, if the account is not known to be ours.
  text.fixed(call.recipient_account == call.token.account ? 0 : 1);
  // A hidden place is said of the server's own event, and never of the calls that the server made.
  const bool made_by_mcp = call.tool_kind == ToolKind::mcp && call.address_class == SourceClass::aws;
  text.fixed(call.presigned ? 1
             : made_by_mcp  ? 2
                            : 0)
      .fixed(call.console_session ? 1 : 0)
      .fixed(call.range_capped ? 1 : 0);
  text.string(call.tool).fixed(call.platform).string(call.exec_env).fixed(call.day()).fixed(call.from_future ? 1 : 0);
  if (call.token.chain.empty() && !call.token.assumed_role.empty()) text.string(call.token.assumed_role);
  return hash128(key, text.view());
}

std::vector<std::string> taught_evidence(const Candidate& call) {
  std::vector<std::string> out = evidence_of(call);
  std::erase_if(out, [](const std::string& text) { return !is_learned_as_evidence(text); });
  return out;
}

bool asks_for_token(const Candidate& call) noexcept {
  return call.evidence.find("GetWebIdentityToken") != std::string::npos;
}

bool is_judged(Family family, const DetectionSettings& settings) noexcept {
  return (family != Family::ec2 || settings.ec2) && (family != Family::kubernetes || settings.kubernetes);
}

bool may_be_worth_judging(const Candidate& call) noexcept {
  const bool runs_anywhere =
      (call.platform == Platform::unknown || call.platform == Platform::linux_os) && call.exec_env.empty();
  return call.may_be_external() || call.is_cli() || !call.evidence.empty() || !runs_anywhere;
}

bool worth_judging(const Candidate& call, const DetectionSettings& settings) {
  if (!is_judged(call.token.family, settings)) return false;
  return call.may_be_external() || (call.is_cli() && call.token.serverless) || has_evidence(call);
}

}  // namespace straykey
