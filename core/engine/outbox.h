#pragma once
// Outbox: which messages still have to reach which webhook, on disk beside the alerts.
//
// Shape:  there is a row for each (endpoint, message) with the body, the attempts so far, when the next is due, and
//         whether it is dead. Rows that a store of format 1 brought have no body; theirs lies in Table::alerts.
// Order:  a row is put in the transaction that stores the message and erased after the receiver's 2xx. So a crash may
//         repeat an attempt, and never loses a delivery. The body is made with the row, in the endpoint's format: every
//         attempt sends the same bytes, whatever program makes it. It is made anew only if the endpoint's format was
//         changed while it waited: the receiver is another one, which could not read it.
// Thread: the merger's.
// Bounds: kDeliveriesInHandMax rows an endpoint are with the sender; the others wait on disk, up to kOutboxWaitingMax,
//         dead ones not counted. What comes beyond is folded into one digest (DeliveryDigest) with its number, which is
//         told once the endpoint has got some of what waits. It has a row without a body from its beginning, so that a
//         crash does not lose it; after one a second digest begins.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/catalogue.h"
#include "core/engine/delivery.h"
#include "core/engine/store.h"

namespace straykey {

struct BodyContext;
struct BodyFormat;

inline constexpr std::size_t kOutboxWaitingMax = 10'000;                      // 100 MB of bodies of 10 KB
inline constexpr std::size_t kOutboxWaitingLow = kOutboxWaitingMax * 9 / 10;  // with fewer, a digest is told

// A message that was stored just now: what decides who hears of it, and how its body is made.
struct Announcement {
  Hash128 id;
  Severity severity = Severity::informational;
  std::string_view analytic, account;
  std::function<std::string(const BodyFormat&, const BodyContext&)> body;
  bool notable = true;  // false: an alert whose campaign says that people need not hear of it
  Seconds at = 0;       // message_time()
};

// Of a campaign's alerts: all, or those that people should hear of.
enum class CampaignAlerts : std::uint8_t {
  by_format,  // those of note for formats that people read, all for others
  all,
  notable,
};

// What an endpoint wants to hear.
struct WebhookRoute {
  std::string name;
  Severity severity_min = Severity::informational;
  std::set<std::string, std::less<>> analytics;  // empty: all
  std::set<std::string, std::less<>> accounts;   // empty: all
  const BodyFormat* format = nullptr;            // how its bodies are written; null: the first of body_formats()
  CampaignAlerts campaign_alerts = CampaignAlerts::by_format;
  std::string page_url = {}, data_dir = {};  // of BodyContext

  [[nodiscard]] BodyContext context() const noexcept;
  [[nodiscard]] bool wants(const Announcement& message) const;
};

struct OutboxRow {
  std::string endpoint;
  std::uint32_t attempts = 0;
  Seconds next_attempt = 0;
  bool dead = false;
  std::string last_error;
  std::string body = {};    // empty in rows of a store of format 1
  std::string format = {};  // the name of the body's; empty in rows of older builds
};
// The row of a message that is stored already, for one endpoint, as it was when the message was new. nullopt: no such
// message can be read.
[[nodiscard]] std::optional<OutboxRow> new_outbox_row(StoreWriter& writer, const WebhookRoute& route, Hash128 id);
[[nodiscard]] std::string outbox_row_key(std::string_view endpoint, Hash128 alert_id);
// What the keys of an endpoint's rows begin with; and of all endpoints that have rows, in the order of the table.
[[nodiscard]] std::string outbox_prefix(std::string_view endpoint);
[[nodiscard]] std::vector<std::string> outbox_prefixes(StoreReader& reader);
[[nodiscard]] std::string encode_outbox_row(const OutboxRow& row);
[[nodiscard]] std::optional<OutboxRow> decode_outbox_row(std::string_view bytes);

class Outbox {
 public:
  Outbox(std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver);

  // From now on these endpoints hear of what they want. What waits for one that is not among them stays on disk, and is
  // handed over when an endpoint of its name is there again. Not while a transaction is open.
  void use_routes(std::vector<WebhookRoute> routes);
  // Puts rows for the endpoints that want the message. committed() hands them to the sender.
  void add(StoreWriter& writer, const Announcement& message);
  void apply(StoreWriter& writer, const DeliveryOutcome& outcome);

  // After a commit, hands over what was added. After a failed commit, forgets it.
  void committed();
  void failed();
  // Call it when an operator may have changed rows. The next refill() then looks at every endpoint.
  void look_again() noexcept;
  // Nothing is with the sender any more, and the next refill() hands over what it finds. Not while a transaction is
  // open.
  void begin_anew() noexcept;
  // Hands over waiting rows of endpoints that have room. Call at start, and now and then.
  void refill(StoreReader& reader);
  [[nodiscard]] bool wants_refill() const noexcept { return wants_refill_; }

 private:
  // A digest that has not been handed over yet.
  struct HeldBack {
    Hash128 id;
    std::uint64_t count = 0;
    Severity severity = Severity::informational;
    Seconds first = 0, last = 0;
  };
  struct Endpoint {
    WebhookRoute route;
    std::set<Hash128> in_hand;
    bool more_on_disk = true;
    bool counted = false;     // whether `waiting` is known; what an operator changes may make it unknown
    std::size_t waiting = 0;  // rows that are not dead, as of the last commit
    std::size_t put = 0;      // of the transaction that is open
    std::optional<HeldBack> held_back;
  };
  Endpoint* endpoint(std::string_view name);
  static void hold_back(StoreWriter& writer, Endpoint& endpoint, const Announcement& message);
  static void count(Endpoint& endpoint, StoreReader& reader);
  void reformat(StoreWriter& writer, const DeliveryOutcome& outcome, OutboxRow row);
  void hand_over(Endpoint& endpoint, std::vector<Delivery> found, StoreReader& reader);

  std::vector<Endpoint> endpoints_;
  std::function<void(Delivery)> deliver_;
  std::vector<Delivery> added_;
  std::vector<std::pair<std::string, Hash128>> done_, reformatted_;
  bool wants_refill_ = true;
};

}  // namespace straykey
