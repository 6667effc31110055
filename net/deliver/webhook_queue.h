#pragma once
// WebhookQueue: what one endpoint still has to be told, and when the next attempt may go out.
//
// Shape:  it holds deliveries in the order of their due times, a rate limit, a circuit breaker and a pause. It uses no
//         socket, clock or random source: the sender passes the moment, the answer and the jitter.
// Units:  steady milliseconds. The wall clock is used only for times in the outbox, so a step of it neither stalls nor
//         floods an endpoint.
// Thread: one (the sender's strand).
// Order:  a delivery is waiting, under way, or gone. finish() gives its outcome, which says whether it is gone.
// Bounds: kDeliveriesHeldMax deliveries (INVARIANT: the merger counts what it hands over); concurrent_max attempts
//         under way.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/engine/delivery.h"
#include "net/deliver/retry_schedule.h"

namespace straykey {

// The merger's share, and as many again redelivered by hand or sent as a test.
inline constexpr std::size_t kDeliveriesHeldMax = 2 * kDeliveriesInHandMax;

struct Moment {
  Seconds wall = 0;
  std::int64_t steady_ms = 0;
};

struct AttemptResult {
  std::uint16_t http_status = 0;  // 0: no answer
  std::optional<Seconds> retry_after_s = std::nullopt;
  std::string error;     // one fixed sentence; empty on success
  bool written = false;  // a syslog message was sent: all the success that syslog knows
};

class WebhookQueue {
 public:
  struct Settings {
    RetryPolicy retry;
    double rate_per_s = 10;  // also the burst, where it is more than one
    std::size_t concurrent_max = 4;
    std::uint32_t failures_to_open = 5;  // in a row
  };
  explicit WebhookQueue(Settings settings);

  // A delivery that is already waiting is replaced (redelivery by hand); one that is under way is left alone.
  void put(Delivery delivery, Moment now);

  // The next delivery to send now, or nullptr. It is under way, and the pointer valid, until finish(). A circuit that
  // is open lets one attempt through at a time, on the schedule; a paused endpoint none. Marked tests pass both.
  [[nodiscard]] const Delivery* start(Moment now);

  // When start() may next give something, in steady milliseconds; none: not before put(), finish() or resume().
  [[nodiscard]] std::optional<std::int64_t> wake_at(Moment now) const;

  // REQUIRES: `alert_id` is under way; 0 <= jitter <= 1.
  // A marked test is tried once: it ends as delivered or dead. A success closes the circuit, ends the pause of a 410,
  // and makes all that waits due at once (at the endpoint's rate).
  DeliveryOutcome finish(const Hash128& alert_id, const AttemptResult& result, Moment now, double jitter);

  // Forgets a delivery that is under way: it was not attempted. REQUIRES: it is no marked test.
  void give_back(const Hash128& alert_id);
  // It is under way, was not attempted, and waits again for so long. REQUIRES: it is no marked test.
  void postpone(const Hash128& alert_id, std::int64_t wait_ms, Moment now);
  // REQUIRES: it is under way.
  [[nodiscard]] const Delivery& under_way(const Hash128& alert_id) const;

  // A pause by hand lasts until resume(), whatever is delivered meanwhile; what is under way ends as it would.
  void pause() noexcept { paused_by_hand_ = true; }
  // Ends either pause.
  void resume(Moment now);

  // From now on this rate.
  // REQUIRES: rate_per_s > 0.
  void use_rate(double rate_per_s);
  // The endpoint is another one, or is reached in another way: what it answered so far says nothing any more. A pause
  // by hand stays.
  void begin_anew(Moment now);
  // Forgets what waits and is no marked test.
  void drop_deliveries();
  // Forgets what is not under way. Returns the ids of the marked tests among it.
  std::vector<Hash128> drop_waiting();

  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
  // How long the oldest of them has been held; 0: there is none.
  [[nodiscard]] std::int64_t oldest_ms(Moment now) const noexcept;
  [[nodiscard]] bool circuit_open() const noexcept { return circuit_open_; }
  [[nodiscard]] bool paused() const noexcept { return paused_ || paused_by_hand_; }

 private:
  struct Held {
    Delivery delivery;
    std::int64_t due_ms = 0, since_ms = 0;
    std::uint64_t sequence = 0;
    std::uint32_t refusals = 0;
    bool under_way = false;
    bool probe = false;
  };
  using Waiting = std::set<std::tuple<std::int64_t, std::uint64_t, Hash128>>;

  [[nodiscard]] Waiting& waiting_for(const Held& held) { return held.delivery.marked_test ? tests_ : waiting_; }
  void wait_until(Held& held, std::int64_t due_ms);
  void make_all_due(Moment now);
  [[nodiscard]] std::optional<std::int64_t> ordinary_ready_at() const;
  [[nodiscard]] std::int64_t rate_ready_at() const;
  void refill(Moment now);
  void note_failure(const Held& held, const AttemptResult& result, Moment now, double jitter);
  [[nodiscard]] RetryDecision decide(Held& held, const AttemptResult& result, double jitter) const;

  Settings settings_;
  std::unordered_map<Hash128, Held> held_;
  Waiting waiting_;  // ordinary deliveries
  Waiting tests_;
  std::uint64_t next_sequence_ = 0;
  std::size_t under_way_ = 0;
  std::size_t ordinary_under_way_ = 0;

  double tokens_ = 0;  // of the rate limit, as of refilled_ms_
  std::int64_t refilled_ms_ = 0;
  bool refilled_ = false;

  bool paused_ = false;  // by a 410
  bool paused_by_hand_ = false;
  bool circuit_open_ = false;
  std::uint32_t failures_in_row_ = 0;
  std::uint32_t probes_failed_ = 0;
  std::int64_t probe_at_ms_ = 0;
  std::int64_t hold_until_ms_ = 0;  // a 429 or 503 with Retry-After holds back the whole endpoint
};

}  // namespace straykey
