#include "net/deliver/webhook_post.h"

#include <doctest/doctest.h>

using namespace straykey;

TEST_CASE("a post carries the headers of Standard Webhooks") {
  const OutgoingMessage message = message_of({.id = "msg_1", .timestamp = "17", .signature = "v1,c2ln", .body = "{}"});
  CHECK(message.method == OutgoingMessage::Method::post);
  CHECK_EQ(message.body, "{}");
  const std::vector<std::pair<std::string, std::string>> expected{{"Content-Type", "application/json"},
                                                                  {"webhook-id", "msg_1"},
                                                                  {"webhook-timestamp", "17"},
                                                                  {"webhook-signature", "v1,c2ln"}};
  CHECK(message.headers == expected);
}

TEST_CASE("a post that is not signed has no signature header") {
  CHECK_EQ(message_of({.id = "msg_1", .timestamp = "17", .signature = {}, .body = "{}"}).headers.size(), 3);
}
