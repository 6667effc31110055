#pragma once
// Which tokens are service tokens, how that was proven, and whose they are.
//
// Shape:  a ServiceToken names the family, the service, the proof and the identity that has the baseline. The identity
//         does not depend on which proof arrived: account/role, account/role/function for Lambda, account/role#service
//         for other services. A descended key is account/role of its own role, whatever the service.
// Thread: any (functions of their arguments).
// Source: the proofs in their order: inScopeOf, the issuing event, the descent from a proven token that assumed the
//         role, the EKS OIDC provider, EC2 role delivery, and the weak ones (a session-name shape or a Lambda user
//         agent of a role that the service was seen to assume). A key whose issuing event is known is never judged by
//         its session name or user agent, because anybody who assumes the role can choose these.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/event/event.h"
#include "core/identity/principal.h"

namespace straykey {

enum class Proof : std::uint8_t {
  in_scope_of,
  issuing_event,
  oidc_provider,
  ec2_delivery,
  session_name,
  lambda_user_agent,
  descended,  // issued by a call of AssumeRole that a proven token made
  session,    // another call of the same session, or of its caller's, was proven on the same day or the day before
};
[[nodiscard]] std::string_view name_of(Proof proof) noexcept;  // the snake_case name

// What is known of the event that issued a key: what that event says itself, or what is known of the key that called
// AssumeRole for it (a descended key).
struct IssuedToken {
  // The service; empty: the key was issued to somebody who is no workload, so it can never prove anything
  std::string service;
  std::string workload;  // "namespace/service-account" where the event tells
  Day issued_day = 0;
  // The caller was a role session, and it is not known yet whose: the key waits for what is known of the caller's.
  bool waits = false;
  bool weak = false;  // descended from a token that is only weakly proven
  // Of a descended key, as in ServiceToken.
  std::string parent_role = {}, chain = {};
  // Known of a session and not of a key: its role, account/role. Of a descended key: its own role, if its caller is
  // known by a session only. Anybody who assumes a role can name his session as the workload's. Empty: known of a key
  std::string session_role = {};

  // Whether the key is a service token's.
  [[nodiscard]] bool proves() const noexcept;
  // A later proof takes the place of one of less weight: a key that waits has none, what a session says has less than
  // what a key says, a weak proof less than the knowledge that somebody who is no workload was given the key, and a
  // strong proof most. A session that somebody who is no workload shares with a workload proves nothing.
  [[nodiscard]] int weight() const noexcept;
  // Whether more may become known that says something else.
  [[nodiscard]] bool is_provisional() const noexcept { return waits || weak || !session_role.empty(); }
  // Whether calls of the key are still kept until more is known. A key is used for 36 hours at most.
  [[nodiscard]] bool may_be_proven_on(Day day) const noexcept {
    return weak || (is_provisional() && day <= issued_day + 2);
  }

  bool operator==(const IssuedToken&) const = default;
};
[[nodiscard]] std::string encode(const IssuedToken& token);
[[nodiscard]] std::optional<IssuedToken> decode_issued_token(std::string_view bytes);

// What the event says by itself of the key that it issued. REQUIRES: event.assumes_role().
[[nodiscard]] IssuedToken issued_token(const Event& event);
// account/role of the role whose key the event issued; empty if the event does not name it. REQUIRES:
// event.assumes_role().
[[nodiscard]] std::string issued_role(const Event& event);

// What the keys of rows of waiting keys begin with. They lie apart from those of calls, so that neither can use up the
// room of the other.
inline constexpr std::string_view kIssuedKeys = "issued ";

// A key that AssumeRole issued to a role (account/role), called with another key.
struct HandedKey {
  Hash128 key;  // of its id
  std::string role;
  Day day = 0;
  bool teaches = true;  // false: the call's time is not known
  // The call may be forged: that its caller is somebody who is no workload says nothing of this key
  bool proves_only = false;

  bool operator==(const HandedKey&) const = default;
};
// The same, while it is not known whose the caller's key is.
struct WaitingKey {
  std::string parent_role;  // of the caller's session
  HandedKey issued;
};
[[nodiscard]] std::string encode(const WaitingKey& waiting);
[[nodiscard]] std::optional<WaitingKey> decode_waiting_key(std::string_view bytes);

struct ServiceToken {
  Family family = Family::other;
  Proof proof = Proof::in_scope_of;
  std::string service;        // Service::name, or the lower-case issuer of one that is not in the table
  std::string account;        // the credential's
  std::string identity;       // what has a baseline
  std::string role_identity;  // account/role: what counts across identities
  std::string workload;       // shown, never compared
  bool serverless = false;
  // For weak proofs only: the service that must have been seen to assume the role. The judge checks that. Empty:
  // proven.
  std::string must_have_assumed;
  // Of a descended key: the role that assumed this one, account/role, and all roles from the first workload's to this
  // one, parted by " > " (shown). Where the chain began with a weak proof, the service must have been seen to assume
  // its first role, and not this one: assumed_role names it. Of a session of a cluster that is not EKS's, it names the
  // provider, as assuming_principal() does. Empty: role_identity.
  std::string parent_role = {}, chain = {}, assumed_role = {};
};

// Whether the event was made by a role session that could be a workload's: not a forward access session, a
// service-linked role, an SSO role or a console session. Only these are worth remembering until a proof comes.
[[nodiscard]] bool may_be_service_token(const Event& event) noexcept;

// Whose identity providers prove a pod's session by themselves. An EKS cluster's is known by its host. Another
// cluster's looks like any provider's, so it proves weakly: an exchange with it by a service account must have been
// seen.
enum class Clusters : std::uint8_t { eks, all };

// The service token behind an event, by the first proof that holds. `issued`: what the event that issued its access key
// to this very role says, or null. Covers the AssumeRoleWithWebIdentity exchange of a pod, which has no key yet.
[[nodiscard]] std::optional<ServiceToken> prove_service_token(const Event& event, const IssuedToken* issued,
                                                              Clusters clusters = Clusters::eks);

// The second weak proof of an event whose first is the shape of its session name: a Lambda user agent. It counts where
// the service of the shape was not seen to assume the role, which only the judge can tell.
[[nodiscard]] std::optional<ServiceToken> second_weak_proof(const Event& event, const ServiceToken& first);
// The service whose tokens carry session names of this shape, or empty.
[[nodiscard]] std::string_view service_of_session_name(std::string_view session) noexcept;

// Whether the event is of a console session, or opened one and names no key, or was made by an MCP server in its
// caller's name: what is known of its session decides.
[[nodiscard]] bool is_known_by_session(const Event& event) noexcept;
// Whether the event issued a key, and does not name the key that called: what is known of the caller's session decides.
[[nodiscard]] bool is_called_by_session(const Event& event) noexcept;
// Whether the event exchanged a token that the STS of another partition gave a role session there.
[[nodiscard]] bool is_across_partitions(const Event& event) noexcept;
// What names the session that decides of such an event: its principalId. Across partitions only the caller's ARN is
// known, so there it is account/role:session, or account/role: where it is the role's.
[[nodiscard]] std::string deciding_session(const Event& event);
// The same names of a session that asks for such a token, `principal_id` being its own: as a session, and as its role.
[[nodiscard]] std::array<std::string, 2> names_across_partitions(std::string_view role_identity,
                                                                 std::string_view principal_id);

// What a call with the token says of its session.
[[nodiscard]] IssuedToken known_of_session(const ServiceToken& token, Day day);
// What a call of somebody who is no workload says of his session of the role (account/role).
[[nodiscard]] IssuedToken known_of_stranger(std::string_view role, Day day);

// Whether a role session called AssumeRole with a key that may be a workload's. EKS Pod Identity calls it in the name
// of the pod; no other service's call counts as the caller's own.
[[nodiscard]] bool assumes_by_session(const Event& event) noexcept;
// The service token of the caller. `issued`: as of prove_service_token(). REQUIRES: assumes_by_session(event).
[[nodiscard]] std::optional<ServiceToken> prove_caller(const Event& event, const IssuedToken* issued,
                                                       Clusters clusters = Clusters::eks);
// What a call of AssumeRole that was made with the token of `parent` says of the key that it issued to `role`
// (account/role).
[[nodiscard]] IssuedToken descended_from(const ServiceToken& parent, std::string_view role, Day day);

// The token of a role session whose key's issuing event, or descent, proves it. REQUIRES: issued.proves();
// role_identity is account/role.
[[nodiscard]] ServiceToken service_token_from_issue(const IssuedToken& issued, std::string_view role_identity,
                                                    std::string_view session);

// account/role for every role session (proven or not), the ARN or principal for everybody else; empty if the caller has
// no name.
[[nodiscard]] std::string caller_identity(const Event& event);
// The same of a role session, or of a session of an account's root ("account/root"); empty of everybody else.
[[nodiscard]] std::string session_role(const Event& event);

// Who assumed a role, as `event` tells: a principal of another account after that account ("444455556666:AIDA..."), an
// outside identity provider as "federation <provider>", a pod of a cluster that is not EKS's as
// "kubernetes <provider>", a service by its name, everybody else as caller_identity().
// REQUIRES: event.assumes_role().
[[nodiscard]] std::string assuming_principal(const Event& event);
inline constexpr std::string_view kFederationPrincipal = "federation ", kKubernetesPrincipal = "kubernetes ";

// Whether the call says that its place is one of ours (B2): it succeeded, and the caller is no session of an outside
// identity provider, which anybody in the world may open, no holder of a presigned link, and no product of another
// company that acts for us.
[[nodiscard]] bool teaches_networks(const Event& event);

// The caller was authenticated by AWS and belongs to one of our accounts: the credential's account is the recipient or
// in `declared`.
template <class Accounts>
[[nodiscard]] bool is_own_authenticated(const Event& event, const Accounts& declared) {
  switch (event.type) {
    case IdentityType::root:
    case IdentityType::iam_user:
    case IdentityType::assumed_role:
    case IdentityType::role:
    case IdentityType::federated_user:
    case IdentityType::directory:
    case IdentityType::identity_center:
    case IdentityType::web_identity:
    case IdentityType::saml_user:
      break;
    default:
      return false;
  }
  if (event.sign_in_failed || event.principal_id == "ANONYMOUS_PRINCIPAL" || event.account == "ANONYMOUS_PRINCIPAL")
    return false;
  for (const std::string_view code :
       {"InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException",
        "InvalidIdentityToken", "InvalidIdentityTokenException", "UnrecognizedClientException", "IncompleteSignature",
        "MissingAuthenticationToken", "AuthFailure"})
    if (event.error_code == code) return false;
  const std::string_view account = event.account.empty() ? event.recipient_account : event.account;
  if (!is_account_id(account)) return false;
  return account == event.recipient_account || declared.contains(std::string(account));
}

}  // namespace straykey
