#pragma once
// Event: what decides, taken from one CloudTrail record.
//
// Shape:  views into the bytes of the request that brought the record (Request owns them), so an Event is cheap to
//         move and lives as long as its Request. Absent, null and empty fields are all "".
// Units:  time in seconds UTC.
// Thread: any (a value); made on an io thread, read by one or two shard workers.
#include <cstdint>
#include <string_view>

#include "core/base/time.h"
#include "core/event/user_agent.h"

namespace straykey {

enum class IdentityType : std::uint8_t {
  none,             // no userIdentity, or one without a type
  root,             // Root
  iam_user,         // IAMUser
  assumed_role,     // AssumedRole
  role,             // Role
  federated_user,   // FederatedUser
  directory,        // Directory
  aws_account,      // AWSAccount: a caller of another account
  aws_service,      // AWSService
  identity_center,  // IdentityCenterUser
  web_identity,     // WebIdentityUser
  saml_user,        // SAMLUser
  other,            // Unknown, or a type of the future
};

// A call that is evidence by its name, wherever it comes from: it turns a token into another credential.
enum class TellingCall : std::uint8_t {
  none,
  console,             // GetSigninToken, ConsoleLogin
  oauth_token,         // CreateOAuth2TokenWithIAM
  web_identity_token,  // sts:GetWebIdentityToken
};

struct Event {
  std::string_view record;  // the whole record, JSON text, as it came

  Seconds time = 0;          // eventTime
  bool from_future = false;  // eventTime was too far ahead: `time` is the receipt, and the event teaches nothing
  std::string_view event_id, shared_event_id, event_name, event_source, event_type, event_category;
  std::string_view region;           // awsRegion: of the API, not of the caller
  std::string_view source_ip;        // sourceIPAddress: an address, a service name or nonsense
  std::string_view user_agent_text;  // userAgent as it came
  UserAgent user_agent;
  std::string_view error_code;
  std::string_view recipient_account;  // recipientAccountId
  std::string_view vpc_endpoint, vpc_endpoint_account;
  bool console_session = false;  // sessionCredentialFromConsole
  bool sign_in_failed = false;   // a ConsoleLogin (or like) that did not succeed
  // The request was signed ahead of time, in a link or a form: whoever sent it need not have had the credential
  bool presigned = false;
  bool delegated = false;  // userIdentity.invokedByDelegate: a product of another company acts for us

  // userIdentity
  IdentityType type = IdentityType::none;
  std::string_view arn, account, access_key, principal_id, user_name, invoked_by, identity_provider;
  std::string_view session_issuer_arn;  // sessionContext.sessionIssuer.arn: the role of an AssumedRole
  std::string_view federated_provider;  // sessionContext.webIdFederationData.federatedProvider
  std::string_view ec2_role_delivery;   // sessionContext.ec2RoleDelivery: "1.0" (IMDSv1) or "2.0"
  std::string_view in_scope_issuer_type,
      in_scope_issued_to;  // inScopeOf.issuerType, .credentialsIssuedTo (wherever userIdentity carries it)

  // AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot
  std::string_view
      assumed_role_arn;  // requestParameters.roleArn; of AssumeRoot .targetPrincipal: an account, or its root
  std::string_view role_session_name;  // requestParameters.roleSessionName
  std::string_view issued_key;         // responseElements.credentials.accessKeyId
  std::string_view source_principal;   // additionalEventData.crossPartitionData.sourcePrincipalArn
  std::string_view kubernetes_namespace, kubernetes_service_account;  // session tags of EKS Pod Identity

  [[nodiscard]] Day day() const noexcept { return day_of(time); }
  [[nodiscard]] bool assumes_role() const noexcept {
    return event_name.starts_with("AssumeRo") &&
           (event_name.substr(8).starts_with("le") || event_name.substr(8) == "ot") &&
           event_source == "sts.amazonaws.com";
  }
  // Cost: the length tells nearly every name apart.
  [[nodiscard]] TellingCall telling_call() const noexcept {
    switch (event_name.size()) {
      case 12:
        return event_name == "ConsoleLogin" ? TellingCall::console : TellingCall::none;
      case 14:
        return event_name == "GetSigninToken" ? TellingCall::console : TellingCall::none;
      case 19:
        return event_name == "GetWebIdentityToken" && event_source == "sts.amazonaws.com"
                   ? TellingCall::web_identity_token
                   : TellingCall::none;
      case 24:
        return event_name == "CreateOAuth2TokenWithIAM" ? TellingCall::oauth_token : TellingCall::none;
      default:
        return TellingCall::none;
    }
  }
};

}  // namespace straykey
