#include "tools/simulate/workload_tokens.h"

#include <fmt/format.h>

#include "tools/simulate/address_plan.h"
#include "tools/simulate/agents.h"

namespace straykey {
namespace {

using enum WorkloadKind;

constexpr std::string_view kCluster = "shop";

std::string oidc_provider(const Workload& workload) {
  // One cluster to an account and region.
  return fmt::format("oidc.eks.{}.amazonaws.com/id/{}", workload.region, base32_text(mix(workload.account.back()), 24));
}

std::string session_name(const Workload& workload, std::uint32_t instance, Seconds issued) {
  const std::uint64_t today = mix(workload.id, instance, issued / kSecondsPerDay);
  const std::uint64_t now = mix(workload.id, instance, issued);
  switch (workload.kind) {
    case lambda:
      return workload.name;
    case ecs:
      return hex_text(today, 32);
    case eks_irsa:
      return fmt::format("botocore-session-{}", 1'700'000'000 + now % 80'000'000);
    case eks_pod_identity:
      return fmt::format("eks-{}-{}-{}", kCluster, workload.name.substr(0, 14), uuid_text(today, mix(today)));
    case ec2:
      return "i-0" + hex_text(mix(workload.id, instance), 16);
    case codebuild:
      return "AWSCodeBuild-" + uuid_text(now, mix(now));
    case glue:
      return "GlueJobRunnerSession";
  }
  return {};
}

std::string private_address(std::uint64_t host) {
  return fmt::format("10.{}.{}.{}", 20 + host % 8, host / 8 % 256, 4 + host / 2048 % 250);
}

void place(Token& token, const Workload& workload, std::uint32_t instance) {
  const std::uint64_t fixed = mix(workload.id, instance);
  switch (workload.egress) {
    case Egress::aws_public:
      token.source_ip = aws_address(workload.region, mix(fixed, token.issued));
      return;
    case Egress::nat:
      token.source_ip = aws_address(workload.region, mix(workload.id, 0x6e6174));
      return;
    case Egress::ipv6:
      token.source_ip = aws_address_v6(workload.region, mix(fixed, token.issued));
      return;
    case Egress::external:
      token.source_ip = external_address(workload.asn, 0, fixed % 3);
      return;
    case Egress::endpoint:
      token.source_ip = private_address(fixed);
      token.vpc_endpoint = "vpce-0" + hex_text(mix(workload.account.back()), 16);
      return;
  }
}

// What only some services write into sessionContext, after its attributes.
std::string delivery_field(const Workload& workload, std::uint32_t instance) {
  if (workload.kind != ec2) return {};
  return fmt::format(R"(,"ec2RoleDelivery":"{}.0")", 1 + instance % 2);
}

std::string in_scope_field(const Workload& workload, std::string_view session) {
  if (!workload.named_by_aws) return {};
  if (workload.kind == ec2) {
    return fmt::format(
        R"(,"inScopeOf":{{"issuerType":"AWS::EC2::Instance","credentialsIssuedTo":"arn:aws:ec2:{}:{}:instance/{}"}})",
        workload.region, workload.account, session);
  }
  return fmt::format(R"(,"inScopeOf":{{"issuerType":"AWS::Lambda::Function",)"
                     R"("credentialsIssuedTo":"arn:aws:lambda:{}:{}:function:{}"}})",
                     workload.region, workload.account, workload.name);
}

std::string federation(const Workload& workload) {
  if (workload.kind != eks_irsa) return "{}";
  return fmt::format(R"({{"federatedProvider":"arn:aws:iam::{}:oidc-provider/{}","attributes":{{}}}})",
                     workload.account, oidc_provider(workload));
}

struct IdentityParts {
  std::string federation = "{}";
  std::string after_attributes;  // fields of sessionContext
  std::string after_context;     // fields of userIdentity
};

std::string assumed_role(const SessionGrant& s, const IdentityParts& parts) {
  std::string out =
      fmt::format(R"({{"type":"AssumedRole","principalId":"{}:{}","arn":"arn:aws:sts::{}:assumed-role/{}/{}",)",
                  s.role_id, s.session, s.account, s.role, s.session);
  out += fmt::format(R"("accountId":"{}",)", s.account);
  if (!s.key.empty()) out += fmt::format(R"("accessKeyId":"{}",)", s.key);
  out += fmt::format(
      R"("sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{}","arn":"arn:aws:iam::{}:role{}{}",)",
      s.role_id, s.account, s.role_path, s.role);
  out += fmt::format(R"("accountId":"{}","userName":"{}"}},"webIdFederationData":{},)", s.account, s.role,
                     parts.federation);
  out += fmt::format(R"("attributes":{{"creationDate":"{}","mfaAuthenticated":"false"}}{}}}{}}})",
                     format_time(s.issued), parts.after_attributes, parts.after_context);
  return out;
}

SessionGrant grant_of(const Workload& workload, const Token& token) {
  return {.account = workload.account,
          .role_path = "/",
          .role = workload.role,
          .role_id = workload.role_id,
          .session = token.session,
          .key = token.key,
          .issued = token.issued};
}

std::string assumed_response(const SessionGrant& s) {
  return fmt::format(R"({{"credentials":{{"accessKeyId":"{}","sessionToken":"REDACTED","expiration":"{}"}},)"
                     R"("assumedRoleUser":{{"assumedRoleId":"{}:{}","arn":"arn:aws:sts::{}:assumed-role/{}/{}"}})",
                     s.key, format_time(s.issued + 3600), s.role_id, s.session, s.account, s.role, s.session);
}

std::string pod_tags(const Workload& workload) {
  return fmt::format(
      R"(,"tags":[{{"key":"eks-cluster-arn","value":"arn:aws:eks:{0}:{1}:cluster/{2}"}},)"
      R"({{"key":"eks-cluster-name","value":"{2}"}},{{"key":"kubernetes-namespace","value":"shop"}},)"
      R"({{"key":"kubernetes-service-account","value":"{3}"}},{{"key":"kubernetes-pod-name","value":"{3}-0"}}],)"
      R"("transitiveTagKeys":["eks-cluster-arn","kubernetes-namespace","kubernetes-service-account"])",
      workload.region, workload.account, kCluster, workload.name);
}

IssuingEvent web_identity_exchange(const Workload& workload, const Token& token) {
  const SessionGrant grant = grant_of(workload, token);
  const std::string subject = fmt::format("system:serviceaccount:shop:{}", workload.name);
  const std::string provider =
      fmt::format("arn:aws:iam::{}:oidc-provider/{}", workload.account, oidc_provider(workload));
  IssuingEvent event{.name = "AssumeRoleWithWebIdentity", .user_agent = workload.agent};
  event.user_identity = fmt::format(R"({{"type":"WebIdentityUser","principalId":"{0}:sts.amazonaws.com:{1}",)"
                                    R"("userName":"{1}","identityProvider":"{0}"}})",
                                    provider, subject);
  event.request = fmt::format(R"({{"roleArn":"arn:aws:iam::{}:role/{}","roleSessionName":"{}"}})", workload.account,
                              workload.role, token.session);
  event.response =
      assumed_response(grant) +
      fmt::format(R"(,"subjectFromWebIdentityToken":"{}","provider":"{}","audience":"sts.amazonaws.com"}})", subject,
                  provider);
  event.source_ip = token.source_ip;
  return event;
}

}  // namespace

std::string_view issuing_service(WorkloadKind kind) {
  switch (kind) {
    case lambda:
      return "lambda.amazonaws.com";
    case ecs:
      return "ecs-tasks.amazonaws.com";
    case eks_irsa:
      return "";
    case eks_pod_identity:
      return "pods.eks.amazonaws.com";
    case ec2:
      return "ec2.amazonaws.com";
    case codebuild:
      return "codebuild.amazonaws.com";
    case glue:
      return "glue.amazonaws.com";
  }
  return "";
}

Token token_at(const Workload& workload, std::uint32_t instance, Seconds time) {
  const Seconds lifetime = static_cast<Seconds>(workload.key_minutes) * 60;
  Token token{.issued = time - time % lifetime};
  token.key = temporary_key(mix(workload.id, instance, token.issued));
  token.session = session_name(workload, instance, token.issued);
  token.user_identity =
      assumed_role(grant_of(workload, token), {.federation = federation(workload),
                                               .after_attributes = delivery_field(workload, instance),
                                               .after_context = in_scope_field(workload, token.session)});
  token.announced = workload.named_by_aws;
  place(token, workload, instance);
  return token;
}

std::string forwarded_identity(const Token& token, std::string_view service) {
  std::string identity = token.user_identity;
  identity.pop_back();
  return identity + fmt::format(R"(,"invokedBy":"{}"}})", service);
}

std::string role_session_identity(const SessionGrant& session) {
  return assumed_role(session, {});
}

std::string iam_user_identity(std::string_view account, std::string_view user, std::string_view key) {
  return fmt::format(
      R"({{"type":"IAMUser","principalId":"AIDA{}EXAMPLE","arn":"arn:aws:iam::{}:user/{}","accountId":"{}",)"
      R"("accessKeyId":"{}","userName":"{}"}})",
      key.substr(4, 10), account, user, account, key, user);
}

IssuingEvent issuing_event_by_service(std::string_view service, const SessionGrant& session) {
  IssuingEvent event{.source_ip = std::string(service), .name = "AssumeRole", .user_agent = service};
  event.user_identity = fmt::format(R"({{"type":"AWSService","invokedBy":"{}"}})", service);
  event.request =
      fmt::format(R"({{"roleArn":"arn:aws:iam::{}:role{}{}","roleSessionName":"{}","durationSeconds":3600}})",
                  session.account, session.role_path, session.role, session.session);
  event.response = assumed_response(session) + "}";
  return event;
}

IssuingEvent issuing_event(const Workload& workload, const Token& token) {
  if (workload.kind == eks_irsa) return web_identity_exchange(workload, token);
  IssuingEvent event = issuing_event_by_service(issuing_service(workload.kind), grant_of(workload, token));
  if (workload.kind == eks_pod_identity) {
    event.request.pop_back();
    event.request += pod_tags(workload) + "}";
  }
  return event;
}

}  // namespace straykey
