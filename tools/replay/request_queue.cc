#include "tools/replay/request_queue.h"

#include <chrono>

#include "core/base/invariant.h"
#include "tools/terminal/clock.h"

namespace straykey {

bool RequestQueue::put(OutgoingRequest&& request) {
  std::unique_lock lock(mutex_);
  can_put_.wait(lock, [this] { return waiting_.size() < settings_.capacity || stopped_; });
  if (stopped_) return false;
  INVARIANT(!closed_);
  waiting_.push_back(std::move(request));
  if (starved_since_s_ > 0) starved_s_ += uptime() - starved_since_s_;
  starved_since_s_ = 0;
  can_take_.notify_one();
  return true;
}

bool RequestQueue::wait_until_filled(double wait_s) {
  std::unique_lock lock(mutex_);
  return can_take_.wait_for(lock, std::chrono::duration<double>(wait_s),
                            [this] { return waiting_.size() >= settings_.capacity || closed_ || stopped_; });
}

void RequestQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  starved_since_s_ = 0;  // the time since the last request counts for nobody
  can_take_.notify_all();
}

bool RequestQueue::front_may_go() const {
  if (waiting_.empty()) return false;
  return !settings_.in_order || waiting_.front().day <= open_day_ || counts_.taken == counts_.finished;
}

std::optional<RequestQueue::Taken> RequestQueue::pop() {
  std::unique_lock lock(mutex_);
  can_take_.wait(lock, [this] { return stopped_ || front_may_go() || (closed_ && waiting_.empty()); });
  if (stopped_ || waiting_.empty()) return std::nullopt;
  Taken taken{std::move(waiting_.front()), 0};
  waiting_.pop_front();
  ++counts_.taken;
  if (taken.request.day > open_day_) {
    open_day_ = taken.request.day;
    opened_s_ = last_finish_s_;
    can_take_.notify_all();  // the other requests of the new day may go, too
  }
  if (settings_.in_order) taken.eligible_s = opened_s_;
  // Only when the queue is half empty, so that the builder is not woken for each request.
  if (waiting_.size() <= settings_.capacity / 2) can_put_.notify_one();
  return taken;
}

void RequestQueue::finish(const SendCounts& of_request) {
  const std::lock_guard lock(mutex_);
  counts_.accepted += of_request.accepted;
  counts_.rejected += of_request.rejected;
  counts_.refused += of_request.refused;
  ++counts_.finished;
  INVARIANT(counts_.finished <= counts_.taken);
  last_finish_s_ = uptime();
  if (counts_.finished == counts_.taken) {
    if (waiting_.empty() && !closed_) starved_since_s_ = last_finish_s_;
    can_take_.notify_all();
  }
}

void RequestQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  can_put_.notify_all();
  can_take_.notify_all();
}

bool RequestQueue::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

double RequestQueue::starved_s() const {
  const std::lock_guard lock(mutex_);
  return starved_s_;
}

SendCounts RequestQueue::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace straykey
