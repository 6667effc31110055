#include "tools/server/ranges_updater.h"

#include <chrono>

#include "tools/networks/aws_ranges_file.h"

namespace straykey {
namespace {

constexpr std::chrono::hours kEvery{24};
constexpr std::chrono::hours kAfterFailure{1};

}  // namespace

RangesUpdater::RangesUpdater(FetchSettings fetch, std::string file, Log& log, Metrics& metrics,
                             std::function<void()> on_changed)
    : fetch_(std::move(fetch)),
      file_(std::move(file)),
      log_(log),
      failures_(metrics.counter("straykey_aws_ranges_failures_total", "Fetches of AWS's address ranges that failed.")),
      created_(metrics.gauge("straykey_aws_ranges_created_seconds", "When AWS made the address ranges last fetched.")),
      on_changed_(std::move(on_changed)),
      thread_([this] { run(); }) {}

RangesUpdater::~RangesUpdater() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void RangesUpdater::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool well = update();
    lock.lock();
    wake_.wait_for(lock, well ? kEvery : kAfterFailure, [this] { return stopping_; });
  }
}

bool RangesUpdater::update() {
  const auto result = update_aws_ranges(fetch_, file_);
  if (!result) {
    failures_.add();
    log_.warning("AWS's address ranges were not updated", {{"reason", result.error().message}});
    return false;
  }
  created_.set(static_cast<double>(result.value().created));
  if (!result.value().changed) return true;
  log_.info("AWS's address ranges are updated",
            {{"prefixes", std::to_string(result.value().prefixes)}, {"created", format_time(result.value().created)}});
  on_changed_();
  return true;
}

}  // namespace straykey
