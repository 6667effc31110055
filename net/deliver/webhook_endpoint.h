#pragma once
// A configured webhook endpoint, checked and parsed.
//
// Thread: start-up.
// Errors: one sentence for each mistake, beginning with the endpoint's name; never a URL or a secret.
#include <memory>
#include <string>
#include <vector>

#include "net/client/outgoing_request.h"
#include "net/deliver/webhook_post.h"
#include "net/deliver/webhook_sender.h"

namespace straykey {

struct CheckedEndpoint {
  std::string name;
  std::shared_ptr<OutgoingTarget> target;
  PostKeys keys;
  double rate_per_s = 10;
};

// Appends to `errors`; the result can be used if it appended nothing.
[[nodiscard]] CheckedEndpoint check_endpoint(const WebhookEndpoint& endpoint, std::vector<std::string>& errors);

// Checks all of them, and that no name comes twice.
[[nodiscard]] std::vector<CheckedEndpoint> check_endpoints(const std::vector<WebhookEndpoint>& endpoints,
                                                           std::vector<std::string>& errors);

}  // namespace straykey
