#pragma once
// RunClock: how long straykey has run since the store was made, over all its runs. Rows age by it.
//
// Shape:  starts at what the last run stored; advance() adds the uptime that has passed since the call before. A
//         stopped machine, a stepped wall clock or an event's time add nothing.
// Durable: the merger stores it every kStoreSeconds. A crash loses less than that, and rows live that much longer.
// Thread: advance() one thread; hour() any.
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/engine/store.h"

namespace straykey {

// In Table::progress: for how many seconds it has run.
inline constexpr std::string_view kRunSecondsKey = "lived";

class RunClock {
 public:
  static constexpr std::uint64_t kStoreSeconds = 300;

  explicit RunClock(std::uint64_t stored_seconds = 0) { start_at(stored_seconds); }

  void start_at(std::uint64_t stored_seconds) {
    seconds_ = static_cast<double>(stored_seconds);
    stored_ = stored_seconds;
    hour_ = static_cast<RunHour>(stored_seconds / 3600);
  }
  // `uptime`: seconds of a clock that only runs forward.
  void advance(double uptime) {
    if (last_uptime_ && uptime > *last_uptime_) seconds_ += uptime - *last_uptime_;
    last_uptime_ = uptime;
    hour_ = static_cast<RunHour>(seconds() / 3600);
  }
  [[nodiscard]] RunHour hour() const noexcept { return hour_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t seconds() const noexcept { return static_cast<std::uint64_t>(seconds_); }
  [[nodiscard]] bool must_be_stored() const noexcept { return seconds() >= stored_ + kStoreSeconds; }
  void stored() noexcept { stored_ = seconds(); }

 private:
  double seconds_ = 0;
  std::optional<double> last_uptime_;
  std::uint64_t stored_ = 0;
  std::atomic<RunHour> hour_{0};
};

}  // namespace straykey
