#pragma once
// Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`.
//
// Thread: any (values).
// Bounds: a secret is 24 to 64 bytes.
// Errors: a malformed secret is an Error whose sentence never contains the secret.
// Source: Standard Webhooks 1.0.0, "Signature scheme" (symmetric, v1).
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

// The key in `whsec_<base64>`. Its bytes are wiped when it is destroyed.
class WebhookSecret {
 public:
  [[nodiscard]] static Result<WebhookSecret> parse(std::string_view text);
  WebhookSecret(const WebhookSecret&) = default;
  WebhookSecret& operator=(const WebhookSecret&) = default;
  ~WebhookSecret();

 private:
  friend std::string webhook_signature(const std::vector<WebhookSecret>&, std::string_view, Seconds, std::string_view);
  explicit WebhookSecret(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

// The value of `webhook-signature`: `v1,<base64>` for each secret, separated by a space; several while a secret
// rotates.
[[nodiscard]] std::string webhook_signature(const std::vector<WebhookSecret>& secrets, std::string_view id,
                                            Seconds timestamp, std::string_view body);

}  // namespace straykey
