#include "tools/config/known_platforms.h"

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
  for (const std::string_view word : platform_words()) CHECK(platform_in_store(word).has_value());
}

TEST_CASE("known platforms: what no alert is of is none") {
  for (const char* word : {"", "amiga", "darwin", "linux", "aws_lambda_", "macos "})
    CHECK_FALSE(platform_in_store(word).has_value());
}

}  // namespace
}  // namespace straykey
