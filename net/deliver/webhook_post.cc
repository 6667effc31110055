#include "net/deliver/webhook_post.h"

#include <fmt/format.h>

#include <utility>

namespace straykey {
namespace {

const BodyFormat& format_of(const PostKeys& keys) {
  return keys.format == nullptr ? body_formats().front() : *keys.format;
}

}  // namespace

bool fits(const PostKeys& keys, const Delivery& delivery) {
  return delivery.format.empty() || delivery.format == format_of(keys).name;
}

OutgoingMessage post_of(const PostKeys& keys, const Delivery& delivery, Seconds timestamp) {
  const BodyFormat& format = format_of(keys);
  OutgoingMessage message{.method = OutgoingMessage::Method::post, .headers = {}, .body = delivery.body};
  if (format.is_syslog) return message;
  std::string id = "msg_" + delivery.alert_id.hex();
  std::string signature = webhook_signature(keys.signing, id, timestamp, message.body);
  message.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", std::move(id)},
                     {"webhook-timestamp", std::to_string(timestamp)}};
  if (!signature.empty()) message.headers.emplace_back("webhook-signature", std::move(signature));
  if (format.secret == FormatSecret::splunk_token)
    message.headers.emplace_back("Authorization", "Splunk " + keys.key);
  else if (!keys.authorization.empty())
    message.headers.emplace_back("Authorization", keys.authorization);
  // A body that an older build made may be of another format: its receiver refuses it.
  if (format.secret == FormatSecret::routing_key && message.body.starts_with("{\""))
    message.body.insert(1, fmt::format(R"("routing_key":"{}",)", keys.key));
  return message;
}

}  // namespace straykey
