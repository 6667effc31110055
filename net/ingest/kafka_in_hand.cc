#include "net/ingest/kafka_in_hand.h"

#include <algorithm>
#include <set>
#include <utility>

namespace straykey {

void KafkaInHand::assign(const KafkaPartition& partition, std::optional<std::int64_t> stored) {
  const std::lock_guard lock(mutex_);
  Partition& it = partitions_[partition];
  it = {};
  it.assignment = ++assignments_;
  it.stored = it.next = stored;
}

void KafkaInHand::add(const KafkaPartition& partition, std::int64_t offset, std::string_view value, Times times) {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;  // it was taken away, and whoever has it now reads the message
  Partition& it = found->second;
  if (!it.stored) it.stored = offset;
  it.next = offset + 1;
  it.entries.push_back({offset, false});
  waiting_.push_back({{partition, it.assignment, offset, std::string(value), times.day}, times.sent_ms});
  waiting_bytes_ += value.size();
  changed_.notify_all();
}

void KafkaInHand::pass(const KafkaPartition& partition, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  Partition& it = found->second;
  if (!it.stored) it.stored = offset;
  it.next = offset + 1;
  it.entries.push_back({offset, true});
  advance(it);
}

bool KafkaInHand::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_ < bytes_max_;
}

bool KafkaInHand::has_much_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_ < bytes_max_ / 2;
}

void KafkaInHand::wait_for_room(std::chrono::milliseconds wait) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return stopped_ || waiting_bytes_ < bytes_max_; });
}

bool KafkaInHand::any_begun(const std::vector<KafkaPartition>& partitions) const {
  return std::any_of(partitions.begin(), partitions.end(), [this](const KafkaPartition& partition) {
    const auto found = partitions_.find(partition);
    return found != partitions_.end() && found->second.begun > 0;
  });
}

void KafkaInHand::let_go(const std::vector<KafkaPartition>& partitions, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const std::set<KafkaPartition> going(partitions.begin(), partitions.end());
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (!going.contains(waiting.message.partition)) return false;
    waiting_bytes_ -= waiting.message.value.size();
    return true;
  });
  changed_.wait_for(lock, wait, [&] { return !any_begun(partitions); });
}

void KafkaInHand::revoke(const std::vector<KafkaPartition>& partitions) {
  let_go(partitions, {});
  const std::lock_guard lock(mutex_);
  for (const KafkaPartition& partition : partitions) partitions_.erase(partition);
}

std::vector<KafkaPosition> KafkaInHand::take_stored() {
  const std::lock_guard lock(mutex_);
  std::vector<KafkaPosition> positions;
  for (auto& [partition, it] : partitions_) {
    if (!it.stored || it.stored == it.taken) continue;
    positions.push_back({partition, *it.stored});
    it.taken = it.stored;
  }
  return positions;
}

void KafkaInHand::give_back(const std::vector<KafkaPosition>& positions) {
  const std::lock_guard lock(mutex_);
  for (const KafkaPosition& position : positions)
    if (const auto found = partitions_.find(position.partition); found != partitions_.end())
      found->second.taken.reset();
}

std::optional<std::int64_t> KafkaInHand::stored(const KafkaPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? std::nullopt : found->second.stored;
}

std::optional<std::int64_t> KafkaInHand::next(const KafkaPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? std::nullopt : found->second.next;
}

std::vector<KafkaPartition> KafkaInHand::partitions() const {
  const std::lock_guard lock(mutex_);
  std::vector<KafkaPartition> all;
  for (const auto& [partition, it] : partitions_) all.push_back(partition);
  return all;
}

std::vector<KafkaPartition> KafkaInHand::take_failed() {
  const std::lock_guard lock(mutex_);
  std::vector<KafkaPartition> failed;
  for (auto& [partition, it] : partitions_)
    if (std::exchange(it.failed, false)) failed.push_back(partition);
  return failed;
}

bool KafkaInHand::may_begin(Day day) const {
  return day == 0 || begun_.empty() || begun_.begin()->first >= day;
}

std::optional<KafkaBatch> KafkaInHand::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || (!waiting_.empty() && may_begin(waiting_.front().message.day)); });
  if (stopped_) return std::nullopt;
  KafkaBatch batch;
  while (!waiting_.empty() && batch.messages.size() < kBatchMessagesMax) {
    Waiting& first = waiting_.front();
    const std::size_t bytes = first.message.value.size();
    if (!batch.messages.empty() && (batch.bytes + bytes > kBatchBytesMax || !may_begin(first.message.day))) break;
    batch.bytes += bytes;
    batch.newest_ms = std::max(batch.newest_ms, first.sent_ms);
    if (first.message.day != 0) ++begun_[first.message.day];
    ++partitions_[first.message.partition].begun;
    batch.messages.push_back(std::move(first.message));
    waiting_.pop_front();
    waiting_bytes_ -= bytes;
  }
  changed_.notify_all();
  return batch;
}

void KafkaInHand::advance(Partition& partition) {
  while (!partition.entries.empty() && partition.entries.front().done) {
    partition.stored = partition.entries.front().offset + 1;
    partition.entries.pop_front();
  }
}

void KafkaInHand::finish(const KafkaBatch& batch, bool stored) {
  const std::lock_guard lock(mutex_);
  for (const KafkaBatch::Message& message : batch.messages) {
    if (const auto day = begun_.find(message.day); day != begun_.end() && --day->second == 0) begun_.erase(day);
    const auto found = partitions_.find(message.partition);
    if (found == partitions_.end() || found->second.assignment != message.assignment) continue;
    Partition& it = found->second;
    --it.begun;
    if (!stored) {
      it.failed = true;
      continue;
    }
    const auto entry = std::lower_bound(it.entries.begin(), it.entries.end(), message.offset,
                                        [](const Entry& each, std::int64_t offset) { return each.offset < offset; });
    if (entry != it.entries.end() && entry->offset == message.offset) entry->done = true;
    advance(it);
  }
  changed_.notify_all();
}

void KafkaInHand::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace straykey
