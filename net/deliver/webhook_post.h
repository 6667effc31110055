#pragma once
// WebhookPost: one alert as it goes to one endpoint.
//
// Thread: any (values).
// Source: Standard Webhooks 1.0.0, "Webhook headers".
#include <string>

#include "net/client/outgoing_request.h"

namespace straykey {

struct WebhookPost {
  std::string id;
  std::string timestamp;
  std::string signature;  // empty: not signed
  std::string body;       // JSON
};

[[nodiscard]] OutgoingMessage message_of(WebhookPost post);

}  // namespace straykey
