#pragma once
// Outbox: which alerts still have to reach which webhook, on disk beside the alerts.
//
// Shape:  there is a row for each (endpoint, alert) with the attempts so far, when the next is due, and whether it is
//         dead. The body is stored with the alert.
// Order:  a row is put in the transaction that stores the alert and erased after the receiver's 2xx. So a crash may
//         repeat an attempt, and never loses a delivery.
// Thread: the merger's.
// Bounds: kDeliveriesInHandMax rows an endpoint are with the sender; the others wait on disk.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/catalogue.h"
#include "core/engine/delivery.h"
#include "core/engine/store.h"

namespace straykey {

// What an endpoint wants to hear.
struct WebhookRoute {
  std::string name;
  Severity severity_min = Severity::informational;
  std::set<std::string, std::less<>> analytics;  // empty: all
  std::set<std::string, std::less<>> accounts;   // empty: all

  [[nodiscard]] bool wants(Severity severity, std::string_view analytic, std::string_view account) const;
};

struct OutboxRow {
  std::string endpoint;
  std::uint32_t attempts = 0;
  Seconds next_attempt = 0;
  bool dead = false;
  std::string last_error;
};
[[nodiscard]] std::string encode_outbox_row(const OutboxRow& row);
[[nodiscard]] std::optional<OutboxRow> decode_outbox_row(std::string_view bytes);

// An alert as stored: the webhook body, built once, and where the document lies in it.
[[nodiscard]] std::string encode_stored_alert(std::string_view body, std::string_view document);
struct StoredAlert {
  std::string_view body, document;
};
[[nodiscard]] std::optional<StoredAlert> decode_stored_alert(std::string_view bytes);

class Outbox {
 public:
  Outbox(std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver);

  // Puts rows for the endpoints that want the alert. committed() hands them to the sender.
  void add(StoreWriter& writer, Hash128 alert_id, std::string_view body, Severity severity, std::string_view analytic,
           std::string_view account);
  void apply(StoreWriter& writer, const DeliveryOutcome& outcome);

  // After a commit, hands over what was added. After a failed commit, forgets it.
  void committed();
  void failed();
  // Call it when an operator may have changed rows. The next refill() then looks at every endpoint.
  void look_again() noexcept;
  // Hands over waiting rows of endpoints that have room. Call at start, and now and then.
  void refill(StoreReader& reader);
  [[nodiscard]] bool wants_refill() const noexcept { return wants_refill_; }

 private:
  struct Endpoint {
    WebhookRoute route;
    std::set<Hash128> in_hand;
    bool more_on_disk = true;
  };
  Endpoint* endpoint(std::string_view name);

  std::vector<Endpoint> endpoints_;
  std::function<void(Delivery)> deliver_;
  std::vector<Delivery> added_;
  std::vector<std::pair<std::string, Hash128>> done_;
  bool wants_refill_ = true;
};

}  // namespace straykey
