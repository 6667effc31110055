#include "core/engine/pipeline.h"

#include <functional>
#include <iterator>
#include <string>

#include "core/base/cpu.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kItemsAtOnce = 64;
constexpr std::size_t kMessagesAtOnce = 1'024;
constexpr std::int64_t kIdleWaitUs = 100'000;
constexpr std::int64_t kFollowWaitUs = 20'000;  // between two looks at the log of a standby
constexpr std::int64_t kMergerRetryUs = 1'000'000;

}  // namespace

Pipeline::Pipeline(Settings settings, const DetectionSettings& detection, Dependencies dependencies,
                   Callbacks callbacks)
    : settings_(settings), engine_(settings, detection, std::move(dependencies), with_queues(std::move(callbacks))) {
  for (std::uint32_t shard = 0; shard < settings_.shards; ++shard) shards_.push_back(std::make_unique<Shard>());
  for (Intake& intake : intakes_)
    for (const auto& shard : shards_) intake.producers.push_back(shard->queue.producer());
}

Engine::Callbacks Pipeline::with_queues(Callbacks callbacks) {
  callbacks.to_merger = [this](Engine::Message message) { to_merger_.push(std::move(message)); };
  callbacks.to_shard = [this](std::uint32_t shard, Engine::Item item) { shards_[shard]->queue.push(item); };
  return callbacks;
}

Pipeline::~Pipeline() {
  stop();
}

CommitOutcome Pipeline::start() {
  const CommitOutcome outcome = engine_.find_unjudged();
  if (outcome != CommitOutcome::committed && !engine_.damaged()) return outcome;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard)
    shards_[shard]->thread = std::thread([this, shard] { run_worker(shard); });
  merger_thread_ = std::thread([this] { run_merger(); });
  started_ = true;
  return CommitOutcome::committed;
}

void Pipeline::stop() {
  if (!started_.exchange(false)) return;
  stopping_ = true;
  // A submit() that began earlier saw stopping_ as false. Its items must be in the queues before the workers look for
  // the last time.
  while (submitting_.load() != 0) std::this_thread::yield();
  for (const auto& shard : shards_) shard->thread.join();
  workers_done_ = true;
  merger_thread_.join();
}

template <class Admitted, class Enqueue>
SubmitResult Pipeline::submit(std::unique_ptr<Admitted>& admitted, const Enqueue& enqueue) {
  INVARIANT(admitted != nullptr);
  submitting_.fetch_add(1);
  struct Leave {
    std::atomic<std::uint32_t>& count;
    ~Leave() { count.fetch_sub(1); }
  } leave{submitting_};
  if (!started_ || stopping_) return SubmitResult::stopped;
  const SubmitResult result = engine_.admit(*admitted);
  if (result == SubmitResult::accepted) enqueue(admitted.release());
  return result;
}

SubmitResult Pipeline::submit(std::unique_ptr<Request>& request) {
  return submit(request, [this](Request* raw) {
    const auto count = static_cast<std::uint32_t>(raw->batches.size());
    Intake& intake = intakes_[std::hash<std::thread::id>{}(std::this_thread::get_id()) % intakes_.size()];
    const std::lock_guard lock(intake.mutex);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t shard = raw->batches[i].shard;  // raw may be destroyed after the last push
      shards_[shard]->queue.push(intake.producers[shard], {raw, i});
    }
  });
}

SubmitResult Pipeline::submit(std::unique_ptr<OperatorChange>& change) {
  return submit(change, [this](OperatorChange* raw) {
    if (!raw->in_partition) return to_merger_.push(Engine::Message(raw));
    for (const auto& shard : shards_) shard->queue.push(Engine::Item::of(raw));
  });
}

void Pipeline::run_worker(std::uint32_t index) {
  name_this_thread("worker-" + std::to_string(index));
  if (settings_.pin_workers) pin_this_thread(index % cpu_count());
  std::vector<Engine::Item> items(kItemsAtOnce);
  while (true) {
    ++shards_[index]->turns;
    const bool stopping =
        // Asked before the pop: only then does an empty queue mean that all is drained
        stopping_.load() && submitting_.load() == 0 && engine_.unfinished() == 0;
    const std::size_t count =
        shards_[index]->queue.wait_pop_some(items.begin(), kItemsAtOnce, stopping ? 0 : kIdleWaitUs);
    if (count == 0 && stopping) break;
    gather(index, items, count, stopping);
    engine_.commit(index);
    engine_.flush_if_due(index);
  }
  engine_.flush_all(index);
}

// If there is something to write, waits a little for more requests, which then share its fsync.
void Pipeline::gather(std::uint32_t index, std::vector<Engine::Item>& items, std::size_t count, bool stopping) {
  Queue<Engine::Item>& queue = shards_[index]->queue;
  std::int64_t waited_us = 0;
  while (count > 0) {
    for (std::size_t i = 0; i < count; ++i) engine_.apply(index, items[i]);
    const bool wait = engine_.would_gather(index) && waited_us < settings_.commit_wait_us && !stopping;
    constexpr std::int64_t kStepUs = 500;
    if (!wait && engine_.applied(index) >= kItemsAtOnce) break;
    count = queue.wait_pop_some(items.begin(), kItemsAtOnce, wait ? kStepUs : 0);
    if (wait) waited_us += kStepUs;
    if (count == 0 && wait && waited_us < settings_.commit_wait_us) {
      count = queue.wait_pop_some(items.begin(), kItemsAtOnce, settings_.commit_wait_us - waited_us);
      waited_us = settings_.commit_wait_us;
    }
  }
}

void Pipeline::run_merger() {
  name_this_thread("merger");
  engine_.refill_outbox();
  while (true) {
    ++merger_turns_;
    const bool last = workers_done_.load();
    std::vector<Engine::Message> messages;
    const bool busy = last || engine_.has_to_judge();
    const std::int64_t wait_us = busy ? 0 : engine_.has_standby() ? kFollowWaitUs : kIdleWaitUs;
    std::size_t count = to_merger_.wait_pop_some(std::back_inserter(messages), kMessagesAtOnce, wait_us);
    while (last && count > 0) count = to_merger_.pop_some(std::back_inserter(messages), kMessagesAtOnce);
    if (!messages.empty() || engine_.has_to_judge() || engine_.has_standby()) merge(std::move(messages));
    if (last) break;
    engine_.age_rows();
    engine_.refill_outbox();
  }
}

// A failed transaction is tried again until it succeeds or the process ends.
void Pipeline::merge(std::vector<Engine::Message> messages) {
  CommitOutcome outcome = engine_.merge(std::move(messages));
  while (outcome == CommitOutcome::failed && !engine_.broken()) {
    ++merger_turns_;            // it waits for the disk and does not hang
    if (workers_done_) return;  // the process ends: candidates on disk are judged at the next start
    std::this_thread::sleep_for(std::chrono::microseconds(kMergerRetryUs));
    outcome = engine_.merge({});
  }
}

void Pipeline::report(DeliveryOutcome outcome) {
  to_merger_.push(Engine::Message(std::move(outcome)));
}

void Pipeline::claim(DeliveryClaim claim) {
  to_merger_.push(Engine::Message(std::move(claim)));
}

std::vector<std::uint64_t> Pipeline::turns() const {
  std::vector<std::uint64_t> all;
  for (const auto& shard : shards_) all.push_back(shard->turns);
  all.push_back(merger_turns_);
  return all;
}

std::vector<std::string> Pipeline::not_ready() const {
  std::vector<std::string> reasons = engine_.not_ready();
  if (stopping_ || stop_announced_) {
    reasons.insert(reasons.begin(), "draining");
  } else if (!started_) {
    reasons.insert(reasons.begin(), "starting");
  }
  return reasons;
}

}  // namespace straykey
