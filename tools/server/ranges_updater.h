#pragma once
// RangesUpdater: keeps AWS's address ranges fresh while the server runs. It fetches them at the start and daily, after
// a failure hourly.
//
// Thread: one of its own; on_changed is called there. Destroying it waits for a fetch under way, at most
//         FetchSettings::total_ms.
// Errors: a failed fetch is logged and counted; the ranges at hand stay.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "net/client/https_fetch.h"

namespace straykey {

class RangesUpdater {
 public:
  RangesUpdater(FetchSettings fetch, std::string file, Log& log, Metrics& metrics, std::function<void()> on_changed);
  ~RangesUpdater();
  RangesUpdater(const RangesUpdater&) = delete;
  RangesUpdater& operator=(const RangesUpdater&) = delete;

 private:
  void run();
  bool update();

  const FetchSettings fetch_;
  const std::string file_;
  Log& log_;
  Counter& failures_;
  Gauge& created_;
  const std::function<void()> on_changed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace straykey
