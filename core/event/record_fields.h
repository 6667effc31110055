#pragma once
// Which member of a CloudTrail record becomes which text of an Event: one table for each object that is read.
//
// Shape:  names as AWS writes them. Members that are no plain text (eventTime, userIdentity, ...) are their readers'.
// Thread: any (constants).
// Source: CloudTrail record contents.
#include <array>
#include <string_view>

#include "core/base/time.h"
#include "core/event/event.h"

namespace straykey {

inline constexpr Seconds kAheadMax = 600;  // how far an eventTime may be ahead of the clock

struct TextField {
  std::string_view name;
  std::string_view Event::*field;
};

// Of a record that sums up calls which are recorded one by one elsewhere.
inline constexpr std::string_view kAggregatedCategory = "Aggregated";

inline constexpr std::array kTopFields{
    TextField{"eventID", &Event::event_id},
    TextField{"awsRegion", &Event::region},
    TextField{"errorCode", &Event::error_code},
    TextField{"eventName", &Event::event_name},
    TextField{"eventType", &Event::event_type},
    TextField{"userAgent", &Event::user_agent_text},
    TextField{"eventSource", &Event::event_source},
    TextField{"sharedEventID", &Event::shared_event_id},
    TextField{"eventCategory", &Event::event_category},
    TextField{"vpcEndpointId", &Event::vpc_endpoint},
    TextField{"sourceIPAddress", &Event::source_ip},
    TextField{"recipientAccountId", &Event::recipient_account},
    TextField{"vpcEndpointAccountId", &Event::vpc_endpoint_account},
};
inline constexpr std::array kIdentityFields{
    TextField{"arn", &Event::arn},
    TextField{"userName", &Event::user_name},
    TextField{"accountId", &Event::account},
    TextField{"invokedBy", &Event::invoked_by},
    TextField{"accessKeyId", &Event::access_key},
    TextField{"principalId", &Event::principal_id},
    TextField{"identityProvider", &Event::identity_provider},
};
inline constexpr std::array kSessionFields{TextField{"ec2RoleDelivery", &Event::ec2_role_delivery}};
inline constexpr std::array kIssuerFields{TextField{"arn", &Event::session_issuer_arn}};
inline constexpr std::array kFederationFields{TextField{"federatedProvider", &Event::federated_provider}};
inline constexpr std::array kInScopeFields{
    TextField{"issuerType", &Event::in_scope_issuer_type},
    TextField{"credentialsIssuedTo", &Event::in_scope_issued_to},
};
inline constexpr std::array kAssumeFields{
    TextField{"roleArn", &Event::assumed_role_arn},
    TextField{"targetPrincipal", &Event::assumed_role_arn},
    TextField{"roleSessionName", &Event::role_session_name},
};
inline constexpr std::array kCredentialFields{TextField{"accessKeyId", &Event::issued_key}};

// Of an exchange for a token of another partition's STS: who asked for that there.
inline constexpr std::string_view kCrossPartition = "crossPartitionData", kSourcePrincipal = "sourcePrincipalArn";

// How a request was signed, additionalEventData.AuthenticationMethod: a link (QueryString) or a form (HtmlForm) is
// signed ahead of time. Where the record does not tell, requestParameters.X-Amz-Expires does, which the query string of
// a link has; where it tells, that parameter counts for nothing, because a caller may add it to any request.
inline constexpr std::string_view kAuthenticationMethod = "AuthenticationMethod", kPresignExpires = "X-Amz-Expires";
[[nodiscard]] constexpr bool is_presigned(std::string_view authentication_method) noexcept {
  return authentication_method == "QueryString" || authentication_method == "HtmlForm";
}
// Only S3 and its kin record how a request was signed.
[[nodiscard]] constexpr bool may_be_presigned(std::string_view event_source) noexcept {
  return event_source.starts_with("s3");
}

// All texts of an Event but `record` and what user_agent views.
inline constexpr std::array kKeptFields{
    &Event::event_id,
    &Event::shared_event_id,
    &Event::event_name,
    &Event::event_source,
    &Event::event_type,
    &Event::event_category,
    &Event::region,
    &Event::source_ip,
    &Event::user_agent_text,
    &Event::error_code,
    &Event::recipient_account,
    &Event::vpc_endpoint,
    &Event::vpc_endpoint_account,
    &Event::arn,
    &Event::account,
    &Event::access_key,
    &Event::principal_id,
    &Event::user_name,
    &Event::invoked_by,
    &Event::identity_provider,
    &Event::session_issuer_arn,
    &Event::federated_provider,
    &Event::ec2_role_delivery,
    &Event::in_scope_issuer_type,
    &Event::in_scope_issued_to,
    &Event::assumed_role_arn,
    &Event::role_session_name,
    &Event::issued_key,
    &Event::source_principal,
    &Event::kubernetes_namespace,
    &Event::kubernetes_service_account,
};

// A text of twelve digits that some tools turn into a number.
[[nodiscard]] constexpr bool is_account(std::string_view Event::*field) noexcept {
  return field == &Event::account || field == &Event::recipient_account || field == &Event::vpc_endpoint_account;
}

struct TypeName {
  std::string_view name;
  IdentityType type;
};
inline constexpr std::array kTypeNames{
    TypeName{"", IdentityType::none},
    TypeName{"Root", IdentityType::root},
    TypeName{"IAMUser", IdentityType::iam_user},
    TypeName{"AssumedRole", IdentityType::assumed_role},
    TypeName{"Role", IdentityType::role},
    TypeName{"FederatedUser", IdentityType::federated_user},
    TypeName{"Directory", IdentityType::directory},
    TypeName{"AWSAccount", IdentityType::aws_account},
    TypeName{"AWSService", IdentityType::aws_service},
    TypeName{"IdentityCenterUser", IdentityType::identity_center},
    TypeName{"WebIdentityUser", IdentityType::web_identity},
    TypeName{"SAMLUser", IdentityType::saml_user},
};

// A record may lack the type: the ARN of a role session says it as well.
[[nodiscard]] constexpr IdentityType identity_type_of(std::string_view name, std::string_view arn) noexcept {
  if (name.empty() && arn.find(":assumed-role/") != std::string_view::npos) return IdentityType::assumed_role;
  for (const TypeName& row : kTypeNames)
    if (row.name == name) return row.type;
  return IdentityType::other;
}

}  // namespace straykey
