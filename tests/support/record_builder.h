#pragma once
// CloudTrail records for tests: the fields that decide as values, written as AWS writes them.
//
// Shape:  an empty text leaves its field out, as AWS does.
// Thread: any (values, and functions of their arguments).
// Source: CloudTrail record contents and userIdentity element; user agents as the tools send them.
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace straykey {

struct TrailRecord {
  Seconds time = 0;
  std::string event_id, shared_event_id, event_name, event_source, region = "eu-central-1";
  std::string source_ip, user_agent, error_code, recipient_account;
  std::string vpc_endpoint, vpc_endpoint_account;
  std::string event_type = "AwsApiCall";
  std::string delegate;  // invokedByDelegate: an account
  bool console_session = false;
  bool sign_in_failed = false;
  bool presigned = false;  // the signature is in the query string, as S3 records it

  // userIdentity
  std::string type, arn, account, access_key, principal_id, user_name, invoked_by, identity_provider;
  std::string session_issuer_arn, federated_provider, ec2_role_delivery;
  std::string in_scope_issuer_type, in_scope_issued_to;

  // AssumeRole and its siblings
  std::string assumed_role_arn, role_session_name, issued_key;
  std::string kubernetes_namespace, kubernetes_service_account;
  std::string source_principal;  // of an exchange: who was given the token by the STS of another partition

  // `service:Name` -> event_source and event_name.
  void set_api(std::string_view service_and_name);
  [[nodiscard]] std::string json() const;
};

// A workload that AWS gives tokens to.
struct Workload {
  std::string service;  // as service_by_name knows it: "lambda", "ecs", "eks", "ec2", "codebuild" ...
  std::string account;
  std::string role;
  std::string name;  // function, task, namespace/service-account, project ...
};

[[nodiscard]] std::string role_arn(std::string_view account, std::string_view role_with_path);

// The session name that the service gives, made from `salt` where it changes with every task, pod or instance.
[[nodiscard]] std::string session_name_of(const Workload& workload, std::string_view salt);

// A role session's record without a proof of origin: time, API, source and user agent are for the caller to fill in.
[[nodiscard]] TrailRecord session_record(const Workload& workload, std::string_view session,
                                         std::string_view access_key);
// inScopeOf: what AWS itself says about the origin.
void add_in_scope_of(TrailRecord& record, const Workload& workload);
// The IRSA pod's federation data.
void add_oidc_provider(TrailRecord& record);

// The event in which the service assumed the role and was given `issued_key`.
[[nodiscard]] TrailRecord issuing_record(const Workload& workload, std::string_view session,
                                         std::string_view issued_key);
// A pod exchanges its projected token for a key. The call comes from where the pod runs. An empty key: it was refused.
[[nodiscard]] TrailRecord exchange_record(const Workload& workload, std::string_view session,
                                          std::string_view issued_key);

// `digits` lower-case hex digits that depend on nothing but `text`. REQUIRES: digits <= 32.
[[nodiscard]] std::string made_up_hex(std::string_view text, std::size_t digits);
// An access key id of 20 characters that begins with `prefix` ("ASIA", "AKIA").
[[nodiscard]] std::string made_up_key(std::string_view prefix, std::string_view text);

// What a tool says of itself; `tool` is a name of the table in the .cc; `/macos`, `/windows`, `/wsl`, `/kali` or
// `/cloudshell` may follow. Empty if there is no such tool.
[[nodiscard]] std::string user_agent_of(std::string_view tool, std::string_view exec_env);

}  // namespace straykey
