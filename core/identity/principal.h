#pragma once
// Principals: the parts of the ARNs that CloudTrail writes.
//
// Shape:  views into the ARN. Role names may hold a colon ("aws:ec2-instance"), so only the first five colons separate.
// Thread: any (functions of their arguments).
// Source: IAM identifiers: arn:partition:service:region:account:resource.
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

}  // namespace straykey
