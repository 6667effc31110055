#include "core/detect/serverless_cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/invariant.h"

namespace straykey {
namespace {

struct PlatformRule {
  std::string_view service;
  bool macos, windows;  // whether the service offers them
};
// Fargate has Windows tasks; CodeBuild has Windows and macOS fleets; the others run Linux only.
constexpr std::array<PlatformRule, 6> kPlatformRules{{{"lambda", false, false},
                                                      {"glue", false, false},
                                                      {"apprunner", false, false},
                                                      {"emr-serverless", false, false},
                                                      {"bedrock-agentcore", false, false},
                                                      {"ecs", false, true}}};

}  // namespace

std::string_view impossible_platform(std::string_view service, Platform platform, std::string_view exec_env) noexcept {
  if (platform == Platform::wsl) return "the Windows Subsystem for Linux";
  if (platform == Platform::kali) return "Kali Linux";
  if (exec_env == "CloudShell") return "AWS CloudShell";
  const auto rule = std::find_if(kPlatformRules.begin(), kPlatformRules.end(),
                                 [&](const PlatformRule& r) { return r.service == service; });
  if (rule != kPlatformRules.end()) {
    if (platform == Platform::macos && !rule->macos) return "macOS";
    if (platform == Platform::windows && !rule->windows) return "Windows";
  }
  // CodeBuild runs on ECS instances or on Lambda. Fargate runs several of the services. Lambda runs only itself.
  if (exec_env.starts_with("AWS_Lambda_") && service != "lambda" && service != "codebuild") return "AWS Lambda";
  if (exec_env.starts_with("AWS_ECS_") && service == "lambda") return "Amazon ECS";
  return {};
}

std::optional<Verdict> judge_serverless_cli(const Candidate& candidate, const ServerlessEvidence& evidence) {
  INVARIANT(candidate.token.serverless && candidate.is_cli());
  if (evidence.runs_on_own_instances) return std::nullopt;
  Verdict verdict{};
  const std::string_view impossible =
      impossible_platform(candidate.token.service, candidate.platform, candidate.exec_env);
  if (impossible.empty() && evidence.tool_learned) return std::nullopt;

  verdict.why.push_back(
      fmt::format("{} made the call, a command line tool, with the token of a serverless workload ({}).",
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
