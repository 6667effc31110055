// Classified once, the same ever after, and with views of each text of its own.
#include "core/event/agent_cache.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

TEST_CASE("a cached answer is the classifier's, and points into the text that was asked for") {
  AgentCache cache;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 700; ++i) {
      const std::string text = "aws-cli/2.15." + std::to_string(i) + " os/linux exec-env/CloudShell md/command#s3.cp";
      const UserAgent cached = cache.classify(text), fresh = classify_user_agent(text);
      CHECK(cached.tool == fresh.tool);
      CHECK(cached.kind == fresh.kind);
      CHECK(cached.platform == fresh.platform);
      CHECK(cached.command == "s3.cp");
      CHECK(cached.command.data() == fresh.command.data());
      CHECK(cached.exec_env.data() == fresh.exec_env.data());
    }
}

TEST_CASE("short and long texts are classified each time") {
  AgentCache cache;
  CHECK(cache.classify("").tool == "unknown");
  CHECK(cache.classify("Boto3").tool == classify_user_agent("Boto3").tool);
  const std::string text = "aws-cli/2.15.0 " + std::string(600, 'x') + " md/command#s3.ls";
  CHECK(cache.classify(text).command == "s3.ls");
}

}  // namespace
}  // namespace straykey
