#include "core/detect/serverless_cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/invariant.h"

namespace straykey {
namespace {

// What a service may run on. Services that the table does not name are not judged by macOS and Windows.
struct RuntimeRule {
  std::string_view service;
  bool macos, windows;
  bool any_linux;    // WSL and Kali: what runs on the instance is its owner's choice
  bool lambda, ecs;  // whether exec-env may be AWS_Lambda_*, AWS_ECS_*
};
// Fargate has Windows tasks; CodeBuild has Windows and macOS fleets, and runs on ECS instances or on Lambda. Lambda's
// base images are used in containers everywhere, and containers on an instance may use the instance's token.
constexpr std::array<RuntimeRule, 13> kRuntimeRules{{{"lambda", false, false, false, true, false},
                                                     {"glue", false, false, false, false, false},
                                                     {"apprunner", false, false, false, false, true},
                                                     {"emr-serverless", false, false, false, false, false},
                                                     {"bedrock-agentcore", false, false, false, false, false},
                                                     {"sagemaker", false, false, false, false, false},
                                                     {"airflow", false, false, false, false, false},
                                                     {"kinesisanalytics", false, false, false, false, false},
                                                     {"ecs", false, true, false, true, true},
                                                     {"eks", false, true, false, true, false},
                                                     {"kubernetes", true, true, false, true, false},
                                                     {"ec2", true, true, true, true, true},
                                                     {"codebuild", true, true, true, true, true}}};
constexpr RuntimeRule kOtherService{"", true, true, false, false, false};

}  // namespace

std::optional<ImpossibleRuntime> impossible_runtime(std::string_view service, Platform platform,
                                                    std::string_view exec_env) noexcept {
  const auto found = std::find_if(kRuntimeRules.begin(), kRuntimeRules.end(),
                                  [&](const RuntimeRule& r) { return r.service == service; });
  const RuntimeRule& rule = found == kRuntimeRules.end() ? kOtherService : *found;
  const auto on = [&](std::string_view shown) { return ImpossibleRuntime{shown, name_of(platform)}; };
  if (platform == Platform::wsl && !rule.any_linux) return on("the Windows Subsystem for Linux");
  if (platform == Platform::kali && !rule.any_linux) return on("Kali Linux");
  if (exec_env == "CloudShell") return ImpossibleRuntime{"AWS CloudShell", exec_env};
  if (exec_env.starts_with("AmazonQ-For-CLI")) return ImpossibleRuntime{"Amazon Q for the command line", exec_env};
  if (platform == Platform::macos && !rule.macos) return on("macOS");
  if (platform == Platform::windows && !rule.windows) return on("Windows");
  if (exec_env.starts_with("AWS_Lambda_") && !rule.lambda) return ImpossibleRuntime{"AWS Lambda", exec_env};
  if (exec_env.starts_with("AWS_ECS_") && !rule.ecs) return ImpossibleRuntime{"Amazon ECS", exec_env};
  return std::nullopt;
}

std::optional<Verdict> judge_serverless_cli(const Candidate& candidate, const ServerlessEvidence& evidence) {
  INVARIANT(candidate.token.serverless && candidate.is_cli());
  if (evidence.runs_on_own_instances) return std::nullopt;
  Verdict verdict{};
  const std::string_view impossible = evidence.impossible;
  constexpr int kCodeBuildUsers = 3;  // a tool that so many builds use is what builds do here
  if (impossible.empty() && (evidence.tool_learned || evidence.codebuild_users >= kCodeBuildUsers)) return std::nullopt;

  verdict.why.push_back(
      candidate.tool_kind == ToolKind::mcp
          ? fmt::format("The call went through AWS's MCP server, with the token of a serverless workload ({}): an "
                        "agent, or whoever steers it, calls AWS so.",
                        candidate.token.service)
          : fmt::format("{} made the call, a command line tool, with the token of a serverless workload ({}).",
                        candidate.tool, candidate.token.service));
  if (!impossible.empty())
    verdict.why.push_back(
        fmt::format("Its user agent says {}, where {} cannot run.", impossible, candidate.token.service));
  verdict.why.push_back(
      evidence.tool_quarantined
          ? fmt::format("{} raised an alert for this identity in the last {} days and nobody acknowledged it.",
                        candidate.tool, evidence.window_days)
          : fmt::format("This identity used {} on {} of the last {} days.", candidate.tool, evidence.tool_days,
                        evidence.window_days));
  verdict.why.push_back(fmt::format("{} was used by {}{} serverless identit{} in the last {} days.", candidate.tool,
                                    evidence.serverless_users, evidence.serverless_users >= 100 ? " or more" : "",
                                    evidence.serverless_users == 1 ? "y" : "ies", evidence.window_days));
  if (!impossible.empty() || evidence.serverless_users == 0) {
    verdict.variation = Variation::cli_unusual;
  } else {
    verdict.variation = candidate.tool == "aws-cli" ? Variation::cli_aws_cli : Variation::cli_base;
  }
  return verdict;
}

}  // namespace straykey
