#include "net/ingest/kafka_order.h"

#include <algorithm>

namespace straykey {
namespace {

constexpr std::string_view kMember = "eventTime";
constexpr std::size_t kLookedAtBytes = 64 * 1024;
constexpr std::size_t kTimeBytes = 20;  // 2026-11-30T17:35:00Z

}  // namespace

std::optional<Seconds> first_event_time(std::string_view value) noexcept {
  value = value.substr(0, kLookedAtBytes);
  const std::size_t at = value.find(kMember);
  if (at == std::string_view::npos) return std::nullopt;
  // What stands between, in text within text: \":\"
  const std::size_t begin = value.find_first_not_of("\\\":= \t", at + kMember.size());
  if (begin == std::string_view::npos || value.size() - begin < kTimeBytes) return std::nullopt;
  return parse_time(value.substr(begin, kTimeBytes));
}

void KafkaOrder::begin(const KafkaPartition& partition, Seconds now) {
  partitions_[partition] = {};
  partitions_[partition].came_at = now;
}

void KafkaOrder::came(const KafkaPartition& partition, Seconds event_time, Seconds now) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  found->second.event_time = event_time;
  found->second.came_at = now;
  look_again_ = look_again_ ? std::min(*look_again_, event_time + kAheadMax) : event_time + kAheadMax;
}

void KafkaOrder::set_waiting(const KafkaPartition& partition, bool is_waiting) {
  if (const auto found = partitions_.find(partition); found != partitions_.end()) found->second.is_waiting = is_waiting;
}

std::optional<Seconds> KafkaOrder::slowest(Seconds now) const {
  std::optional<Seconds> slowest;
  for (const auto& [partition, state] : partitions_) {
    if (!state.is_waiting || !state.event_time || state.held_since) continue;
    if (now - state.came_at > kStallMax) continue;
    slowest = slowest ? std::min(*slowest, *state.event_time) : *state.event_time;
  }
  return slowest;
}

// Of those that may go on, the one with the earliest events, which the others then wait for.
bool KafkaOrder::release_one(Seconds now, Changes& changes) {
  const std::optional<Seconds> slow = slowest(now);
  const auto ahead = [&slow](const State& state) {
    return slow && state.event_time ? *state.event_time - *slow : Seconds{0};
  };
  auto first = partitions_.end();
  for (auto it = partitions_.begin(); it != partitions_.end(); ++it) {
    const State& state = it->second;
    if (!state.held_since) continue;
    if (ahead(state) > kAheadAgain && now - *state.held_since < kHoldMax) continue;
    if (first == partitions_.end() || state.event_time < first->second.event_time) first = it;
  }
  if (first == partitions_.end()) return false;
  State& state = first->second;
  state.held_since.reset();
  state.came_at = now;
  state.is_free = ahead(state) > kAheadAgain;
  changes.go_on.push_back(first->first);
  if (state.is_free) changes.went_on_late.push_back(first->first);
  return true;
}

KafkaOrder::Changes KafkaOrder::decide(Seconds now) {
  Changes changes;
  while (release_one(now, changes)) {
  }
  const std::optional<Seconds> slow = slowest(now);
  look_again_.reset();
  if (slow) look_again_ = *slow + kAheadMax;
  for (auto& [partition, state] : partitions_) {
    const Seconds ahead = slow && state.event_time ? *state.event_time - *slow : 0;
    if (ahead <= kAheadAgain) state.is_free = false;
    if (!state.held_since && ahead > kAheadMax && !state.is_free) {
      state.held_since = now;
      changes.hold.push_back(partition);
    }
    if (!state.held_since || !state.event_time) continue;
    look_again_ = std::min(look_again_.value_or(*state.event_time), *state.event_time - kAheadAgain);
  }
  return changes;
}

bool KafkaOrder::holds(const KafkaPartition& partition) const {
  const auto found = partitions_.find(partition);
  return found != partitions_.end() && found->second.held_since.has_value();
}

std::size_t KafkaOrder::held() const {
  return static_cast<std::size_t>(std::count_if(partitions_.begin(), partitions_.end(),
                                                [](const auto& each) { return each.second.held_since.has_value(); }));
}

}  // namespace straykey
