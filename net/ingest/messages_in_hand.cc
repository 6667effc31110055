#include "net/ingest/messages_in_hand.h"

#include <algorithm>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::chrono::milliseconds kLook{1'000};

// Messages without a time come first: they wait for nobody.
Seconds rank(const MessagesInHand::Held& held) {
  return held->time.value_or(0);
}

}  // namespace

std::size_t MessagesInHand::wait_for_room() {
  std::unique_lock lock(mutex_);
  // A call for one message costs as much as one for ten.
  changed_.wait(lock, [this] { return stopped_ || 2 * (waiting_.size() + begun_.size()) <= messages_max_; });
  return stopped_ ? 0 : messages_max_ - waiting_.size() - begun_.size();
}

void MessagesInHand::add(MessageInHand message) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::make_shared<const MessageInHand>(std::move(message)));
  changed_.notify_all();
}

std::list<MessagesInHand::Held>::iterator MessagesInHand::next() {
  const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                      [](const Held& a, const Held& b) { return rank(a) < rank(b); });
  if (first == waiting_.end() || !(*first)->time) return first;
  const Day day = day_of(rank(*first));
  const auto now = std::chrono::steady_clock::now();
  const bool earlier = std::any_of(begun_.begin(), begun_.end(), [&](const Held& begun) {
    return begun->time && day_of(*begun->time) < day && now - begun_at_.at(begun.get()) < patience_;
  });
  return earlier ? waiting_.end() : first;
}

MessagesInHand::Held MessagesInHand::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_) return nullptr;
    if (const auto found = next(); found != waiting_.end()) {
      begun_.splice(begun_.end(), waiting_, found);
      begun_at_[begun_.back().get()] = std::chrono::steady_clock::now();
      return begun_.back();
    }
    // Nobody tells when patience with one that was begun ends.
    if (waiting_.empty())
      changed_.wait(lock);
    else
      changed_.wait_for(lock, kLook);
  }
}

void MessagesInHand::finish(const Held& held) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(begun_.begin(), begun_.end(), held);
  INVARIANT(found != begun_.end());
  begun_.erase(found);
  begun_at_.erase(held.get());
  changed_.notify_all();
}

std::vector<MessagesInHand::Held> MessagesInHand::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Held> held(begun_.begin(), begun_.end());
  held.insert(held.end(), waiting_.begin(), waiting_.end());
  return held;
}

bool MessagesInHand::holds(const Held& held) const {
  const std::lock_guard lock(mutex_);
  return std::find(begun_.begin(), begun_.end(), held) != begun_.end() ||
         std::find(waiting_.begin(), waiting_.end(), held) != waiting_.end();
}

void MessagesInHand::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

std::vector<MessagesInHand::Held> MessagesInHand::leave() {
  const std::lock_guard lock(mutex_);
  INVARIANT(stopped_);
  std::vector<Held> left(waiting_.begin(), waiting_.end());
  waiting_.clear();
  return left;
}

}  // namespace straykey
