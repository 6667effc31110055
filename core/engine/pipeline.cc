#include "core/engine/pipeline.h"

#include <functional>
#include <iterator>

#include "core/base/cpu.h"
#include "core/engine/route.h"

namespace straykey {
namespace {

constexpr std::size_t kItemsAtOnce = 64;
constexpr std::size_t kMessagesAtOnce = 256;
constexpr std::int64_t kIdleWaitUs = 100'000;
constexpr std::int64_t kMergerRetryUs = 1'000'000;

}  // namespace

Pipeline::Pipeline(Settings settings, const DetectionSettings& detection, Surroundings surroundings,
                   std::shared_ptr<const NetworkMap> networks)
    : settings_(settings),
      detection_(detection),
      surroundings_(std::move(surroundings)),
      networks_(std::move(networks)),
      merger_(settings.hash_key, detection, surroundings_.partitions, *surroundings_.alerts, surroundings_.routes,
              surroundings_.deliver, *surroundings_.metrics),
      queued_gauge_(surroundings_.metrics->gauge("straykey_queue_bytes",
                                                 "Bytes of records waiting for or in the shard workers.")),
      refused_(surroundings_.metrics->counter("straykey_requests_refused_total",
                                              "Requests refused because the queues were full.")),
      commits_(
          surroundings_.metrics->counter("straykey_commits_total", "Durable commits of shard workers and merger.")),
      commit_failures_(surroundings_.metrics->counter("straykey_commit_failures_total", "Commits that failed.")),
      commit_seconds_(surroundings_.metrics->histogram("straykey_commit_seconds",
                                                       "How long durable commits of shard workers took.")) {
  CHECK(settings_.shards >= 1 && surroundings_.partitions.size() >= settings_.shards);
  for (std::uint32_t shard = 0; shard < settings_.shards; ++shard) {
    ShardWorker::Settings worker;
    worker.shard = shard;
    worker.hash_key = settings_.hash_key;
    for (BaselineStore* partition : surroundings_.partitions)
      if (partition != surroundings_.partitions[shard]) worker.others.push_back(partition);
    worker.signatures_max = settings_.signatures_max;
    worker.keys_max = settings_.keys_max;
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->worker =
        std::make_unique<ShardWorker>(worker, detection_, *surroundings_.partitions[shard], *surroundings_.metrics);
  }
  for (Intake& intake : intakes_)
    for (const auto& shard : shards_) intake.producers.push_back(shard->queue.producer());
}

Pipeline::~Pipeline() {
  stop();
}

CommitOutcome Pipeline::start() {
  const CommitOutcome outcome = merger_.judge_all_unjudged();
  if (outcome != CommitOutcome::committed) return outcome;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard)
    shards_[shard]->thread = std::thread([this, shard] { run_worker(shard); });
  merger_thread_ = std::thread([this] { run_merger(); });
  started_ = true;
  return outcome;
}

void Pipeline::stop() {
  if (!started_.exchange(false)) return;
  stopping_ = true;
  // A submit that began before saw stopping_ as false: its items must be in the queues before the workers look for the
  // last time.
  while (submitting_.load() != 0) std::this_thread::yield();
  for (const auto& shard : shards_) shard->thread.join();
  workers_done_ = true;
  merger_thread_.join();
}

bool Pipeline::take_credits(std::size_t bytes) {
  std::size_t held = queued_bytes_.load();
  do {
    // One request larger than the limit may pass while nothing else is held; else it could never be delivered.
    if (held != 0 && held + bytes > settings_.queued_bytes_max) return false;
  } while (!queued_bytes_.compare_exchange_weak(held, held + bytes));
  queued_gauge_.set(static_cast<double>(held + bytes));
  return true;
}

SubmitResult Pipeline::submit(std::unique_ptr<Request>& request) {
  CHECK(request != nullptr && !request->events.empty());
  submitting_.fetch_add(1);
  struct Leave {
    std::atomic<std::uint32_t>& count;
    ~Leave() { count.fetch_sub(1); }
  } leave{submitting_};
  if (!started_ || stopping_ || broken_) return SubmitResult::stopped;

  const std::size_t bytes = request->held_bytes();
  if (!take_credits(bytes)) {
    refused_.add();
    return SubmitResult::overloaded;
  }
  route(*request, settings_.hash_key, static_cast<std::uint32_t>(shards_.size()));
  Request* raw = request.release();
  raw->credits = bytes;
  const auto count = static_cast<std::uint32_t>(raw->batches.size());
  raw->shards_to_finish.store(count);
  Intake& intake = intakes_[std::hash<std::thread::id>{}(std::this_thread::get_id()) % intakes_.size()];
  const std::lock_guard lock(intake.mutex);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t shard = raw->batches[i].shard;  // raw may be gone after the last push
    shards_[shard]->queue.push(intake.producers[shard], {raw, i});
  }
  return SubmitResult::accepted;
}

void Pipeline::run_worker(std::uint32_t index) {
  if (settings_.pin_workers) pin_this_thread(index % cpu_count());
  Shard& shard = *shards_[index];
  std::vector<Item> applied;
  std::vector<Item> items(kItemsAtOnce);
  Seconds flushed_at = surroundings_.now();
  std::uint64_t generation = networks_generation_.load();
  while (true) {
    const bool stopping =
        stopping_.load() && submitting_.load() == 0;  // before the pop, or "empty" would not mean "drained"
    std::size_t count = shard.queue.wait_pop_some(items.begin(), kItemsAtOnce, stopping ? 0 : kIdleWaitUs);
    if (count == 0 && stopping) break;
    if (const std::uint64_t now = networks_generation_.load(); now != generation) {
      generation = now;
      shard.worker->forget_known();
    }
    const std::shared_ptr<const NetworkMap> networks = networks_.load();
    std::int64_t waited_us = 0;
    while (count > 0) {
      for (std::size_t i = 0; i < count; ++i) {
        shard.worker->apply(*items[i].request, items[i].request->batches[items[i].batch], *networks);
        applied.push_back(items[i]);
      }
      // Group commit: with something new to write, wait a little for others to share the fsync.
      const bool gather = shard.worker->has_news() && shard.worker->news_count() < settings_.commit_events_max &&
                          waited_us < settings_.commit_wait_us && !stopping;
      constexpr std::int64_t kStepUs = 500;
      if (!gather && applied.size() >= kItemsAtOnce) break;
      count = shard.queue.wait_pop_some(items.begin(), kItemsAtOnce, gather ? kStepUs : 0);
      if (gather) waited_us += kStepUs;
      if (count == 0 && gather && waited_us < settings_.commit_wait_us) {
        count = shard.queue.wait_pop_some(items.begin(), kItemsAtOnce, settings_.commit_wait_us - waited_us);
        waited_us = settings_.commit_wait_us;
      }
    }
    commit_and_finish(index, applied);
    if (const Seconds now = surroundings_.now(); now < flushed_at || now - flushed_at >= settings_.flush_seconds) {
      flushed_at = now;
      flush(index);
    }
  }
  flush(index);
}

void Pipeline::commit_and_finish(std::uint32_t index, std::vector<Item>& applied) {
  if (applied.empty()) return;
  Shard& shard = *shards_[index];
  const bool news = shard.worker->has_news();
  const double began = surroundings_.uptime();
  const CommitOutcome outcome = shard.worker->commit(merger_.judged_up_to(index));
  if (news) {
    commits_.add();
    commit_seconds_.observe(surroundings_.uptime() - began);
  }
  if (outcome != CommitOutcome::committed) {
    commit_failures_.add();
    surroundings_.log->error("a shard could not commit; its requests are answered 503 and may be sent again",
                             {{"shard", std::to_string(index)}, {"reason", shard.worker->failure()}});
    if (outcome == CommitOutcome::unknown) fatal("a commit may or may not be on disk: " + shard.worker->failure());
  }
  shard.failing = outcome != CommitOutcome::committed;
  for (const Item& item : applied) finish(item, outcome == CommitOutcome::committed);
  applied.clear();
}

void Pipeline::finish(Item item, bool committed) {
  Request& request = *item.request;
  if (!committed) request.any_failed.store(true);
  if (request.shards_to_finish.fetch_sub(1) != 1) return;
  Finished finished;
  for (const Request::ShardBatch& batch : request.batches)
    if (batch.candidates.last != 0) finished.candidates.push_back(batch.candidates);
  // Before the reply: what a sender sends after it must be judged after it.
  if (!finished.candidates.empty()) {
    finished.ticket = tickets_.fetch_add(1);
    to_merger_.push(Message(std::move(finished)));
  }
  const std::size_t credits = request.credits;
  if (request.on_done) request.on_done(request.any_failed ? RequestOutcome::failed : RequestOutcome::committed);
  delete item.request;
  queued_gauge_.set(static_cast<double>(queued_bytes_.fetch_sub(credits) - credits));
}

void Pipeline::flush(std::uint32_t index) {
  Shard& shard = *shards_[index];
  if (broken_) return;
  shard.worker->flush_activity();
  if (shard.worker->has_news() && shard.worker->commit(merger_.judged_up_to(index)) == CommitOutcome::unknown)
    fatal("a commit may or may not be on disk: " + shard.worker->failure());
  std::vector<Repeat> repeats = shard.worker->take_repeats(merger_.judged_up_to(index));
  if (!repeats.empty()) to_merger_.push(Message(std::move(repeats)));
}

void Pipeline::run_merger() {
  std::vector<Message> messages;
  merger_.refill_outbox();
  while (true) {
    const bool last = workers_done_.load();
    messages.clear();
    const std::size_t count =
        to_merger_.wait_pop_some(std::back_inserter(messages), kMessagesAtOnce, last ? 0 : kIdleWaitUs);
    if (count == 0 && last) break;
    if (count > 0) put_in_order(messages);
    if (!messages.empty()) merge(messages);
    merger_.refill_outbox();
  }
}

// Leaves in `messages` what may be merged now: finished requests in the order of their tickets, up to the first that is
// missing
// (its worker is between taking the ticket and the queue), and everything else.
void Pipeline::put_in_order(std::vector<Message>& messages) {
  std::vector<Message> ready;
  for (Message& message : messages) {
    if (auto* finished = std::get_if<Finished>(&message)) {
      early_.emplace(finished->ticket, std::move(*finished));
    } else {
      ready.push_back(std::move(message));
    }
  }
  for (auto at = early_.begin(); at != early_.end() && at->first == next_ticket_; at = early_.erase(at), ++next_ticket_)
    ready.push_back(std::move(at->second));
  messages = std::move(ready);
}

// One transaction for all messages; a failed one is tried again with the same messages until it succeeds or the process
// ends.
void Pipeline::merge(std::vector<Message>& messages) {
  while (!broken_) {
    for (Message& message : messages) {
      if (const auto* finished = std::get_if<Finished>(&message)) merger_.judge(finished->candidates);
      if (const auto* repeats = std::get_if<std::vector<Repeat>>(&message)) merger_.count(*repeats);
      if (const auto* outcome = std::get_if<DeliveryOutcome>(&message)) merger_.apply(*outcome);
    }
    const CommitOutcome outcome = merger_.commit();
    if (outcome == CommitOutcome::committed) {
      commits_.add();
      merger_failing_ = false;
      return;
    }
    commit_failures_.add();
    merger_failing_ = true;
    surroundings_.log->error("the merger could not commit; it tries again", {{"reason", merger_.failure()}});
    if (outcome == CommitOutcome::unknown)
      return fatal("the merger's commit may or may not be on disk: " + merger_.failure());
    if (workers_done_) return;  // shutting down: what is unjudged on disk is judged at the next start
    std::this_thread::sleep_for(std::chrono::microseconds(kMergerRetryUs));
  }
}

void Pipeline::report(DeliveryOutcome outcome) {
  to_merger_.push(Message(std::move(outcome)));
}

void Pipeline::use_networks(std::shared_ptr<const NetworkMap> networks) {
  networks_.store(std::move(networks));
  networks_generation_.fetch_add(1);
}

void Pipeline::fatal(const std::string& message) {
  if (broken_.exchange(true)) return;
  surroundings_.on_fatal(message);
}

std::vector<std::string> Pipeline::not_ready() const {
  std::vector<std::string> reasons;
  if (stopping_) {
    reasons.emplace_back("draining");
  } else if (!started_) {
    reasons.emplace_back("starting");
  }
  bool store = broken_ || merger_failing_;
  for (const auto& shard : shards_) store = store || shard->failing;
  if (store) reasons.emplace_back("store");
  if (queued_bytes_.load() >= settings_.queued_bytes_max) reasons.emplace_back("queues");
  return reasons;
}

}  // namespace straykey
