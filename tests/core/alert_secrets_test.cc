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

TEST_CASE("secrets: a name that ends like that of a secret is one, however it is written") {
  for (const char* name : {"webIdentityToken",
                           "clientSecret",
                           "secretString",
                           "masterUserPassword",
                           "privateKey",
                           "authToken",
                           "authorizationToken",
                           "secretKey",
                           "apiKey",
                           "token",
                           "X-Amz-Signature",
                           "SecretAccessKey ",
                           "aws_secret_access_key",
                           "AWSSessionToken",
                           "tokenCode",
                           "connectionString",
                           "AWS_SESSION_TOKEN",
                           "session.token",
                           "x-amz-security-token-",
                           "saml_assertion__",
                           "SessionToken\\u0000"}) {
    CAPTURE(name);
    const std::string out = shown("{\"deep\":[{\"" + std::string(name) + "\":\"one\",\"other\":\"two\"}]}");
    CHECK_EQ(out.find("one"), std::string::npos);
    CHECK_NE(out.find("two"), std::string::npos);
  }
  const std::string harmless =
      R"({"accessKeyId":"a","nextToken":"b","clientToken":"c","clientRequestToken":"d","tokenIssueTime":"e",)"
      R"("manageMasterUserPassword":true,"httpTokens":"required","SignatureVersion":"SigV4"})";
  CHECK_EQ(shown(harmless), harmless);
}

TEST_CASE("secrets: those in JSON inside a string, in the query of a URL and in pairs of name and value are found") {
  CHECK_EQ(shown(R"j({"body":"{\"a\":{\"sessionToken\":\"one\"},\"b\":2}","c":"{\"d\":1.0}"})j"),
           R"j({"body":"{\"a\":{\"sessionToken\":\"(taken out by straykey)\"},\"b\":2}","c":"{\"d\":1.0}"})j");
  CHECK_EQ(shown(R"j({"url":"https://a.example/k?x=1&X-Amz-Security-Token=one%3D&X-Amz-Credential=two)j"
                 R"j(&X-Amz-Signature=3"})j"),
           R"j({"url":"https://a.example/k?x=1&X-Amz-Security-Token=(taken out by straykey)&X-Amz-Credential=two)j"
           R"j(&X-Amz-Signature=(taken out by straykey)"})j");
  CHECK_EQ(shown(R"j({"url":"https://a.example/?NextToken=one&b=token"})j"),
           R"j({"url":"https://a.example/?NextToken=one&b=token"})j");
  CHECK_EQ(shown(R"j([{"name":"X-Amz-Security-Token","value":"one"},{"name":"Accept","value":"two"},)j"
                 R"j({"parameterKey":"DbPassword","parameterValue":"three"}])j"),
           R"j([{"name":"X-Amz-Security-Token","value":"(taken out by straykey)"},{"name":"Accept","value":"two"},)j"
           R"j({"parameterKey":"DbPassword","parameterValue":"(taken out by straykey)"}])j");
}

TEST_CASE("secrets: JSON that lies in too many strings is taken out whole") {
  std::string text = R"({"deep":"one"})";
  for (int i = 0; i < 5; ++i) text = R"({"in":)" + boost::json::serialize(boost::json::value(text)) + "}";
  const std::string out = shown(text);
  CHECK_EQ(out.find("one"), std::string::npos);
  CHECK_NE(out.find(kSecretTakenOut), std::string::npos);
}

}  // namespace
}  // namespace straykey
