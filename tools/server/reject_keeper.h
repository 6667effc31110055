#pragma once
// RejectKeeper: hands rejected records to a thread of its own, which writes them to the RejectRing. Those who read
// bodies do not wait for it.
//
// Thread: keep() any; it copies the record and waits for no disk.
// Bounds: Settings. What goes beyond them is not kept and counted, so a flood of rejects costs its readers a lock and
//         the disk a known number of bytes a second.
// Errors: a record that cannot be written is not kept and counted; the first of a row of failures is logged.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/event/reject_reason.h"
#include "core/operate/kept_rejects.h"

namespace straykey {

class RejectRing;

class RejectKeeper {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Settings {
    std::size_t bytes_per_second_max = 1u << 20;
    std::size_t burst_bytes_max = 8u << 20;  // that may come at once, after a time without any
    std::size_t waiting_bytes_max = 8u << 20;
  };
  struct Dependencies {
    RejectRing& ring;  // outlives the keeper
    Metrics& metrics;
    Log& log;
    std::function<Seconds()> now;  // the wall clock
  };
  // What a record costs besides its bytes.
  static constexpr std::size_t kOverheadBytes = 256;

  RejectKeeper(Settings settings, Dependencies dependencies);
  ~RejectKeeper();
  RejectKeeper(const RejectKeeper&) = delete;
  RejectKeeper& operator=(const RejectKeeper&) = delete;

  void keep(RejectReason reason, std::string_view record, std::string_view source, TimePoint now);
  // Writes what waits. After it, keep() has no effect.
  void stop();

 private:
  // False: there is no room for it.
  [[nodiscard]] bool admit(std::size_t bytes, TimePoint now);
  void run();
  void write(const KeptReject& reject);

  const Settings settings_;
  const Dependencies dependencies_;
  Counter& kept_;
  Counter& not_kept_rate_;
  Counter& not_kept_empty_;
  Counter& not_kept_disk_;
  Gauge& kept_bytes_;
  bool failing_ = false;  // the thread's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<KeptReject> waiting_;
  std::size_t waiting_bytes_ = 0;
  double credit_bytes_;
  TimePoint credited_at_{};
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace straykey
