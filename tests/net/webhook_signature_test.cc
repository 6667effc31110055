#include "net/deliver/webhook_signature.h"

#include <doctest/doctest.h>

#include <string>

using namespace straykey;

namespace {

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kSignature = "v1,hVsFLpmw4Ib/Xm0eZLt3KqYBZdt0U8gdGeuz0EsGv78=";

WebhookSecret secret(const std::string& text) {
  auto parsed = WebhookSecret::parse(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

}  // namespace

TEST_CASE("the check vector of Standard Webhooks comes out") {
  CHECK_EQ(webhook_signature({secret(kSecret)}, "msg_1", 1'700'000'000, R"({"a":1})"), kSignature);
}

TEST_CASE("a change in id, time or body changes the signature") {
  const std::vector<WebhookSecret> secrets{secret(kSecret)};
  CHECK(webhook_signature(secrets, "msg_2", 1'700'000'000, R"({"a":1})") != kSignature);
  CHECK(webhook_signature(secrets, "msg_1", 1'700'000'001, R"({"a":1})") != kSignature);
  CHECK(webhook_signature(secrets, "msg_1", 1'700'000'000, R"({"a":2})") != kSignature);
}

TEST_CASE("while a secret rotates both sign, in the order given") {
  const std::string other = "whsec_" + std::string(32, 'A');
  const std::string alone = webhook_signature({secret(other)}, "msg_1", 1'700'000'000, R"({"a":1})");
  const std::string both = webhook_signature({secret(kSecret), secret(other)}, "msg_1", 1'700'000'000, R"({"a":1})");
  CHECK_EQ(both, std::string(kSignature) + " " + alone);
}

TEST_CASE("without a secret nothing is signed") {
  CHECK(webhook_signature({}, "msg_1", 1, "{}").empty());
}

TEST_CASE("secrets of 24 to 64 bytes are taken") {
  CHECK(WebhookSecret::parse("whsec_" + std::string(32, 'A')).ok());              // 24
  CHECK(WebhookSecret::parse("whsec_" + std::string(86, 'A') + "==").ok());       // 64
  CHECK_FALSE(WebhookSecret::parse("whsec_" + std::string(31, 'A') + "=").ok());  // 23
  CHECK_FALSE(WebhookSecret::parse("whsec_" + std::string(87, 'A') + "=").ok());  // 65
}

TEST_CASE("a malformed secret is refused, and the sentence does not repeat it") {
  const std::string good(32, 'Q');
  for (const std::string& text :
       {std::string(), std::string("whsec_"), good, "WHSEC_" + good, "whsec_" + good + "Q", "whsec_ " + good,
        "whsec_" + good + "\n", "whsec_" + good + "QQ=Q", "whsec_" + good + "Q===", "whsec_" + good.substr(1) + "-",
        "whsec_" + good.substr(1) + "_", "whsec_====" + good, "whsec_" + std::string("\0", 1) + good.substr(1)}) {
    const auto parsed = WebhookSecret::parse(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().message.find("QQQQ") == std::string::npos);
    CHECK(parsed.error().message.find("openssl rand -base64 32") != std::string::npos);
  }
}
