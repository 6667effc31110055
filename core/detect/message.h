#pragma once
// Message: what is told to people and programs: an alert, an account's activation report, the summary of a day, that an
// alert was contradicted, that an endpoint was not told of all, or that an operator tries it.
//
// Shape:  the facts, stored as a row of Table::alerts when the message is raised; they never change, but a digest grows
//         until it is told. Documents are made of them when they are shown, and bodies when their outbox rows are put
//         (formats/body_format.h). A store of format 1 holds bodies instead of facts: these are OldBody, and are shown
//         as they were sent.
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

// An alert rested on a weaker proof, and an event came late which says that all keys of its hits were somebody else's.
// Told once for each alert.
struct Contradiction {
  Hash128 alert;
  Variation variation = Variation::remote_base;
  Severity severity = Severity::informational;  // the alert's
  std::string account, identity;                // the alert's
  // What the last of these events says: the key, the role that it was issued to (account/role), the service whose
  // workload was given it (empty: nobody's workload; or kUnknownCaller), and who assumed the role.
  std::string access_key, role, service, assumed_by;
  Seconds at = 0;               // of that event; where only its day is known, of the call that it is about
  std::string network, region;  // the alert's, by which Alertmanager knows it; empty in rows of older builds

  bool operator==(const Contradiction&) const = default;
  [[nodiscard]] Hash128 id() const { return contradiction_id(alert); }
  [[nodiscard]] static Hash128 contradiction_id(Hash128 alert);
};

// An operator wants to see whether an endpoint gets what is sent. It is told once, and never stored.
struct EndpointTest {
  Hash128 id;
  std::string endpoint;
  Seconds at = 0;

  bool operator==(const EndpointTest&) const = default;
};

// More waited for an endpoint than may wait (core/engine/outbox.h). What came beyond was stored, and not put into its
// queue. One stands for all of it until the endpoint is well enough to be told.
struct DeliveryDigest {
  Hash128 id;
  std::string endpoint;
  std::uint64_t count = 0;                      // messages
  Severity severity = Severity::informational;  // the highest of them
  Seconds first = 0, last = 0;                  // their times

  bool operator==(const DeliveryDigest&) const = default;
};

struct Message
    : std::variant<Alert, ActivationReport, AlertSummary, Contradiction, EndpointTest, DeliveryDigest, OldBody> {
  using variant::variant;
};

// REQUIRES: it is neither an OldBody nor an EndpointTest.
[[nodiscard]] std::string encode_message(const Message& message);
[[nodiscard]] std::optional<Message> decode_message(std::string_view bytes);

// "alert.created", "account.activated", "alerts.summary", "alert.contradicted", "deliveries.digest" or
// "endpoint.test".
// REQUIRES: it is no OldBody.
[[nodiscard]] std::string_view message_type(const Message& message);
// When what it tells of happened. REQUIRES: it is no OldBody.
[[nodiscard]] Seconds message_time(const Message& message);
// The JSON document, without state. `data_dir`: as response_to() takes it.
[[nodiscard]] std::string message_document(const Message& message, std::string_view data_dir = {});

}  // namespace straykey
