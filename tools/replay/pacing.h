#pragma once
// Pacing: when each request should go.
//
// Shape:  asap: when a connection is free (closed loop). rate, ramp, speed: at a time that the plan knows beforehand,
//         whatever the server does (open loop), so that its slowness shows as latency and not as fewer requests.
// Units:  seconds since the start; rates in events a second; speed in seconds of event time a second.
// Thread: Pacing any (a value); SendPlan one owner.
#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

struct Pacing {
  enum class Kind : std::uint8_t { asap, rate, ramp, speed };
  Kind kind = Kind::asap;
  double rate = 0;  // of rate; at the end of a ramp and behind it
  double ramp_from = 0, ramp_s = 0;
  double speed = 0;

  [[nodiscard]] bool open_loop() const noexcept { return kind != Kind::asap; }
};

// "2000", "100:5000:60" (from, to, seconds), "60x".
[[nodiscard]] Result<Pacing> parse_rate(std::string_view text);
[[nodiscard]] Result<Pacing> parse_ramp(std::string_view text);
[[nodiscard]] Result<Pacing> parse_speed(std::string_view text);

class SendPlan {
 public:
  explicit SendPlan(Pacing pacing) : pacing_(pacing) {}

  // When a request should go that begins behind `events_before` events and whose newest event is of `newest`.
  // Never before an earlier one. REQUIRES: open_loop().
  [[nodiscard]] double due_s(std::uint64_t events_before, Seconds newest);

 private:
  Pacing pacing_;
  Seconds first_ = 0;
  bool began_ = false;
  double last_s_ = 0;
};

}  // namespace straykey
