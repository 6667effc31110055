#pragma once
// Principals: the parts of the ARNs that CloudTrail writes, and the AWS services that hand tokens to workloads.
//
// Shape:  views into the ARN. Role names may hold a colon ("aws:ec2-instance"), so only the first five colons separate.
//         A service has one name, whether a principal, an issuer type or an OIDC issuer tells of it.
// Thread: any (functions of their arguments, and constants).
// Source: IAM identifiers: arn:partition:service:region:account:resource. Principals and issuer types as CloudTrail
//         writes them in issuing events (`invokedBy`) and in `inScopeOf.issuerType`; hosts of EKS's OIDC issuers by its
//         guide, one pattern for each partition's domains.
#include <cstdint>
#include <optional>
#include <string_view>

namespace straykey {

struct Arn {
  std::string_view partition, service, region, account, resource;
};
[[nodiscard]] std::optional<Arn> parse_arn(std::string_view text) noexcept;

struct RoleName {
  std::string_view account;
  std::string_view path;  // "/", "/aws-service-role/lex.amazonaws.com/" ...
  std::string_view role;  // unique in its account, whatever the path
};
// arn:aws:iam::123456789012:role/path/name
[[nodiscard]] std::optional<RoleName> parse_role_arn(std::string_view arn) noexcept;

struct RoleSession {
  std::string_view account, role, session;
};
// arn:aws:sts::123456789012:assumed-role/name/session
[[nodiscard]] std::optional<RoleSession> parse_role_session_arn(std::string_view arn) noexcept;

// Twelve digits.
[[nodiscard]] bool is_account_id(std::string_view text) noexcept;

// Keys that STS issued begin with ASIA; those of IAM users with AKIA.
[[nodiscard]] inline bool is_temporary_key(std::string_view access_key) noexcept {
  return access_key.starts_with("ASIA");
}

// The numbers stand in stored candidates, so new ones are added at the end.
enum class Family : std::uint8_t { lambda, ecs, eks, ec2, other, kubernetes };
// "Lambda", "ECS", "EKS", "EC2", "other service", "Kubernetes"
[[nodiscard]] std::string_view name_of(Family family) noexcept;

// One service that hands tokens to workloads.
struct Service {
  std::string_view name;  // "lambda": stored, shown and part of identities
  Family family;
  bool serverless;  // ECS counts as serverless until its exec-env says AWS_ECS_EC2
};
[[nodiscard]] const Service* service_by_name(std::string_view name) noexcept;
// `invoked_by` as in an issuing event: "ecs-tasks.amazonaws.com", "ec2.amazonaws.com.cn".
[[nodiscard]] const Service* service_by_principal(std::string_view invoked_by) noexcept;

// "Lambda" of the issuer type `AWS::Lambda::Function`. Empty if it is no `AWS::service::kind`, or if the service does
// AWS's own work under roles (Step Functions, Scheduler ...) and so runs nobody's code.
[[nodiscard]] std::string_view workload_issuer(std::string_view issuer_type) noexcept;
// `issuer` as workload_issuer() gives it. Null: a service that is not in the table.
[[nodiscard]] const Service* service_by_issuer(std::string_view issuer) noexcept;

// Whether an OIDC provider is an EKS cluster's. `provider` is an issuer (`oidc.eks.eu-west-1.amazonaws.com/id/...`,
// with or without "https://"), a provider's ARN, or a principal id that begins with one. Its host is compared, so a
// host or a path that only holds the name of an EKS host is none.
[[nodiscard]] bool is_eks_issuer(std::string_view provider) noexcept;
// The provider without what stands around it in any of these forms: "oidc.eks.eu-west-1.amazonaws.com/id/...".
// Empty: an ARN of something else.
[[nodiscard]] std::string_view provider_name(std::string_view provider) noexcept;

}  // namespace straykey
