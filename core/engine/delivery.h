#pragma once
// Delivery and DeliveryOutcome: what the merger and the webhook sender tell each other.
//
// Shape:  values over queues; the merger owns the outbox on disk, the sender owns connections, timers and the retry
//         schedule.
// Order:  the merger hands over a delivery after the commit that put it into the outbox; the sender answers every
//         attempt with an outcome, which the merger stores before it forgets the row. So a crash repeats an attempt and
//         never loses one.
// Bounds: the merger hands over at most kDeliveriesInHandMax an endpoint; the rest stay in the outbox until there is
//         room.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

inline constexpr std::size_t kDeliveriesInHandMax = 256;

struct Delivery {
  std::string endpoint;  // configured name
  Hash128 alert_id;
  std::string body;            // byte-identical for every attempt, as long as the endpoint keeps its format
  std::uint32_t attempts = 0;  // made so far
  Seconds not_before = 0;      // the next attempt is not due before this time
  bool marked_test = false;
  std::string format = {};  // the name of the body's format; empty: not known, so it is taken for the endpoint's
};

struct DeliveryOutcome {
  enum class Kind : std::uint8_t {
    delivered,  // 2xx: forget the outbox row
    retry,      // failed; the next attempt is due at next_attempt
    dead,       // refused for good: keep the row as a dead letter for redelivery by hand
    reformat,   // not attempted: the endpoint has another format now, so the body is made anew and handed over again
  };
  std::string endpoint;
  Hash128 alert_id;
  Kind kind = Kind::retry;
  std::uint32_t attempts = 0;
  Seconds next_attempt = 0;
  std::uint16_t http_status = 0;  // 0: no answer
  std::string error;              // one fixed sentence; empty on success
};

// With a second node that may judge in our place: before an attempt the sender asks whether this node still judges.
enum class ClaimAnswer : std::uint8_t {
  granted,   // a transaction that names the attempt stands in the log, which only the judge can write
  not_now,   // ask again later
  not_ours,  // forget the delivery: it is made already, or another node makes it
};
struct DeliveryClaim {
  std::string endpoint;
  Hash128 alert_id;
  std::function<void(ClaimAnswer)> answer;  // called once, on the merger's thread; must not block
};

}  // namespace straykey
