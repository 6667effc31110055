#include "core/detect/alert_secrets.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::string shown(std::string_view record) {
  boost::json::value parsed = boost::json::parse(record);
  take_out_secrets(parsed);
  return boost::json::serialize(parsed);
}

TEST_CASE("secrets: credentials are taken out however deep they lie and however they are written") {
  const std::string out =
      shown(R"({"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"one",)"
            R"("secretAccessKey":"two"},"list":[{"SessionToken":"three"},[{"session_token":["four"]}]]},)"
            R"("requestParameters":{"X-Amz-Security-Token":"five"}})");
  for (const char* secret : {"one", "two", "three", "four", "five"})
    CHECK_EQ(out.find('"' + std::string(secret) + '"'), std::string::npos);
  CHECK_NE(out.find(R"("accessKeyId":"ASIAEXAMPLE")"), std::string::npos);
  CHECK_NE(out.find(R"("sessionToken":")" + std::string(kSecretTakenOut) + '"'), std::string::npos);
}

TEST_CASE("secrets: what only looks like one stays, and nothing is made of nothing") {
  const std::string record = R"({"sessionTokens":"a","sessionContext":{"sessionToken":null},)"
                             R"("tokenTypes":["sessionToken"],"password_policy":"b"})";
  CHECK_EQ(shown(record), record);
}

}  // namespace
}  // namespace straykey
