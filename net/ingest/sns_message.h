#pragma once
// What Amazon SNS posts, and whether SNS signed it.
//
// Thread: any (functions of their arguments).
// Errors: nullopt, or false, for whatever is not as SNS writes it.
// Source: "Verifying the signatures of Amazon SNS messages" and "HTTP/HTTPS notification JSON format" of the SNS
//         developer guide.
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace straykey {

struct SnsMessage {
  std::string type;  // Notification, SubscriptionConfirmation, UnsubscribeConfirmation
  std::string topic, message, message_id, timestamp;
  std::optional<std::string> subject;        // of a notification
  std::string subscribe_url, token;          // of the others
  std::string signature_version, signature;  // "1": SHA-1, "2": SHA-256; base64
  std::string certificate_url;

  [[nodiscard]] bool is_notification() const noexcept { return type == "Notification"; }
};

[[nodiscard]] std::optional<SnsMessage> read_sns_message(std::string_view body);

// https://sns.<region>.amazonaws.com/... or .amazonaws.com.cn, without a port, a user or blanks. A region has the form
// of eu-central-1 or us-gov-west-1: other hosts of that domain, such as sns.s3.amazonaws.com, are anybody's.
[[nodiscard]] bool is_sns_url(std::string_view url) noexcept;
// Such a URL whose path is /SimpleNotificationService-....pem, without a query.
[[nodiscard]] bool is_sns_certificate_url(std::string_view url) noexcept;

// Whether the key of this certificate (PEM), valid at `now`, signed the message.
[[nodiscard]] bool sns_signed(const SnsMessage& message, const std::string& certificate_pem, Seconds now);
// What is signed of a message.
[[nodiscard]] std::string sns_signed_text(const SnsMessage& message);

}  // namespace straykey
