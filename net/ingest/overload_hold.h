#pragma once
// OverloadHold: what found no room waits here for a moment before its sender is refused, because most senders try again
// within 0.2 s or never.
//
// Shape:  a list for each io thread. While it is not empty, a tick tries the first of it again, and as long as that
//         succeeds the next.
// Order:  first come, first tried. A newcomer should wait behind those that wait() (see waits()).
// Thread: io, each its own list; end() any.
// Bounds: Settings::patience for each, in all: what a request has waited elsewhere counts. What waits is counted by
//         whoever brings it (its share of the budget), so the number that waits is bounded by connections.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "core/base/metrics.h"

namespace straykey {

class OverloadHold {
 public:
  using Later = std::function<void(std::size_t io_thread, std::chrono::milliseconds wait, std::function<void()> call)>;
  struct Settings {
    std::chrono::milliseconds patience{0};  // 0: nothing waits
    std::chrono::milliseconds tick{20};
  };
  struct Held {
    std::function<bool()> try_again;  // true: it need not wait any longer, whatever became of it
    std::function<void()> give_up;
  };

  // `later` calls on that io thread. `waits` counts what had to wait.
  OverloadHold(Settings settings, std::size_t io_threads, Later later, Counter& waits);

  // Keeps `held` for what is left of its patience. False: nothing is left, or end() was called, and nothing changed.
  [[nodiscard]] bool hold(std::size_t io_thread, std::chrono::milliseconds waited_before, Held held);
  [[nodiscard]] bool waits(std::size_t io_thread) const noexcept { return !lists_[io_thread].held.empty(); }
  // What waits already keeps its time.
  void wait_at_most(std::chrono::milliseconds patience) noexcept { patience_ = patience; }
  // The next tick gives all of it up, and nothing waits any more.
  void end() noexcept { ended_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Clock::time_point until;
    Held held;
  };
  struct List {
    std::deque<Entry> held;
    bool ticks = false;
  };
  void tick_later(std::size_t io_thread);
  void tick(std::size_t io_thread);

  std::atomic<std::chrono::milliseconds> patience_;
  const std::chrono::milliseconds tick_;
  const Later later_;
  Counter& waits_;
  std::vector<List> lists_;
  std::atomic<bool> ended_{false};
};

}  // namespace straykey
