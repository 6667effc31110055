#include "net/ingest/large_bodies.h"

#include <algorithm>
#include <utility>

#include "core/base/cpu.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

// Room that others give back is looked for this often.
constexpr std::chrono::milliseconds kLook{5};

LargeBodies::End end_of(SubmitResult result) {
  switch (result) {
    case SubmitResult::accepted:
      return LargeBodies::End::stored;
    case SubmitResult::overloaded:
      return LargeBodies::End::overloaded;
    case SubmitResult::damaged:
      return LargeBodies::End::damaged;
    case SubmitResult::stopped:
      return LargeBodies::End::stopped;
  }
  INVARIANT(false);
  return {};
}

}  // namespace

// One body. Shared with the on_done of its Requests.
class LargeBodies::Work : public std::enable_shared_from_this<Work> {
 public:
  using Clock = std::chrono::steady_clock;

  Work(const Settings& settings, Dependencies dependencies, Body body)
      : settings_(settings),
        dependencies_(dependencies),
        deadline_(Clock::now() + settings.body_wait),
        share_(std::move(body.share)),
        rest_(std::move(body.reading.rest)),
        first_(std::move(body.reading.request)),
        outcome_(std::move(body.reading.outcome)),
        on_stored_(std::move(body.on_stored)),
        on_end_(std::move(body.on_end)) {}

  void read();
  // The thread ends: what waits is not waited for any more.
  void stop();

 private:
  bool take(std::unique_ptr<Request> request);
  bool wait_for_turn();
  bool submit(std::unique_ptr<Request>& request);
  bool hold(std::size_t bytes);
  void finished(RequestOutcome outcome, std::size_t events, std::size_t bytes);
  bool end_early(End end);
  void answer_if_done(std::unique_lock<std::mutex> lock);

  const Settings& settings_;
  const Dependencies dependencies_;
  const Clock::time_point deadline_;
  std::mutex mutex_;
  std::condition_variable changed_;
  BudgetShare share_;
  std::size_t building_bytes_ = 0;  // of share_: the Request that is being built
  std::unique_ptr<Intake::Rest, Intake::FreeRest> rest_;
  std::unique_ptr<Request> first_;
  ItemOutcomes outcome_;
  const std::function<void(std::size_t)> on_stored_;
  std::function<void(End, const ItemOutcomes&)> on_end_;  // empty: it was called
  std::size_t in_flight_ = 0;
  End end_ = End::stored;
  bool read_ = false, stopping_ = false;
};

void LargeBodies::Work::read() {
  bool whole = first_ == nullptr ? hold(kRequestBytes) : take(std::move(first_));
  if (whole) {
    Intake::RestCallbacks callbacks;
    callbacks.take = [this](std::unique_ptr<Request> request) { return take(std::move(request)); };
    callbacks.may_hold = [this](std::size_t bytes) { return hold(bytes); };
    whole = dependencies_.intake.read_rest(*rest_, outcome_, dependencies_.desk, callbacks);
    if (whole && outcome_.error) whole = end_early(End::unreadable);
  }
  rest_.reset();
  std::unique_lock lock(mutex_);
  share_.give_back(std::exchange(building_bytes_, 0));
  read_ = true;
  answer_if_done(std::move(lock));
}

bool LargeBodies::Work::end_early(End end) {
  const std::lock_guard lock(mutex_);
  if (end_ == End::stored) end_ = end;
  return false;
}

// Brings a Request on its way when few enough of this body are there, and reserves memory for the next.
bool LargeBodies::Work::take(std::unique_ptr<Request> request) {
  const std::size_t events = request->events.size();
  if (!wait_for_turn()) {
    dependencies_.intake.count_refused(events);
    return false;
  }
  std::unique_lock lock(mutex_);
  ++in_flight_;
  const std::size_t bytes = std::exchange(building_bytes_, 0);
  lock.unlock();
  request->on_done = [self = shared_from_this(), events, bytes](RequestOutcome outcome) {
    self->finished(outcome, events, bytes);
  };
  if (submit(request)) return hold(kRequestBytes);
  dependencies_.intake.count_refused(events);
  lock.lock();
  --in_flight_;
  share_.give_back(bytes);
  return false;
}

bool LargeBodies::Work::wait_for_turn() {
  std::unique_lock lock(mutex_);
  const bool in_time = changed_.wait_until(lock, deadline_, [this] {
    return in_flight_ < settings_.requests_in_flight_max || end_ != End::stored || stopping_;
  });
  if (end_ != End::stored) return false;
  if (in_time && !stopping_) return true;
  end_ = stopping_ ? End::stopped : End::overloaded;
  return false;
}

bool LargeBodies::Work::submit(std::unique_ptr<Request>& request) {
  const Clock::time_point until = std::min(deadline_, Clock::now() + settings_.room_wait);
  for (;;) {
    const SubmitResult result = dependencies_.submit(request);
    if (result == SubmitResult::accepted) return true;
    if (result != SubmitResult::overloaded || Clock::now() >= until) return end_early(end_of(result));
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLook, [this] { return stopping_; });
    if (!stopping_) continue;
    lock.unlock();
    return end_early(End::stopped);
  }
}

bool LargeBodies::Work::hold(std::size_t bytes) {
  const Clock::time_point until = std::min(deadline_, Clock::now() + settings_.room_wait);
  std::unique_lock lock(mutex_);
  while (!share_.grow_by(bytes)) {
    changed_.wait_for(lock, kLook);
    if (end_ != End::stored) return false;
    if (!stopping_ && Clock::now() < until) continue;
    end_ = stopping_ ? End::stopped : End::overloaded;
    return false;
  }
  building_bytes_ += bytes;
  return true;
}

void LargeBodies::Work::finished(RequestOutcome outcome, std::size_t events, std::size_t bytes) {
  if (outcome == RequestOutcome::failed) dependencies_.intake.count_refused(events);
  if (outcome == RequestOutcome::committed && on_stored_) on_stored_(events);
  std::unique_lock lock(mutex_);
  if (outcome == RequestOutcome::failed && end_ == End::stored) end_ = End::failed;
  share_.give_back(bytes);
  --in_flight_;
  changed_.notify_all();
  answer_if_done(std::move(lock));
}

// A body that failed is answered at once: nothing that is still on its way changes that.
void LargeBodies::Work::answer_if_done(std::unique_lock<std::mutex> lock) {
  if (!read_ || (in_flight_ > 0 && end_ == End::stored)) return;
  const auto on_end = std::exchange(on_end_, {});
  const End end = end_;
  if (in_flight_ == 0) share_.clear();  // before its sender can come again
  lock.unlock();
  if (on_end) on_end(end, outcome_);  // nobody changes the outcome any more
}

void LargeBodies::Work::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

LargeBodies::LargeBodies(Settings settings, Dependencies dependencies)
    : settings_(settings), dependencies_(dependencies), thread_([this] { run(); }) {}

LargeBodies::~LargeBodies() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& work : waiting_) work->stop();
  }
  changed_.notify_all();
  thread_.join();
}

void LargeBodies::read(Body body) {
  INVARIANT(body.reading.rest != nullptr);
  auto work = std::make_shared<Work>(settings_, dependencies_, std::move(body));
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(work));
  changed_.notify_all();
}

// The first that waits stays there while it is read, so that it hears of the end.
std::shared_ptr<LargeBodies::Work> LargeBodies::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  return waiting_.empty() ? nullptr : waiting_.front();
}

void LargeBodies::run() {
  name_this_thread("bodies");
  while (const std::shared_ptr<Work> work = next()) {
    work->read();
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

}  // namespace straykey
