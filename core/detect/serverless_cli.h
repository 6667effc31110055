#pragma once
// The second analytic: a command line tool with the token of a serverless workload, inside or outside AWS.
//
// Shape:  the verdict is a function of the evidence, as in remote_service_token.h.
// Source: the decision table of CATALOGUE.md, "CLI command executed from a serverless compute service".
#include <optional>
#include <string_view>

#include "core/detect/candidate.h"
#include "core/detect/verdict.h"

namespace straykey {

struct ServerlessEvidence {
  int window_days = 30;
  bool runs_on_own_instances = false;  // ECS that runs on instances of one's own: not serverless
  std::string_view impossible;         // what runtime of the user agent the service does not offer; empty if it does
  bool tool_learned = false;           // B4, not in quarantine (or acknowledged)
  int tool_days = 0;
  bool tool_quarantined = false;
  int serverless_users = 0;  // B5: serverless identities that used this tool in the window; counted up to a bound
  int codebuild_users = 0;   // of these, other CodeBuild identities
};

// REQUIRES: candidate.token.serverless && candidate.is_cli().
[[nodiscard]] std::optional<Verdict> judge_serverless_cli(const Candidate& candidate,
                                                          const ServerlessEvidence& evidence);

// What a user agent says of its runtime that cannot be true inside a service.
struct ImpossibleRuntime {
  std::string_view shown;  // "macOS"
  std::string_view value;  // the platform's name or the exec-env: what an identity may have learned all the same
};
[[nodiscard]] std::optional<ImpossibleRuntime> impossible_runtime(std::string_view service, Platform platform,
                                                                  std::string_view exec_env) noexcept;

}  // namespace straykey
