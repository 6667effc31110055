#pragma once
// PostKeys and post_of: a delivery as it goes to one endpoint, with what its format keeps out of bodies.
//
// Shape:  the body's bytes are the same at every attempt. Only the time and the signature in the headers belong to an
//         attempt, and secrets are laid in here and stored nowhere: a routing key as the first member of the body, a
//         token as a header.
// Thread: any (values).
// Source: Standard Webhooks 1.0.0, "Webhook headers"; PagerDuty Events API v2; Splunk's HTTP Event Collector.
#include <string>
#include <vector>

#include "core/detect/formats/body_format.h"
#include "core/engine/delivery.h"
#include "net/client/outgoing_request.h"
#include "net/deliver/webhook_signature.h"

namespace straykey {

// Constant after start-up. `key` and `authorization` hold nothing that would need an escape in JSON or end a header.
struct PostKeys {
  const BodyFormat* format = nullptr;  // null: the first of body_formats()
  std::vector<WebhookSecret> signing;  // empty: attempts are not signed
  std::string key;                     // routing_key or splunk_token
  std::string authorization;           // the header's value; empty: none
};

// Whether the body is of the endpoint's format, as far as that is known: another one would go out in a wrong envelope.
[[nodiscard]] bool fits(const PostKeys& keys, const Delivery& delivery);

[[nodiscard]] OutgoingMessage post_of(const PostKeys& keys, const Delivery& delivery, Seconds timestamp);

}  // namespace straykey
