#pragma once
// Tokens: the temporary credentials of workloads and people, and the records that say who was given them.
//
// Shape:  a token is a function of its workload, instance and issue time, so that the legitimate user and the thief
//         of one hour hold the same key without any memory.
// Thread: any (functions of their arguments).
// Source: CloudTrail userIdentity of AssumedRole, WebIdentityUser, AWSService, AWSAccount; session tags of EKS Pod
//         Identity.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "tools/simulate/organisation.h"
#include "tools/simulate/record_writer.h"

namespace straykey {

struct Token {
  Seconds issued = 0;  // 0: none yet
  std::string key = {};
  std::string session = {};
  std::string user_identity = {};  // JSON, of the calls made with it
  std::string source_ip = {};      // where its rightful owner calls from
  std::string vpc_endpoint = {};   // empty: none
  bool announced = false;          // its issuing event is in the trail, or there is none for this workload
};

// The token that `instance` of the workload holds at `time`.
[[nodiscard]] Token token_at(const Workload& workload, std::uint32_t instance, Seconds time);
// The same key's calls as AWS makes them on the workload's behalf (a forward access session).
[[nodiscard]] std::string forwarded_identity(const Token& token, std::string_view service);

// A role session that is not a workload's: a person's, a vendor's, a node's.
struct SessionGrant {
  std::string_view account = {}, role_path = {}, role = {}, role_id = {}, session = {}, key = {};
  Seconds issued = 0;
};
[[nodiscard]] std::string role_session_identity(const SessionGrant& session);
[[nodiscard]] std::string iam_user_identity(std::string_view account, std::string_view user, std::string_view key);

// The texts of an issuing event; `record` points into them.
struct IssuingEvent {
  std::string user_identity = {}, request = {}, response = {}, source_ip = {};
  std::string_view name = {}, user_agent = {};
};
[[nodiscard]] IssuingEvent issuing_event(const Workload& workload, const Token& token);
// AssumeRole by an AWS service for a role that is no workload's.
[[nodiscard]] IssuingEvent issuing_event_by_service(std::string_view service, const SessionGrant& session);

// The function's, task's or instance's own AWS principal: "lambda.amazonaws.com"; empty for IRSA.
[[nodiscard]] std::string_view issuing_service(WorkloadKind kind);

}  // namespace straykey
