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
    if (const auto found = impossible_runtime("lambda", row.platform, "")) evidence.impossible = found->shown;
    const auto verdict = judge_serverless_cli(call(row.tool, "lambda", row.platform), evidence);
    CHECK_EQ(verdict.has_value(), row.variation.has_value());
    if (verdict && row.variation) CHECK_EQ(verdict->variation, *row.variation);
  }
}

TEST_CASE("serverless CLI: a tool that three other builds use is silent for the next") {
  ServerlessEvidence evidence;
  evidence.serverless_users = 3;
  evidence.codebuild_users = 2;
  CHECK(judge_serverless_cli(call("aws-cli", "codebuild"), evidence).has_value());
  evidence.codebuild_users = 3;
  CHECK_FALSE(judge_serverless_cli(call("aws-cli", "codebuild"), evidence).has_value());
  evidence.impossible = "AWS CloudShell";
  CHECK(judge_serverless_cli(call("aws-cli", "codebuild"), evidence).has_value());
}

TEST_CASE("serverless CLI: where each service cannot run") {
  struct Row {
    std::string_view service;
    bool macos, windows, wsl_and_kali;  // impossible?
  };
  for (const Row& row :
       {Row{"lambda", true, true, true}, Row{"glue", true, true, true}, Row{"apprunner", true, true, true},
        Row{"emr-serverless", true, true, true}, Row{"bedrock-agentcore", true, true, true},
        Row{"sagemaker", true, true, true}, Row{"airflow", true, true, true}, Row{"kinesisanalytics", true, true, true},
        Row{"ecs", true, false, true}, Row{"eks", true, false, true}, Row{"gamelift", false, false, true},
        Row{"kubernetes", false, false, true}, Row{"ec2", false, false, false},
        Row{"codebuild", false, false, false}}) {
    CAPTURE(row.service);
    const auto impossible = [&](Platform platform, std::string_view exec_env) {
      return impossible_runtime(row.service, platform, exec_env).has_value();
    };
    CHECK_EQ(impossible(Platform::macos, ""), row.macos);
    CHECK_EQ(impossible(Platform::windows, ""), row.windows);
    CHECK_FALSE(impossible(Platform::linux_os, ""));
    CHECK_FALSE(impossible(Platform::unknown, ""));
    CHECK_EQ(impossible(Platform::wsl, ""), row.wsl_and_kali);
    CHECK_EQ(impossible(Platform::kali, ""), row.wsl_and_kali);
    CHECK(impossible(Platform::linux_os, "CloudShell"));
    CHECK(impossible(Platform::linux_os, "AmazonQ-For-CLI"));
  }
}

TEST_CASE("serverless CLI: another service's exec-env is impossible, the service's own is not") {
  const auto shown = [](std::string_view service, std::string_view exec_env) {
    const auto found = impossible_runtime(service, Platform::linux_os, exec_env);
    if (found) CHECK_EQ(found->value, exec_env);
    return found ? found->shown : std::string_view{};
  };
  for (const std::string_view service : {"lambda", "codebuild", "ecs", "eks", "kubernetes", "ec2"})
    CHECK(shown(service, "AWS_Lambda_python3.12").empty());
  for (const std::string_view service : {"glue", "apprunner", "sagemaker", "bedrock-agentcore", "newthing"})
    CHECK_EQ(shown(service, "AWS_Lambda_python3.12"), "AWS Lambda");
  for (const std::string_view service : {"ecs", "codebuild", "apprunner", "ec2"})
    CHECK(shown(service, "AWS_ECS_FARGATE").empty());
  for (const std::string_view service : {"lambda", "eks", "kubernetes", "glue"})
    CHECK_EQ(shown(service, "AWS_ECS_FARGATE"), "Amazon ECS");
  CHECK(shown("lambda", "Something").empty());
}

TEST_CASE("serverless CLI: the reasons name the tool and the impossible platform") {
  const auto verdict = judge_serverless_cli(call(), {.impossible = "Kali Linux"});
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
