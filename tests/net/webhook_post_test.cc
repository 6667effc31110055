#include "net/deliver/webhook_post.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace straykey;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const BodyFormat& format_named(std::string_view name) {
  const auto all = body_formats();
  return *std::find_if(all.begin(), all.end(), [&](const BodyFormat& format) { return format.name == name; });
}

Delivery delivery(const std::string& body) {
  return {.endpoint = "soc", .alert_id = {1, 2}, .body = body};
}

PostKeys keys_of(std::string_view format) {
  return {.format = &format_named(format), .signing = {}, .key = "the-key", .authorization = {}};
}

}  // namespace

TEST_CASE("a post carries the headers of Standard Webhooks and the body as it is stored") {
  PostKeys keys;
  keys.signing.push_back(WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value());
  const OutgoingMessage message = post_of(keys, delivery("{}"), 17);
  const std::string id = "msg_" + Hash128{1, 2}.hex();
  CHECK(message.method == OutgoingMessage::Method::post);
  CHECK_EQ(message.body, "{}");
  const Headers expected{{"Content-Type", "application/json"},
                         {"webhook-id", id},
                         {"webhook-timestamp", "17"},
                         {"webhook-signature", webhook_signature(keys.signing, id, 17, "{}")}};
  CHECK(message.headers == expected);
}

TEST_CASE("a post that is not signed has no signature header") {
  CHECK_EQ(post_of({}, delivery("{}"), 17).headers.size(), 3);
}

TEST_CASE("a routing key is laid into the body, and a token into a header, and neither anywhere else") {
  const OutgoingMessage paged = post_of(keys_of("pagerduty"), delivery(R"({"event_action":"trigger"})"), 17);
  CHECK_EQ(paged.body, R"({"routing_key":"the-key","event_action":"trigger"})");
  CHECK_EQ(paged.headers.size(), 3);
  const OutgoingMessage splunk = post_of(keys_of("splunk_hec"), delivery("{}"), 17);
  CHECK_EQ(splunk.body, "{}");
  REQUIRE_EQ(splunk.headers.size(), 4);
  CHECK(splunk.headers[3] == std::pair<std::string, std::string>{"Authorization", "Splunk the-key"});
  for (const char* const other : {"slack", "teams", "alertmanager_api", "ocsf"}) {
    const OutgoingMessage message = post_of(keys_of(other), delivery(R"({"a":1})"), 17);
    CHECK_EQ(message.body, R"({"a":1})");
    CHECK_EQ(message.headers.size(), 3);
  }
}

TEST_CASE("what still waits in another format goes out as it is") {
  CHECK_EQ(post_of(keys_of("pagerduty"), delivery("<161>1 ..."), 17).body, "<161>1 ...");
}

TEST_CASE("an authorization that is configured is a header") {
  PostKeys keys = keys_of("ecs");
  keys.authorization = "ApiKey abc=";
  const Headers headers = post_of(keys, delivery("{}"), 17).headers;
  CHECK(headers.back() == std::pair<std::string, std::string>{"Authorization", "ApiKey abc="});
}

TEST_CASE("a syslog message is the body and nothing else") {
  const OutgoingMessage message = post_of(keys_of("syslog"), delivery("<161>1 - - - - - - x"), 17);
  CHECK(message.headers.empty());
  CHECK_EQ(message.body, "<161>1 - - - - - - x");
}
