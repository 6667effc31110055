#include "net/aws/signature_v4.h"

#include <doctest/doctest.h>

#include <string>

using namespace straykey;

namespace {

// The keys of AWS's own examples; they open nothing.
const AwsCredentials kSuiteKey{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", 0};
const AwsCredentials kS3Key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", 0};

// 30 August 2015, 12:36:00 UTC: when the requests of AWS's test suite were made.
constexpr Seconds kSuiteTime = 1'440'938'160;
// 24 May 2013, 00:00:00 UTC: those of the S3 API reference.
constexpr Seconds kS3Time = 1'369'353'600;

std::string signature_of(const SignedRequest& signed_request) {
  const std::string& header = signed_request.headers.back().second;
  return header.substr(header.rfind('=') + 1);
}

std::string suite_signature(AwsRequest request) {
  request.host = "example.amazonaws.com";
  return signature_of(sign_v4(request, kSuiteKey, {.region = "us-east-1", .service = "service", .now = kSuiteTime}));
}

std::string s3_signature(AwsRequest request) {
  request.host = "examplebucket.s3.amazonaws.com";
  return signature_of(sign_v4(
      request, kS3Key, {.region = "us-east-1", .service = "s3", .now = kS3Time, .rules = SigningScope::Rules::s3}));
}

std::string canonical_path(const std::string& path, SigningScope::Rules rules) {
  const auto result =
      sign_v4({.host = "h", .path = path}, kSuiteKey, {.region = "r", .service = "s", .now = kS3Time, .rules = rules});
  const std::size_t begin = result.canonical_request.find('\n') + 1;
  return result.canonical_request.substr(begin, result.canonical_request.find('\n', begin) - begin);
}

std::string header_of(const SignedRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "absent";
}

}  // namespace

TEST_CASE("the signatures that AWS publishes for its test suite come out") {
  CHECK_EQ(suite_signature({}), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  CHECK_EQ(suite_signature({.method = "POST"}), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  CHECK_EQ(suite_signature({.query = {{"Param2", "value2"}, {"Param1", "value1"}}}),
           "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  CHECK_EQ(suite_signature({.query = {{"\xe1\x88\xb4", "bar"}}}),
           "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
  CHECK_EQ(suite_signature({.headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}}),
           "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  CHECK_EQ(suite_signature({.method = "POST",
                            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                            .body = "Param1=value1"}),
           "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST_CASE("the signatures of the S3 API reference come out") {
  CHECK_EQ(s3_signature({.path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
           "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK_EQ(s3_signature({.query = {{"lifecycle", ""}}}),
           "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK_EQ(s3_signature({.query = {{"prefix", "J"}, {"max-keys", "2"}}}),
           "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("S3 takes a path as it is; other services normalise it and encode it twice") {
  using enum SigningScope::Rules;
  CHECK_EQ(canonical_path("/a//b/../c d", s3), "/a//b/../c%20d");
  CHECK_EQ(canonical_path("/a//b/../c d", other_services), "/a/c%2520d");
  CHECK_EQ(canonical_path("/a/./b/", other_services), "/a/b/");
  CHECK_EQ(canonical_path("/..", other_services), "/");
  CHECK_EQ(canonical_path("", s3), "/");
  CHECK_EQ(canonical_path("/\xc3\xa9+=", s3), "/%C3%A9%2B%3D");
}

TEST_CASE("what goes onto the wire is what was signed") {
  const auto result = sign_v4({.host = "h", .path = "/a b", .query = {{"z", "1"}, {"a", "x y"}, {"a", "/"}}}, kS3Key,
                              {.region = "r", .service = "s3", .now = kS3Time, .rules = SigningScope::Rules::s3});
  CHECK_EQ(result.target, "/a%20b?a=%2F&a=x%20y&z=1");
  CHECK(result.canonical_request.find("\na=%2F&a=x%20y&z=1\n") != std::string::npos);
}

TEST_CASE("a session token is signed with the rest, and a body is signed always") {
  AwsCredentials session = kS3Key;
  session.session_token = "token";
  const AwsRequest request{.method = "POST", .host = "h", .body = "{}"};
  const auto plain = sign_v4(request, session, {.region = "r", .service = "sqs", .now = kS3Time});
  CHECK_EQ(header_of(plain, "X-Amz-Security-Token"), "token");
  CHECK_EQ(header_of(plain, "X-Amz-Content-Sha256"), "absent");
  CHECK(header_of(plain, "Authorization").find("SignedHeaders=host;x-amz-date;x-amz-security-token,") !=
        std::string::npos);
  CHECK(plain.canonical_request.ends_with("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"));
  const auto s3 =
      sign_v4(request, session, {.region = "r", .service = "s3", .now = kS3Time, .rules = SigningScope::Rules::s3});
  CHECK_EQ(header_of(s3, "X-Amz-Content-Sha256"), sha256_hex("{}"));
}

TEST_CASE("values of one header are joined, and blanks in them are one") {
  const auto result =
      sign_v4({.host = "h", .headers = {{"My-Header", "  a   b "}, {"my-header", "c"}, {"Another", ""}}}, kS3Key,
              {.region = "r", .service = "s", .now = kS3Time});
  CHECK(result.canonical_request.find("\nanother:\nhost:h\nmy-header:a b,c\nx-amz-date:") != std::string::npos);
}

TEST_CASE("times are written as AWS reads them") {
  CHECK_EQ(aws_time(kSuiteTime), "20150830T123600Z");
}
