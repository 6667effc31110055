// Credentials, and the places where they may be.
#include "net/aws/credentials.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "tests/support/fake_aws.h"
#include "tests/support/temporary_directory.h"

using namespace straykey;

namespace {

constexpr Seconds kNow = 1'796'000'000;  // 30 November 2026
const std::string kLater = format_time(kNow + 3'600);

struct Surroundings {
  std::map<std::string, std::string> environment{{"AWS_EC2_METADATA_DISABLED", "true"}};
  std::string endpoint;

  CredentialSurroundings get() {
    return {[this](const char* name) {
              const auto found = environment.find(name);
              return found == environment.end() ? nullptr : found->second.c_str();
            },
            [] { return kNow; }, nullptr};
  }
  [[nodiscard]] Result<FoundCredentials> find(CredentialSettings settings = {}) {
    if (settings.place.region.empty()) settings.place.region = "eu-central-1";
    return find_credentials(settings, get());
  }
};

std::string json_credentials(const std::string& key) {
  return R"({"AccessKeyId":")" + key + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + kLater + R"("})";
}

std::string sts_reply(const std::string& action, const std::string& key) {
  return "<" + action + "Response><" + action + "Result><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>" + kLater +
         "</Expiration></Credentials></" + action + "Result></" + action + "Response>";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("the file of the settings comes before the environment, and the profile is what was asked for") {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/credentials";
  write(file,
        "# comment\n[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key=one\n"
        "[profile other]\n aws_ignored = 1\naws_access_key_id= AKIDOTHER # the other\r\naws_secret_access_key=t=wo\n"
        "aws_session_token = tok\n[half]\naws_access_key_id = AKIDHALF\n");
  Surroundings here;
  here.environment["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  here.environment["AWS_SECRET_ACCESS_KEY"] = "env";
  auto found = here.find({.file = file});
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials, AwsCredentials{"AKIDDEFAULT", "one", "", 0});
  found = here.find({.file = file, .profile = "other"});
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials, AwsCredentials{"AKIDOTHER", "t=wo", "tok", 0});
  CHECK_EQ(here.find({.file = file, .profile = "half"}).error().message,
           "credentials file: the credentials file " + file +
               ": profile [half] lacks aws_access_key_id or aws_secret_access_key");
  CHECK(!here.find({.file = file, .profile = "none"}).ok());
  CHECK(!here.find({.file = directory.path() + "/absent"}).ok());
  found = here.find();
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials.access_key_id, "AKIDENV");
  CHECK_EQ(found->place, "environment");
}

TEST_CASE("half an environment is an error, and nothing at all is told with the places that were asked") {
  Surroundings here;
  CHECK(here.find().error().message.starts_with("no credentials: none in credentials_file"));
  here.environment["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  CHECK(here.find().error().message.starts_with("environment: the environment has only one of"));
}

TEST_CASE("a web identity token is exchanged at STS, unsigned") {
  const TemporaryDirectory directory;
  write(directory.path() + "/token", "eyJ.token\n");
  FakeAws sts(
      [](const FakeAws::Request&) { return FakeAws::reply(200, sts_reply("AssumeRoleWithWebIdentity", "ASIAWEB")); });
  Surroundings here;
  here.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = directory.path() + "/token";
  here.environment["AWS_ROLE_ARN"] = "arn:aws:iam::111122223333:role/reader";
  here.environment["AWS_ENDPOINT_URL_STS"] = sts.origin() + "/";
  auto found = here.find();
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials, AwsCredentials{"ASIAWEB", "s", "t", kNow + 3'600});
  CHECK_EQ(found->place, "web identity");
  const auto request = sts.requests().at(0);
  CHECK_EQ(
      request.body,
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Freader"
      "&RoleSessionName=straykey&WebIdentityToken=eyJ.token");
  CHECK(!request.headers.contains("authorization"));
}

TEST_CASE("a container's endpoint is asked with the token of its file, over HTTP only where AWS has it") {
  const TemporaryDirectory directory;
  write(directory.path() + "/token", "Bearer one\n");
  FakeAws endpoint([](const FakeAws::Request&) { return FakeAws::reply(200, json_credentials("ASIAPOD")); });
  Surroundings here;
  here.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = endpoint.origin() + "/v1/credentials";
  here.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = directory.path() + "/token";
  auto found = here.find();
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials.access_key_id, "ASIAPOD");
  CHECK_EQ(found->place, "container endpoint");
  CHECK_EQ(endpoint.requests().at(0).headers.at("authorization"), "Bearer one");
  write(directory.path() + "/token", "one\r\nX-Header: two");
  CHECK(here.find().error().message.find("holds a line end") != std::string::npos);
  here.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://192.0.2.1/credentials";
  here.environment.erase("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  CHECK(here.find().error().message.find("leads to an address that is not allowed") != std::string::npos);
}

TEST_CASE("an instance is asked with a session token (IMDSv2) for its role's credentials") {
  FakeAws metadata([](const FakeAws::Request& request) {
    if (request.method == "PUT") return FakeAws::reply(200, "session");
    if (request.headers.at("x-aws-ec2-metadata-token") != "session") return FakeAws::reply(401, "");
    if (request.target.ends_with("/security-credentials/")) return FakeAws::reply(200, "reader\n");
    return FakeAws::reply(200, json_credentials("ASIAEC2"));
  });
  Surroundings here;
  here.environment["AWS_EC2_METADATA_DISABLED"] = "false";
  here.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.origin();
  auto found = here.find();
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials.access_key_id, "ASIAEC2");
  CHECK_EQ(found->place, "instance");
  const auto requests = metadata.requests();
  REQUIRE_EQ(requests.size(), 3);
  CHECK_EQ(requests[0].target, "/latest/api/token");
  CHECK_EQ(requests[2].target, "/latest/meta-data/iam/security-credentials/reader");
}

TEST_CASE("a role is assumed with the external id, by what was found") {
  FakeAws sts([](const FakeAws::Request& request) {
    if (request.body.find("ExternalId=right") == std::string::npos)
      return FakeAws::reply(
          403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>");
    return FakeAws::reply(200, sts_reply("AssumeRole", "ASIAROLE"));
  });
  Surroundings here;
  here.environment["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  here.environment["AWS_SECRET_ACCESS_KEY"] = "hidden";
  here.environment["AWS_ENDPOINT_URL_STS"] = sts.origin();
  CredentialSettings settings{.role = "arn:aws:iam::444455556666:role/reader", .external_id = "right"};
  auto found = here.find(settings);
  REQUIRE(found.ok());
  CHECK_EQ(found->credentials.access_key_id, "ASIAROLE");
  CHECK_EQ(found->place, "environment, with a role");
  CHECK(sts.requests().at(0).headers.at("authorization").find("Credential=AKIDENV/20261130/eu-central-1/sts/") !=
        std::string::npos);
  settings.external_id = "wrong";
  const std::string error = here.find(settings).error().message;
  CHECK(error.find("403 AccessDenied") != std::string::npos);
  CHECK(error.find("sts:AssumeRole") != std::string::npos);
  CHECK(error.find("hidden") == std::string::npos);
}

TEST_CASE("credentials are renewed before they end, and a failed renewal leaves the old ones until they do") {
  Seconds now = kNow;
  int fetches = 0;
  bool fails = false;
  AwsCredentialKeeper keeper(
      [&]() -> Result<FoundCredentials> {
        ++fetches;
        if (fails) return Error{"no answer"};
        return FoundCredentials{{"ASIA" + std::to_string(fetches), "s", "t", now + 3'600}, "instance"};
      },
      [&] { return now; });
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA1");
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA1");
  CHECK_EQ(fetches, 1);
  now = kNow + 3'600 - AwsCredentialKeeper::kRenewBefore;
  fails = true;
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA1");
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA1");
  CHECK_EQ(fetches, 2);  // the next try comes later
  now += AwsCredentialKeeper::kRetryAfter;
  fails = false;
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA3");
  now += 4'000;
  fails = true;
  CHECK_EQ(keeper.get().error().message, "no answer");
  now += AwsCredentialKeeper::kRetryAfter;
  fails = false;
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA5");
}

TEST_CASE("credentials that AWS refused are fetched anew, once for all who used them") {
  int fetches = 0;
  AwsCredentialKeeper keeper(
      [&]() -> Result<FoundCredentials> {
        return FoundCredentials{{"ASIA" + std::to_string(++fetches), "s", "t", kNow + 3'600}, "instance"};
      },
      [] { return kNow; });
  const AwsCredentials first = keeper.get().value();
  keeper.reject(first);
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA2");
  keeper.reject(first);
  CHECK_EQ(keeper.get().value().access_key_id, "ASIA2");
  CHECK_EQ(keeper.place(), "instance");
  CHECK_EQ(keeper.expires_at(), kNow + 3'600);
}
