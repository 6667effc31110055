#include "tools/server/reject_keeper.h"

#include <algorithm>
#include <utility>

#include "core/base/cpu.h"
#include "storage/reject_ring.h"

namespace straykey {
namespace {

Counter& not_kept(Metrics& metrics, std::string_view reason) {
  return metrics.counter("straykey_rejects_not_kept_total",
                         "Rejected records that were not kept: too many at once, nothing in them, or a disk error.",
                         {{"reason", reason}});
}

}  // namespace

RejectKeeper::RejectKeeper(Settings settings, Dependencies dependencies)
    : settings_(settings),
      dependencies_(std::move(dependencies)),
      kept_(dependencies_.metrics.counter("straykey_rejects_kept_total",
                                          "Rejected records that were written to the store of rejects.")),
      not_kept_rate_(not_kept(dependencies_.metrics, "rate")),
      not_kept_empty_(not_kept(dependencies_.metrics, "empty")),
      not_kept_disk_(not_kept(dependencies_.metrics, "disk")),
      kept_bytes_(dependencies_.metrics.gauge("straykey_rejects_kept_bytes", "Bytes of the store of rejects.")),
      credit_bytes_(static_cast<double>(settings.burst_bytes_max)),
      thread_([this] { run(); }) {
  kept_bytes_.set(static_cast<double>(dependencies_.ring.bytes()));
}

RejectKeeper::~RejectKeeper() {
  stop();
}

bool RejectKeeper::admit(std::size_t bytes, TimePoint now) {
  if (credited_at_ == TimePoint{}) credited_at_ = now;
  const std::chrono::duration<double> since = now - credited_at_;
  if (since.count() > 0) {
    credited_at_ = now;
    credit_bytes_ = std::min(credit_bytes_ + since.count() * static_cast<double>(settings_.bytes_per_second_max),
                             static_cast<double>(settings_.burst_bytes_max));
  }
  const auto cost = static_cast<double>(bytes);
  if (cost > credit_bytes_ || waiting_bytes_ + bytes > settings_.waiting_bytes_max) return false;
  credit_bytes_ -= cost;
  waiting_bytes_ += bytes;
  return true;
}

void RejectKeeper::keep(RejectReason reason, std::string_view record, std::string_view source, TimePoint now) {
  if (record.empty()) return not_kept_empty_.add();
  const std::string_view kept = record.substr(0, kKeptRecordBytesMax);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (!admit(kept.size() + kOverheadBytes, now)) return not_kept_rate_.add();
    waiting_.push_back(
        {0, dependencies_.now(), std::string(name_of(reason)), std::string(source), record.size(), std::string(kept)});
  }
  changed_.notify_one();
}

void RejectKeeper::run() {
  name_this_thread("rejects");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const KeptReject next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    write(next);
    lock.lock();
    waiting_bytes_ -= next.record.size() + kOverheadBytes;
  }
}

void RejectKeeper::write(const KeptReject& reject) {
  const Status written = dependencies_.ring.append(reject);
  if (written.ok()) {
    kept_.add();
    kept_bytes_.set(static_cast<double>(dependencies_.ring.bytes()));
  } else {
    not_kept_disk_.add();
    if (!failing_) dependencies_.log.warning("a rejected record cannot be kept", {{"reason", written.error().message}});
  }
  failing_ = !written.ok();
}

void RejectKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace straykey
