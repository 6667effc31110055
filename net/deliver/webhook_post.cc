#include "net/deliver/webhook_post.h"

#include <utility>

namespace straykey {

OutgoingMessage message_of(WebhookPost post) {
  OutgoingMessage message{.method = OutgoingMessage::Method::post,
                          .headers = {{"Content-Type", "application/json"},
                                      {"webhook-id", std::move(post.id)},
                                      {"webhook-timestamp", std::move(post.timestamp)}},
                          .body = std::move(post.body)};
  if (!post.signature.empty()) message.headers.emplace_back("webhook-signature", std::move(post.signature));
  return message;
}

}  // namespace straykey
