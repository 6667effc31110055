#pragma once
// ClockWatch: a clock that is far behind shows in the events: they come from its future. They are taken with the time
// of their receipt and teach nothing, so whoever runs the server must hear of it.
//
// Thread: any (synchronised inside).
// Bounds: one warning an hour, whatever comes.
#include <atomic>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/base/time.h"
#include "core/engine/request.h"

namespace straykey {

class ClockWatch {
 public:
  static constexpr Seconds kWarnEveryS = 3600;
  // More than a twentieth of a request's events; fewer are a sender's fault rather than ours.
  static constexpr std::size_t kSharePart = 20;

  // What is odd about a request, if it is time to say so.
  struct Finding {
    std::size_t events = 0, from_future = 0;
    std::string event_time;  // of the first of them, as it came
  };
  [[nodiscard]] std::optional<Finding> look_at(const Request& request, Seconds now);

  // Looks, and warns.
  void watch(const Request& request, Seconds now, Log& log);

 private:
  static constexpr Seconds kNever = -kWarnEveryS;
  std::atomic<Seconds> warned_at_{kNever};
};

}  // namespace straykey
