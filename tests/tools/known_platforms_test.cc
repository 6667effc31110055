#include "tools/config/known_platforms.h"

#include "core/detect/known_things.h"
#include "core/detect/serverless_cli.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("known platforms: the words of alerts and of the store, in any case, are those of the store") {
  CHECK_EQ(platform_in_store("macOS"), "macos");
  CHECK_EQ(platform_in_store("Windows"), "windows");
  CHECK_EQ(platform_in_store("cloudshell"), "CloudShell");
  CHECK_EQ(platform_in_store("AWS CloudShell"), "CloudShell");
  CHECK_EQ(platform_in_store("Kali Linux"), "kali");
  CHECK_EQ(platform_in_store("AWS_Lambda_python3.12"), "AWS_Lambda_python3.12");
  CHECK_EQ(platform_in_store("AWS_Lambda_*"), "AWS_Lambda_*");
  for (const std::string_view word : platform_words()) CHECK(platform_in_store(word).has_value());
}

TEST_CASE("known platforms: whatever an alert prints can be declared, and covers what it was printed for") {
  struct Case {
    std::string_view service;
    Platform platform;
    std::string_view exec_env;
  };
  for (const Case& one : {Case{"lambda", Platform::macos, ""},
                          {"lambda", Platform::windows, ""},
                          {"lambda", Platform::wsl, ""},
                          {"lambda", Platform::kali, ""},
                          {"lambda", Platform::linux_os, "CloudShell"},
                          {"lambda", Platform::linux_os, "AmazonQ-For-CLI Version/1.2"},
                          {"glue", Platform::linux_os, "AWS_Lambda_python3.12"},
                          {"lambda", Platform::linux_os, "AWS_ECS_FARGATE"}}) {
    const auto impossible = impossible_runtime(one.service, one.platform, one.exec_env);
    REQUIRE(impossible.has_value());
    const auto stored = platform_in_store(impossible->shown);
    REQUIRE_MESSAGE(stored.has_value(), impossible->shown);
    CHECK_MESSAGE(matches_pattern(*stored, impossible->value), impossible->value);
  }
}

TEST_CASE("known platforms: what no alert is of is none") {
  for (const char* word : {"", "amiga", "darwin", "linux", "aws_lambda_", "macos "})
    CHECK_FALSE(platform_in_store(word).has_value());
}

}  // namespace
}  // namespace straykey
