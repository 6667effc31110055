#pragma once
// Watchdog: tells the service manager that every thread which takes, judges or delivers events still comes round. If
// one hangs, nothing is told any more, and the manager restarts the process.
//
// Shape:  the io threads (HTTP, syslog, webhooks), the shard workers and the merger each have a counter of turns. A
//         notice is due when all of them have moved since the one before, at most four times in the limit.
// Units:  seconds of uptime.
// Thread: main.
// Bounds: one call waits on each io thread at most.
// Errors: none. If the service manager did not ask (WATCHDOG_USEC), nothing is told and nothing is counted.
// Source: systemd's manual page of its notifications, WATCHDOG=1 and the variables of the environment.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace straykey {

class IoRuntime;
class Pipeline;

// When a notice is due, from nothing but the counters.
class TurnWatch {
 public:
  explicit TurnWatch(double limit_s) noexcept : limit_s_(limit_s) {}

  // True: tell it. The numbers must be as many as at the call before.
  [[nodiscard]] bool due(double now, const std::vector<std::uint64_t>& turns);

 private:
  double limit_s_;
  double told_at_ = 0;
  std::vector<std::uint64_t> told_;
};

// From the two variables of the environment, null if they are not set. nullopt: nobody asked, or not this process.
[[nodiscard]] std::optional<double> watchdog_limit_s(const char* usec, const char* pid, std::int64_t own_pid);

class Watchdog {
 public:
  // Both outlive it. REQUIRES: the io threads are stopped before it is destroyed.
  Watchdog(IoRuntime& runtime, const Pipeline& pipeline);

  void look(double now);

 private:
  void ask_io_threads();

  struct IoThread {
    std::atomic<std::uint64_t> turns{0};
    std::uint64_t asked = 0;
  };
  IoRuntime& runtime_;
  const Pipeline& pipeline_;
  std::optional<TurnWatch> watch_;
  std::vector<std::unique_ptr<IoThread>> io_threads_;
};

}  // namespace straykey
