#pragma once
// Endpoints: the webhook sender without sockets, and receivers that fail, hang, answer late or are down for days.
//
// Shape:  the product's WebhookQueue decides what is sent and when. This class has the attempts under way and their
//         answers.
// Order:  checks P5 at each attempt: one body for an id for ever; no attempt after a 2xx that was got and kept.
// Thread: one.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/engine/delivery.h"
#include "net/deliver/webhook_queue.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/random.h"

namespace straykey {

// What the simulation found wrong.
struct Violation {
  std::string what;
};

class Endpoints {
 public:
  struct Rates {
    double fail = 0, hang = 0, late = 0, refuse = 0;
  };
  Endpoints(std::uint64_t seed, std::vector<std::string> names, Rates rates, Coverage& coverage);

  // The sender's side of the engine.
  void deliver(Delivery delivery, Moment now);
  // Begins or ends attempts, by chance. Outcomes go to `report`.
  void step(Moment now, const std::function<void(DeliveryOutcome)>& report);
  void set_down(const std::string& name, bool down) { sinks_.at(name).down = down; }
  // From now on nothing fails: every attempt under way and every later one is answered.
  void calm() noexcept { calm_ = true; }
  // When something is due next, if nothing is now.
  [[nodiscard]] std::optional<std::int64_t> wake_at(Moment now) const;
  [[nodiscard]] bool idle() const;

  // The outcome is in the store, so the endpoint must not get the alert again.
  void kept(const DeliveryOutcome& outcome);
  // The process ended: attempts under way are lost, or their answers are.
  void restart();

  [[nodiscard]] bool received(const std::string& name, Hash128 alert) const;
  // The sender said that it gave the delivery up, so nothing is promised about it.
  [[nodiscard]] bool dead(const std::string& name, Hash128 alert) const;

 private:
  struct Attempt {
    Hash128 alert;
    std::uint16_t status = 0;
  };
  struct Sink {
    explicit Sink(const std::string& name_) : name(name_) {}
    std::string name;
    bool down = false;
    std::unique_ptr<WebhookQueue> queue;
    std::deque<Attempt> under_way;
    std::map<Hash128, std::string> bodies;  // received, whatever the answer
    std::set<Hash128> accepted;             // answered with 2xx
    std::set<Hash128> known_accepted;       // the sender of the present process got the 2xx
    std::set<Hash128> kept;                 // ... and it is in the store
    std::set<Hash128> dead;
  };
  void attempt(Sink& sink, const Delivery& delivery);
  [[nodiscard]] std::uint16_t answer(Sink& sink);

  Random random_;
  Rates rates_;
  Coverage& coverage_;
  bool calm_ = false;
  std::map<std::string, Sink> sinks_;
};

}  // namespace straykey
