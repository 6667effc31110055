#include "core/detect/serverless_cli.h"

#include <doctest/doctest.h>

#include <optional>
#include <string_view>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

Candidate call(std::string_view tool = "aws-cli", std::string_view service = "lambda",
               Platform platform = Platform::linux_os) {
  Candidate c;
  c.token.service = service;
  c.token.serverless = true;
  c.tool = tool;
  c.tool_kind = ToolKind::cli;
  c.platform = platform;
  return c;
}

TEST_CASE("serverless CLI: the decision table, line by line") {
  struct Row {
    const char* line;
    std::string_view tool;
    Platform platform;
    bool learned;
    int users;
    bool own_instances;
    std::optional<Variation> variation;
  };
  constexpr auto kLinux = Platform::linux_os;
  const Row rows[] = {
      {"impossible platform, learned", "aws-cli", Platform::macos, true, 5, false, Variation::cli_unusual},
      {"impossible platform, new", "s5cmd", Platform::windows, false, 5, false, Variation::cli_unusual},
      {"new, nobody uses the tool", "aws-cli", kLinux, false, 0, false, Variation::cli_unusual},
      {"new aws-cli that others use", "aws-cli", kLinux, false, 1, false, Variation::cli_aws_cli},
      {"new other CLI that others use", "s5cmd", kLinux, false, 1, false, Variation::cli_base},
      {"learned", "aws-cli", kLinux, true, 5, false, std::nullopt},
      {"learned, nobody else counted", "aws-cli", kLinux, true, 0, false, std::nullopt},
      {"ECS on own instances", "aws-cli", Platform::macos, false, 0, true, std::nullopt},
      {"unknown platform", "aws-cli", Platform::unknown, true, 1, false, std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    ServerlessEvidence evidence;
    evidence.tool_learned = row.learned;
    evidence.serverless_users = row.users;
    evidence.runs_on_own_instances = row.own_instances;
    const auto verdict = judge_serverless_cli(call(row.tool, "lambda", row.platform), evidence);
    CHECK_EQ(verdict.has_value(), row.variation.has_value());
    if (verdict && row.variation) CHECK_EQ(verdict->variation, *row.variation);
  }
}

TEST_CASE("serverless CLI: where each service cannot run") {
  struct Row {
    std::string_view service;
    bool macos, windows;  // impossible?
  };
  for (const Row& row : {Row{"lambda", true, true}, Row{"glue", true, true}, Row{"apprunner", true, true},
                         Row{"emr-serverless", true, true}, Row{"bedrock-agentcore", true, true},
                         Row{"ecs", true, false}, Row{"codebuild", false, false}}) {
    CAPTURE(row.service);
    CHECK_EQ(!impossible_platform(row.service, Platform::macos, "").empty(), row.macos);
    CHECK_EQ(!impossible_platform(row.service, Platform::windows, "").empty(), row.windows);
    CHECK(impossible_platform(row.service, Platform::linux_os, "").empty());
    CHECK(impossible_platform(row.service, Platform::unknown, "").empty());
    CHECK_FALSE(impossible_platform(row.service, Platform::wsl, "").empty());
    CHECK_FALSE(impossible_platform(row.service, Platform::kali, "").empty());
    CHECK_FALSE(impossible_platform(row.service, Platform::linux_os, "CloudShell").empty());
  }
}

TEST_CASE("serverless CLI: another service's exec-env is impossible, the service's own is not") {
  CHECK(impossible_platform("lambda", Platform::linux_os, "AWS_Lambda_python3.12").empty());
  CHECK(impossible_platform("codebuild", Platform::linux_os, "AWS_Lambda_python3.12").empty());
  CHECK(impossible_platform("codebuild", Platform::linux_os, "AWS_ECS_EC2").empty());
  CHECK(impossible_platform("ecs", Platform::linux_os, "AWS_ECS_FARGATE").empty());
  CHECK_EQ(impossible_platform("ecs", Platform::linux_os, "AWS_Lambda_python3.12"), "AWS Lambda");
  CHECK_EQ(impossible_platform("glue", Platform::linux_os, "AWS_Lambda_python3.12"), "AWS Lambda");
  CHECK_EQ(impossible_platform("lambda", Platform::linux_os, "AWS_ECS_FARGATE"), "Amazon ECS");
}

TEST_CASE("serverless CLI: the reasons name the tool and the impossible platform") {
  const auto verdict = judge_serverless_cli(call("aws-cli", "lambda", Platform::kali), ServerlessEvidence{});
  REQUIRE(verdict);
  CHECK_NE(verdict->why[0].find("aws-cli"), std::string::npos);
  CHECK_NE(verdict->why[1].find("Kali Linux"), std::string::npos);
  CHECK_EQ(verdict->entry().tier, Tier::strong);
}

TEST_CASE("serverless CLI: asking about what is neither serverless nor a CLI is our own mistake") {
  Candidate not_serverless = call();
  not_serverless.token.serverless = false;
  CHECK(aborts([&] { (void)judge_serverless_cli(not_serverless, {}); }));
  Candidate sdk = call("boto3");
  sdk.tool_kind = ToolKind::sdk;
  CHECK(aborts([&] { (void)judge_serverless_cli(sdk, {}); }));
}

}  // namespace
}  // namespace straykey
