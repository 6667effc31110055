#pragma once
// Message: what is told to people and programs: an alert, an account's activation report, or the summary of a day.
//
// Shape:  the facts, stored as a row of Table::alerts when the message is raised; they never change. Documents are made
//         of them when they are shown, and bodies when their outbox rows are put (formats/body_format.h). A store of
//         format 1 holds bodies instead of facts: these are OldBody, and are shown as they were sent.
// Thread: any (a value).
// Errors: bytes that are no message are nothing. Unknown versions, kinds and variations are such bytes.
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/detect/activation.h"
#include "core/detect/alert.h"
#include "core/detect/alert_summary.h"

namespace straykey {

struct OldBody {
  std::string body, document;
};

struct Message : std::variant<Alert, ActivationReport, AlertSummary, OldBody> {
  using variant::variant;
};

// REQUIRES: it is no OldBody.
[[nodiscard]] std::string encode_message(const Message& message);
[[nodiscard]] std::optional<Message> decode_message(std::string_view bytes);

// "alert.created", "account.activated" or "alerts.summary". REQUIRES: it is no OldBody.
[[nodiscard]] std::string_view message_type(const Message& message);
// When what it tells of happened. REQUIRES: it is no OldBody.
[[nodiscard]] Seconds message_time(const Message& message);
// The JSON document, without state.
[[nodiscard]] std::string message_document(const Message& message);

}  // namespace straykey
