#include "core/identity/service_token.h"

#include <algorithm>
#include <array>

#include "core/base/bytes.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"
#include "core/event/mcp_event.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

// IAM allows 64. A longer name was not made by AWS.
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kWorkloadBytesMax = 256;

// Between the roles of a chain. No role's name holds a blank.
constexpr std::string_view kThen = " > ", kMoreRoles = " > 8 or more > ";
constexpr std::size_t kChainLinksMax = 8;

// The session of an account's root that AssumeRoot gives has no role; it is named as one.
constexpr std::string_view kRoot = "root";

// What the subject of a service account's token begins with, in every cluster.
constexpr std::string_view kServiceAccount = "system:serviceaccount:";

bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  return is_hex(text.substr(0, 8)) && is_hex(text.substr(9, 4)) && is_hex(text.substr(14, 4)) &&
         is_hex(text.substr(19, 4)) && is_hex(text.substr(24));
}

bool is_instance_id(std::string_view text) noexcept {
  return text.starts_with("i-") && (text.size() == 10 || text.size() == 19) && is_hex(text.substr(2));
}

// The service whose tokens carry session names of this shape.
const Service* service_by_session_name(std::string_view session) noexcept {
  constexpr std::string_view kCodeBuild = "AWSCodeBuild-";
  if ((session.size() == 32 && is_hex(session)) || is_uuid(session)) return service_by_name("ecs");
  if (session.starts_with("eks-") && session.size() > 41 && is_uuid(session.substr(session.size() - 36)))
    return service_by_name("eks");
  if (session.starts_with(kCodeBuild) && is_uuid(session.substr(kCodeBuild.size())))
    return service_by_name("codebuild");
  if (session == "GlueJobRunnerSession") return service_by_name("glue");
  if (session == "SageMaker") return service_by_name("sagemaker");
  return nullptr;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

// "system:serviceaccount:ns:sa" -> "ns/sa".
std::string service_account(std::string_view user_name) {
  const std::size_t at = user_name.find(kServiceAccount);
  if (at == std::string_view::npos) return {};
  std::string out(cut_utf8(user_name.substr(at + kServiceAccount.size()), kWorkloadBytesMax));
  std::replace(out.begin(), out.end(), ':', '/');
  return out;
}

// An ARN without the version behind a Lambda function's name.
std::string_view without_version(std::string_view arn) noexcept {
  const auto parsed = parse_arn(arn);
  if (!parsed || parsed->service != "lambda" || !parsed->resource.starts_with("function:")) return arn;
  const std::size_t colon = parsed->resource.find(':', 9);
  return colon == std::string_view::npos ? arn : arn.substr(0, arn.size() - (parsed->resource.size() - colon));
}

struct Session {
  std::string_view account, role, session;
};

// The role session that made the call, by its two ARNs.
struct RoleArns {
  explicit RoleArns(const Event& event) noexcept
      : issuer(parse_role_arn(event.session_issuer_arn)), session(parse_role_session_arn(event.arn)) {}
  std::optional<RoleName> issuer;
  std::optional<RoleSession> session;
};

// A session of an account's root, as AssumeRoot gives it, or a key that the root itself was given for a while. Whoever
// signs in as root sits in the console.
bool is_root_session(const Event& event) noexcept {
  return event.type == IdentityType::root && is_temporary_key(event.access_key) && event.invoked_by.empty() &&
         !event.console_session;
}

bool issues_to_caller(const Event& event) noexcept {
  return event.event_name == "AssumeRole" || event.event_name == "AssumeRoot";
}

bool may_be_service_token(const Event& event, const RoleArns& arns) noexcept {
  if (is_root_session(event)) return true;
  if (event.type != IdentityType::assumed_role || !event.invoked_by.empty() || event.console_session) return false;
  const auto& [issuer, session] = arns;
  if (issuer && (issuer->path.starts_with("/aws-service-role/") || issuer->path.starts_with("/aws-reserved/")))
    return false;
  if (!issuer && !session) return false;
  const std::string_view role = issuer ? issuer->role : session->role;
  return !role.starts_with("AWSServiceRoleFor") && !role.starts_with("AWSReservedSSO_");
}

std::optional<Session> session_of(const Event& event, const RoleArns& arns) noexcept {
  const auto& [issuer, session] = arns;
  if (is_root_session(event)) {
    if (!is_account_id(event.account)) return std::nullopt;
    return Session{event.account, kRoot, {}};
  }
  if (!session && !issuer) return std::nullopt;
  if ((session && session->session.size() > kNameBytesMax) ||
      (issuer ? issuer->role : session->role).size() > kNameBytesMax)
    return std::nullopt;
  Session out{event.account, issuer ? issuer->role : session->role, session ? session->session : std::string_view{}};
  if (out.account.empty()) out.account = session ? session->account : issuer->account;
  if (out.account.empty()) out.account = event.recipient_account;
  if (!is_account_id(out.account)) return std::nullopt;
  return out;
}

std::string joined(std::string_view before, char between, std::string_view after) {
  std::string out(before.size() + 1 + after.size(), between);
  std::copy(before.begin(), before.end(), out.begin());
  std::copy(after.begin(), after.end(), out.end() - static_cast<std::ptrdiff_t>(after.size()));
  return out;
}

void name_identity(ServiceToken& token, const Session& session) {
  token.account = session.account;
  token.role_identity = joined(session.account, '/', session.role);
  if (token.family == Family::lambda) {
    token.identity = joined(token.role_identity, '/', session.session);
  } else if (token.family == Family::other) {
    token.identity = joined(token.role_identity, '#', token.service);
  } else {
    token.identity = token.role_identity;
  }
}

ServiceToken token_of(const Service& service, Proof proof, const Session& session) {
  ServiceToken token;
  token.family = service.family;
  token.proof = proof;
  token.service = service.name;
  token.serverless = service.serverless;
  name_identity(token, session);
  return token;
}

std::optional<ServiceToken> by_in_scope_of(const Event& event, const Session& session) {
  const std::string_view issuer = workload_issuer(event.in_scope_issuer_type);
  if (issuer.empty()) return std::nullopt;
  ServiceToken token;
  if (const Service* const known = service_by_issuer(issuer)) {
    token = token_of(*known, Proof::in_scope_of, session);
  } else {
    token.service = lower(cut_utf8(issuer, kNameBytesMax));
    name_identity(token, session);
  }
  token.workload = cut_utf8(without_version(event.in_scope_issued_to), kWorkloadBytesMax);
  return token;
}

std::optional<ServiceToken> by_lambda_user_agent(const Event& event, const Session& session) {
  if (!event.user_agent.exec_env.starts_with("AWS_Lambda_")) return std::nullopt;
  ServiceToken token = token_of(*service_by_name("lambda"), Proof::lambda_user_agent, session);
  token.must_have_assumed = token.service;
  return token;
}

std::optional<ServiceToken> by_weak_proof(const Event& event, const Session& session) {
  const Service* service = service_by_session_name(session.session);
  if (service == nullptr) return by_lambda_user_agent(event, session);
  ServiceToken token = token_of(*service, Proof::session_name, session);
  token.must_have_assumed = service->name;
  return token;
}

// Whose projected token AssumeRoleWithWebIdentity exchanges: "eks", "kubernetes" (a service account of another
// cluster), or nothing.
std::string_view cluster_of(const Event& event) noexcept {
  if (is_eks_issuer(event.identity_provider) || is_eks_issuer(event.principal_id)) return "eks";
  return event.user_name.starts_with(kServiceAccount) ? "kubernetes" : std::string_view{};
}

std::string kubernetes_principal(std::string_view provider) {
  return std::string(kKubernetesPrincipal).append(cut_utf8(provider_name(provider), kWorkloadBytesMax));
}

// A pod exchanges its projected token for AWS credentials: the pod makes the call, but has no access key yet.
std::optional<ServiceToken> by_exchange(const Event& event) {
  if (event.event_name != "AssumeRoleWithWebIdentity" || !event.assumes_role()) return std::nullopt;
  const std::string_view cluster = cluster_of(event);
  if (cluster.empty()) return std::nullopt;
  const auto role = parse_role_arn(event.assumed_role_arn);
  if (!role || role->role.size() > kNameBytesMax || !is_account_id(role->account)) return std::nullopt;
  ServiceToken token =
      token_of(*service_by_name(cluster), Proof::oidc_provider, {role->account, role->role, event.role_session_name});
  token.workload = service_account(event.user_name);
  return token;
}

std::optional<ServiceToken> by_provider(const Event& event, const Session& session, const IssuedToken* issued,
                                        Clusters clusters) {
  if (is_eks_issuer(event.federated_provider)) return token_of(*service_by_name("eks"), Proof::oidc_provider, session);
  if (clusters == Clusters::eks || issued != nullptr) return std::nullopt;
  ServiceToken token = token_of(*service_by_name("kubernetes"), Proof::oidc_provider, session);
  token.must_have_assumed = token.service;
  token.assumed_role = kubernetes_principal(event.federated_provider);
  return token;
}

// EKS Pod Identity assumes a second role in the name of the pod: the call is the pod's own. Whoever switches roles in
// the console calls as the session in which he sits.
Event as_the_pod(const Event& event) noexcept {
  Event caller = event;
  caller.console_session = false;
  const Service* const by = service_by_principal(event.invoked_by);
  if (by != nullptr && by->family == Family::eks) caller.invoked_by = {};
  return caller;
}

// A role session of another account: its principal id is the role's id, a colon and the session's name.
bool is_foreign_session(const Event& event) noexcept {
  return event.type == IdentityType::aws_account && event.principal_id.find(':') != std::string_view::npos;
}

}  // namespace

std::string_view name_of(Proof proof) noexcept {
  constexpr std::array<std::string_view, 8> kNames{"in_scope_of",  "issuing_event",     "oidc_provider", "ec2_delivery",
                                                   "session_name", "lambda_user_agent", "descended",     "session"};
  return kNames[static_cast<std::size_t>(proof)];
}

bool IssuedToken::proves() const noexcept {
  return !chain.empty() || service_by_name(service) != nullptr;
}

int IssuedToken::weight() const noexcept {
  if (waits) return 0;
  if (!session_role.empty()) return service.empty() ? 2 : 1;
  if (weak) return 3;
  return service.empty() ? 4 : 5;
}

IssuedToken issued_token(const Event& event) {
  IssuedToken token;
  token.issued_day = event.day();
  if (event.event_name == "AssumeRole" && event.type == IdentityType::aws_service) {
    const Service* service = service_by_principal(event.invoked_by);
    if (service != nullptr) token.service = service->name;
  } else if (event.event_name == "AssumeRoleWithWebIdentity") {
    token.service = cluster_of(event);
    if (!token.service.empty()) token.workload = service_account(event.user_name);
    token.waits = is_across_partitions(event);
  } else {
    // The other account's copy of a call names the role session that made it, and not its key.
    token.waits = assumes_by_session(event) || (issues_to_caller(event) && is_foreign_session(event));
  }
  if (token.service == "eks" && !event.kubernetes_service_account.empty())
    token.workload =
        cut_utf8(std::string(event.kubernetes_namespace) + '/' + std::string(event.kubernetes_service_account),
                 kWorkloadBytesMax);
  return token;
}

std::string issued_role(const Event& event) {
  if (event.event_name == "AssumeRoot") {
    const auto arn = parse_arn(event.assumed_role_arn);
    const std::string_view account = arn ? arn->account : event.assumed_role_arn;
    return is_account_id(account) ? joined(account, '/', kRoot) : std::string();
  }
  const auto role = parse_role_arn(event.assumed_role_arn);
  if (!role || !is_account_id(role->account) || role->role.size() > kNameBytesMax) return {};
  return joined(role->account, '/', role->role);
}

bool may_be_service_token(const Event& event) noexcept {
  return may_be_service_token(event, RoleArns(event));
}

std::optional<ServiceToken> prove_service_token(const Event& event, const IssuedToken* issued, Clusters clusters) {
  // An exchange that failed needed no credential, and anybody can try one.
  if (event.type == IdentityType::web_identity) return event.error_code.empty() ? by_exchange(event) : std::nullopt;
  const RoleArns arns(event);
  if (!may_be_service_token(event, arns)) return std::nullopt;
  const auto session = session_of(event, arns);
  if (!session) return std::nullopt;
  if (event.type == IdentityType::root) {  // nothing but the event that issued its key can tell
    if (issued == nullptr || issued->chain.empty()) return std::nullopt;
  } else if (auto token = by_in_scope_of(event, *session)) {
    return token;
  }
  if (issued != nullptr && issued->proves())
    return service_token_from_issue(*issued, joined(session->account, '/', session->role), session->session);
  // Another provider's session is nobody's workload, whatever it calls itself.
  if (!event.federated_provider.empty()) return by_provider(event, *session, issued, clusters);
  if (!event.ec2_role_delivery.empty() || (issued == nullptr && is_instance_id(session->session))) {
    ServiceToken token = token_of(*service_by_name("ec2"), Proof::ec2_delivery, *session);
    token.workload = session->session;
    return token;
  }
  return issued == nullptr ? by_weak_proof(event, *session) : std::nullopt;
}

std::optional<ServiceToken> second_weak_proof(const Event& event, const ServiceToken& first) {
  if (first.proof != Proof::session_name) return std::nullopt;
  const auto session = session_of(event, RoleArns(event));
  return session ? by_lambda_user_agent(event, *session) : std::nullopt;
}

std::string_view service_of_session_name(std::string_view session) noexcept {
  const Service* service = service_by_session_name(session);
  return service == nullptr ? std::string_view{} : service->name;
}

bool is_known_by_session(const Event& event) noexcept {
  const bool console =
      event.console_session || (event.access_key.empty() && event.telling_call() == TellingCall::console);
  if (!console && !is_through_mcp(event)) return false;
  return event.type == IdentityType::assumed_role && event.principal_id.find(':') != std::string_view::npos;
}

bool is_across_partitions(const Event& event) noexcept {
  return event.event_name == "AssumeRoleWithWebIdentity" && event.type == IdentityType::web_identity &&
         cluster_of(event).empty() &&
         (parse_role_session_arn(event.source_principal) || parse_role_arn(event.source_principal));
}

std::string deciding_session(const Event& event) {
  if (!is_across_partitions(event)) return std::string(event.principal_id);
  if (const auto role = parse_role_arn(event.source_principal))
    return joined(joined(role->account, '/', role->role), ':', {});
  const auto [account, role, session] = *parse_role_session_arn(event.source_principal);
  return joined(joined(account, '/', role), ':', session);
}

std::array<std::string, 2> names_across_partitions(std::string_view role_identity, std::string_view principal_id) {
  const std::size_t colon = std::min(principal_id.find(':'), principal_id.size());
  const std::string role = joined(role_identity, ':', {});
  return {role + std::string(principal_id.substr(std::min(colon + 1, principal_id.size()))), role};
}

bool is_called_by_session(const Event& event) noexcept {
  if (event.access_key.empty() && is_across_partitions(event)) return true;
  return event.access_key.empty() && issues_to_caller(event) &&
         event.principal_id.find(':') != std::string_view::npos &&
         (event.type == IdentityType::assumed_role || event.type == IdentityType::aws_account);
}

IssuedToken known_of_session(const ServiceToken& token, Day day) {
  IssuedToken out;
  out.service = token.service;
  out.workload = token.workload;
  out.issued_day = day;
  out.parent_role = token.parent_role;
  out.chain = token.chain;
  out.session_role = token.role_identity;
  return out;
}

IssuedToken known_of_stranger(std::string_view role, Day day) {
  IssuedToken out;
  out.issued_day = day;
  out.session_role = role;
  return out;
}

bool assumes_by_session(const Event& event) noexcept {
  if (!issues_to_caller(event) || event.type != IdentityType::assumed_role) return false;
  return may_be_service_token(as_the_pod(event));
}

std::optional<ServiceToken> prove_caller(const Event& event, const IssuedToken* issued, Clusters clusters) {
  return prove_service_token(as_the_pod(event), issued, clusters);
}

IssuedToken descended_from(const ServiceToken& parent, std::string_view role, Day day) {
  IssuedToken token;
  token.service = parent.service;
  token.workload = parent.workload;
  token.issued_day = day;
  token.weak = !parent.must_have_assumed.empty();
  token.parent_role = parent.role_identity;
  token.chain = parent.chain.empty() ? parent.role_identity : parent.chain;
  const std::size_t more = token.chain.find(kMoreRoles);
  std::size_t links = 0;
  for (std::size_t at = 0; (at = token.chain.find(kThen, at)) != std::string::npos; at += kThen.size()) ++links;
  if (more != std::string::npos) token.chain.resize(more);
  token.chain.append(links < kChainLinksMax ? kThen : kMoreRoles).append(role);
  if (parent.proof == Proof::session) token.session_role = role;
  return token;
}

namespace {

ServiceToken descended_token(const IssuedToken& issued, std::string_view role_identity) {
  ServiceToken token;
  const Service* const service = service_by_name(issued.service);
  token.family = service == nullptr ? Family::other : service->family;
  token.serverless = service != nullptr && service->serverless;
  token.proof = issued.session_role.empty() ? Proof::descended : Proof::session;
  token.service = issued.service;
  token.workload = issued.workload;
  token.account = role_identity.substr(0, role_identity.find('/'));
  token.identity = token.role_identity = role_identity;
  token.parent_role = issued.parent_role;
  token.chain = issued.chain;
  if (issued.weak) {
    token.must_have_assumed = issued.service;
    token.assumed_role = issued.chain.substr(0, issued.chain.find(kThen));
  }
  return token;
}

}  // namespace

ServiceToken service_token_from_issue(const IssuedToken& issued, std::string_view role_identity,
                                      std::string_view session) {
  if (!issued.chain.empty()) return descended_token(issued, role_identity);
  const Service* service = service_by_name(issued.service);
  const std::size_t slash = role_identity.find('/');
  INVARIANT(service != nullptr && slash != std::string_view::npos);
  ServiceToken token = token_of(*service, Proof::issuing_event,
                                {role_identity.substr(0, slash), role_identity.substr(slash + 1), session});
  token.workload = issued.workload;
  if (!issued.session_role.empty()) token.proof = Proof::session;
  return token;
}

std::string session_role(const Event& event) {
  return event.type == IdentityType::assumed_role || is_root_session(event) ? caller_identity(event) : std::string();
}

std::string caller_identity(const Event& event) {
  if (event.type == IdentityType::assumed_role || is_root_session(event)) {
    const auto session = session_of(event, RoleArns(event));
    if (session) return joined(session->account, '/', session->role);
  }
  if (event.type == IdentityType::web_identity) {
    if (const auto token = by_exchange(event)) return token->role_identity;
  }
  if (!event.arn.empty()) return std::string(event.arn);
  if (event.type == IdentityType::root) return std::string(event.account) + ":root";
  if (!event.user_name.empty()) return std::string(event.account) + ":" + std::string(event.user_name);
  return std::string(event.principal_id);
}

std::string assuming_principal(const Event& event) {
  if (!event.invoked_by.empty()) return std::string(event.invoked_by);
  if (event.type == IdentityType::aws_account && is_account_id(event.account))
    return joined(event.account, ':', event.principal_id.empty() ? event.arn : event.principal_id);
  if (event.type == IdentityType::web_identity) {
    const std::string_view provider = event.identity_provider.empty() ? event.principal_id : event.identity_provider;
    const auto token = by_exchange(event);
    if (!token) return std::string(kFederationPrincipal).append(provider);
    if (token->family == Family::kubernetes) return kubernetes_principal(provider);
  }
  return caller_identity(event);
}

bool teaches_networks(const Event& event) {
  if (!event.error_code.empty() || event.presigned || event.delegated) return false;
  if (!event.federated_provider.empty() && !is_eks_issuer(event.federated_provider)) return false;
  return event.type != IdentityType::web_identity || is_eks_issuer(event.identity_provider) ||
         is_eks_issuer(event.principal_id);
}

}  // namespace straykey
