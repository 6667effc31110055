#include "core/engine/engine.h"

#include <iterator>
#include <utility>

#include "core/base/invariant.h"
#include "core/engine/route.h"
#include "core/event/poisoned_records.h"

namespace straykey {
namespace {

constexpr std::string_view kStopping = "the server stops";
constexpr std::string_view kDamaged = "a part of the store is damaged";

}  // namespace

Engine::Engine(Settings settings, const DetectionSettings& detection, Dependencies dependencies, Callbacks callbacks)
    : settings_(settings),
      dependencies_(std::move(dependencies)),
      callbacks_(std::move(callbacks)),
      networks_(dependencies_.networks),
      detection_(std::make_shared<const DetectionSettings>(detection)),
      queued_bytes_max_(settings.queued_bytes_max),
      merger_detection_(detection),
      merger_(settings.hash_key, merger_detection_, dependencies_.partitions, *dependencies_.alerts,
              dependencies_.routes, callbacks_.deliver, *dependencies_.metrics),
      queued_gauge_(dependencies_.metrics->gauge("straykey_queue_bytes",
                                                 "Bytes of records waiting for or in the shard workers.")),
      unjudged_gauge_(dependencies_.metrics->gauge(
          "straykey_candidates_unjudged", "Candidates that are stored and that the merger has not judged yet.")),
      refused_(dependencies_.metrics->counter("straykey_requests_refused_total",
                                              "Requests refused because the queues were full.")),
      commits_(
          dependencies_.metrics->counter("straykey_commits_total", "Durable commits of shard workers and merger.")),
      commit_failures_(dependencies_.metrics->counter("straykey_commit_failures_total", "Commits that failed.")),
      commit_seconds_(dependencies_.metrics->histogram("straykey_commit_seconds",
                                                       "How long durable commits of shard workers took.")) {
  if (const PoisonedRecords* poisoned = dependencies_.poisoned)
    merger_.refuse([poisoned](std::string_view record) { return poisoned->contains(record); });
  merger_.judge_at_most(settings_.candidates_at_once);
  INVARIANT(settings_.shards >= 1 && dependencies_.partitions.size() >= settings_.shards, settings_.shards,
            dependencies_.partitions.size());
  for (std::uint32_t shard = 0; shard < settings_.shards; ++shard) {
    ShardWorker::Settings worker;
    worker.shard = shard;
    worker.shards = settings_.shards;
    worker.hash_key = settings_.hash_key;
    for (BaselineStore* partition : dependencies_.partitions)
      if (partition != dependencies_.partitions[shard]) worker.others.push_back(partition);
    worker.signatures_max = settings_.signatures_max;
    worker.keys_max = settings_.keys_max;
    worker.keys_a_flush = settings_.keys_a_flush;
    worker.duplicates_tracked = settings_.duplicates_tracked;
    Shard& made = *shards_.emplace_back(std::make_unique<Shard>());
    made.detection = detection;
    made.worker =
        std::make_unique<ShardWorker>(worker, made.detection, *dependencies_.partitions[shard], *dependencies_.metrics);
    made.flushed_at = callbacks_.uptime();
  }
  for (std::size_t i = settings_.shards; i < dependencies_.partitions.size(); ++i)
    retired_.emplace_back(Expiry::Settings{baseline_expiry_rules()}, *dependencies_.metrics);
  if (dependencies_.standby != nullptr) prepare_standby();
}

// Answers the operator. The change is destroyed with that.
void Engine::answer(OperatorChange* change, ChangeOutcome::Kind kind, const std::string& sentence) {
  const std::unique_ptr<OperatorChange> owned(change);
  ChangeOutcome outcome{kind, change->rows + change->in_merger.rows, sentence};
  if (kind == ChangeOutcome::Kind::done && !change->in_merger.refusal.empty())
    outcome = {ChangeOutcome::Kind::refused, 0, change->in_merger.refusal, change->in_merger.refused_as};
  if (change->on_done) change->on_done(outcome);
}

Engine::~Engine() {
  answer_changes(ChangeOutcome::Kind::stopped, std::string(kStopping));
}

CommitOutcome Engine::find_unjudged() {
  const CommitOutcome outcome = merger_.find_unjudged();
  find_damage();
  newest_day_ = merger_.newest_day();
  backlog_ = merger_.waiting();
  unjudged_gauge_.set(static_cast<double>(backlog_));
  if (backlog_ > 0 && outcome == CommitOutcome::committed && dependencies_.log != nullptr)
    dependencies_.log->info("an earlier run left candidates unjudged; they are judged before any of this run",
                            {{"unjudged", std::to_string(backlog_)}});
  return outcome;
}

bool Engine::reserve_credits(std::size_t bytes) {
  std::size_t held = queued_bytes_.load();
  do {
    // A request that is larger than the limit passes while no other holds bytes. Otherwise it could never be delivered.
    if (held != 0 && held + bytes > queued_bytes_max_.load()) return false;
  } while (!queued_bytes_.compare_exchange_weak(held, held + bytes));
  queued_gauge_.set(static_cast<double>(held + bytes));
  return true;
}

SubmitResult Engine::admit(Request& request) {
  INVARIANT(!request.events.empty());
  if (broken_) return SubmitResult::stopped;
  if (damaged_) return SubmitResult::damaged;
  const std::size_t bytes = request.is_reserved ? 0 : request.held_bytes();
  if (!request.is_reserved && !reserve_credits(bytes)) {
    refused_.add();
    return SubmitResult::overloaded;
  }
  route(request, settings_.hash_key, static_cast<std::uint32_t>(shards_.size()));
  request.credits = bytes;
  request.newest_day_before = newest_day_.load();
  request.shards_to_finish.store(static_cast<std::uint32_t>(request.batches.size()));
  unfinished_.fetch_add(1);
  return SubmitResult::accepted;
}

SubmitResult Engine::admit(OperatorChange& change) {
  INVARIANT(change.in_alerts != nullptr);
  if (broken_) return SubmitResult::stopped;
  if (damaged_) return SubmitResult::damaged;
  change.shards_to_finish.store(static_cast<std::uint32_t>(shards_.size()));
  return SubmitResult::accepted;
}

void Engine::apply(std::uint32_t index, Item item) {
  if (item.is_change()) return carry_out(index, *item.change);
  Shard& shard = *shards_[index];
  const std::uint64_t generation = generation_.load();
  // Only between batches, because forgetting known events would forget those of the open batch
  if (generation != shard.generation && shard.applied.empty()) {
    shard.generation = generation;
    shard.networks = networks_.load();
    shard.detection = *detection_.load();
    shard.worker->forget_known();
  }
  take_told(shard);
  shard.worker->apply(*item.request, item.request->batches[item.batch], *shard.networks);
  shard.applied.push_back(item);
}

std::size_t Engine::applied(std::uint32_t shard) const noexcept {
  return shards_[shard]->applied.size();
}

bool Engine::would_gather(std::uint32_t shard) const noexcept {
  const ShardWorker& worker = *shards_[shard]->worker;
  return worker.has_news() && worker.news_count() < settings_.commit_events_max;
}

void Engine::commit(std::uint32_t index) {
  Shard& shard = *shards_[index];
  if (shard.applied.empty()) return;
  const bool committed = commit_worker(index) == CommitOutcome::committed;
  for (const Item& item : shard.applied) finish(item, committed);
  shard.applied.clear();
}

CommitOutcome Engine::commit_worker(std::uint32_t index) {
  Shard& shard = *shards_[index];
  const bool news = shard.worker->has_news();
  const double began = callbacks_.uptime();
  const CommitOutcome outcome = shard.worker->commit(merger_.judged_up_to(index));
  if (news) {
    commits_.add();
    commit_seconds_.observe(callbacks_.uptime() - began);
  }
  if (outcome != CommitOutcome::committed) {
    commit_failures_.add();
    complain("a shard could not commit; its requests are answered 503 and may be sent again",
             {{"shard", std::to_string(index)}, {"reason", shard.worker->failure()}});
    if (outcome == CommitOutcome::unknown) fatal("a commit may or may not be on disk: " + shard.worker->failure());
  }
  shard.failing = outcome != CommitOutcome::committed;
  if (shard.failing) find_damage();
  return outcome;
}

// The change gets a transaction of its own, so that no request fails because of it.
void Engine::carry_out(std::uint32_t index, OperatorChange& change) {
  commit(index);
  ShardWorker& worker = *shards_[index]->worker;
  worker.carry_out(change);
  if (commit_worker(index) != CommitOutcome::committed) change.fail(worker.failure());
  if (change.shards_to_finish.fetch_sub(1) != 1) return;
  if (change.any_failed) return answer(&change, ChangeOutcome::Kind::failed, change.failure);
  callbacks_.to_merger(Message(&change));
}

// The merger writes the partitions that no worker writes any more. It does so before its own transaction, which reads
// them.
void Engine::carry_out_in_retired() {
  std::erase_if(ready_, [this](const Message& message) {
    auto* const* change = std::get_if<OperatorChange*>(&message);
    if (change == nullptr || !(*change)->in_partition) return false;
    carry_out_in_retired(**change);
    if ((*change)->any_failed) answer(*change, ChangeOutcome::Kind::failed, (*change)->failure);
    return (*change)->any_failed.load();
  });
}

void Engine::carry_out_in_retired(OperatorChange& change) {
  for (std::size_t i = shards_.size(); i < dependencies_.partitions.size() && !change.any_failed; ++i) {
    const auto writer = dependencies_.partitions[i]->write();
    change.rows += change.in_partition(*writer);
    const CommitOutcome outcome = writer->commit();
    if (outcome == CommitOutcome::committed) continue;
    change.fail(std::string(writer->failure()));
    if (outcome == CommitOutcome::unknown) fatal("a commit may or may not be on disk: " + change.failure);
  }
}

// Changes are not kept for another try, because an operator who hears "failed" can ask again.
void Engine::answer_changes(ChangeOutcome::Kind kind, const std::string& sentence) {
  std::erase_if(ready_, [&](const Message& message) {
    auto* const* change = std::get_if<OperatorChange*>(&message);
    if (change != nullptr) answer(*change, kind, sentence);
    return change != nullptr;
  });
}

// Whether shards have something to tell each other about keys that were issued in the request. It has finished when
// that is committed, too: so nothing is acknowledged that only a shard's memory knows, and what comes after the reply
// is judged by all of it.
bool Engine::hand_on(Request& request) {
  const std::size_t handled = request.batches.size();
  if (!route_descents(request, static_cast<std::uint32_t>(shards_.size()))) return false;
  std::vector<std::uint32_t> to;
  for (std::size_t i = handled; i < request.batches.size(); ++i) to.push_back(request.batches[i].shard);
  request.shards_to_finish.store(static_cast<std::uint32_t>(to.size()));
  // The request may be destroyed after the last of these calls.
  for (std::size_t i = 0; i < to.size(); ++i)
    callbacks_.to_shard(to[i], Item{{&request}, static_cast<std::uint32_t>(handled + i)});
  return true;
}

void Engine::finish(Item item, bool committed) {
  Request& request = *item.request;
  if (!committed) request.any_failed.store(true);
  if (request.shards_to_finish.fetch_sub(1) != 1 || hand_on(request)) return;
  Finished finished;
  for (const Request::ShardBatch& batch : request.batches)
    if (batch.candidates.last != 0) finished.candidates.push_back(batch.candidates);
  // The ticket is drawn before the reply, because what a sender sends after the reply must be judged after this
  // request.
  if (!finished.candidates.empty()) {
    for (const CandidateRange& range : finished.candidates)
      unjudged_gauge_.add(static_cast<double>(range.last - range.first + 1));
    finished.ticket = tickets_.fetch_add(1);
    callbacks_.to_merger(Message(std::move(finished)));
  }
  // Before the reply, because what a sender sends after the reply came later than this request.
  if (!request.any_failed) {
    note_newest(request.newest_day);
    note_told(request);
  }
  unfinished_.fetch_sub(1);
  const std::size_t credits = request.credits;
  if (request.on_done) request.on_done(request.any_failed ? RequestOutcome::failed : RequestOutcome::committed);
  delete item.request;
  queued_gauge_.set(static_cast<double>(queued_bytes_.fetch_sub(credits) - credits));
}

void Engine::note_told(const Request& request) {
  for (const Request::ShardBatch& batch : request.batches) {
    if (batch.told.empty()) continue;
    Shard& shard = *shards_[batch.shard];
    const std::lock_guard lock(shard.told_mutex);
    shard.told.insert(shard.told.end(), batch.told.begin(), batch.told.end());
    shard.has_told.store(true);
  }
}

void Engine::take_told(Shard& shard) {
  if (!shard.has_told.load()) return;
  const std::lock_guard lock(shard.told_mutex);
  shard.worker->need_not_tell(shard.told);
  shard.told.clear();
  shard.has_told.store(false);
}

void Engine::note_newest(Day day) noexcept {
  Day known = newest_day_.load();
  while (known < day && !newest_day_.compare_exchange_weak(known, day)) {
  }
}

void Engine::flush(std::uint32_t index) {
  Shard& shard = *shards_[index];
  INVARIANT(shard.applied.empty());
  shard.flushed_at = callbacks_.uptime();
  if (broken_ || damaged_) return;
  shard.worker->flush(merger_.run_hour());
  // A sender that waits for /readyz sends nothing, so the worker must find out by itself that the store works again.
  if (shard.failing) shard.worker->write_something();
  const CommitOutcome outcome = shard.worker->commit(merger_.judged_up_to(index));
  if (outcome == CommitOutcome::unknown) fatal("a commit may or may not be on disk: " + shard.worker->failure());
  shard.failing = outcome != CommitOutcome::committed;
  std::vector<Repeat> repeats = shard.worker->hand_over_repeats(merger_.judged_up_to(index));
  if (!repeats.empty()) callbacks_.to_merger(Message(std::move(repeats)));
}

void Engine::flush_all(std::uint32_t index) {
  do flush(index);
  while (shards_[index]->worker->has_more_to_flush() && !broken_ && !damaged_);
}

void Engine::flush_if_due(std::uint32_t index) {
  if (callbacks_.uptime() - shards_[index]->flushed_at >= settings_.flush_seconds) flush(index);
}

// Adds to ready_ what may be merged now. Finished requests wait for judgement in the order of their tickets, up to the
// first that is missing: its worker has drawn the ticket and not reached the queue yet. All other messages may go at
// once.
void Engine::put_in_order(std::vector<Message>& messages) {
  for (Message& message : messages) {
    if (auto* finished = std::get_if<Finished>(&message)) {
      early_.emplace(finished->ticket, std::move(*finished));
    } else {
      ready_.push_back(std::move(message));
    }
  }
  for (auto at = early_.begin(); at != early_.end() && at->first == next_ticket_; at = early_.erase(at), ++next_ticket_)
    merger_.add(std::move(at->second.candidates));
}

// On the merger's thread, which alone uses what is changed here.
void Engine::take_new_settings() {
  const std::uint64_t generation = generation_.load(), routes_generation = routes_generation_.load();
  if (generation != merger_generation_) merger_detection_ = *detection_.load();
  if (routes_generation != merger_routes_generation_) merger_.use_routes(*routes_.load());
  merger_generation_ = generation;
  merger_routes_generation_ = routes_generation;
}

CommitOutcome Engine::merge(std::vector<Message> messages) {
  take_new_settings();
  const bool leading = leads();
  put_in_order(messages);
  if (!leading) return follow();
  if (ready_.empty() && !has_to_judge()) return CommitOutcome::committed;
  if (broken_) {
    answer_claims(ClaimAnswer::not_now);
    answer_changes(ChangeOutcome::Kind::stopped, std::string(kStopping));
    return CommitOutcome::unknown;
  }
  if (damaged_) return merge_deliveries();
  merger_.pass_time(callbacks_.uptime());
  carry_out_in_retired();
  for (const Message& message : ready_) {
    if (const auto* repeats = std::get_if<std::vector<Repeat>>(&message)) merger_.count(*repeats);
    if (const auto* outcome = std::get_if<DeliveryOutcome>(&message)) merger_.apply(*outcome);
    if (auto* const* change = std::get_if<OperatorChange*>(&message)) merger_.carry_out(**change);
  }
  take_claims();
  const std::uint64_t waiting = merger_.waiting();
  merger_.judge_waiting();
  const CommitOutcome outcome = merger_.commit();
  merger_failing_ = outcome != CommitOutcome::committed && !has_lost_log();
  answer_claims(outcome == CommitOutcome::committed ? ClaimAnswer::granted : ClaimAnswer::not_now);
  if (outcome == CommitOutcome::committed) {
    commits_.add();
    answer_changes(ChangeOutcome::Kind::done, {});
    ready_.clear();
    note_judged(waiting - merger_.waiting());
    return outcome;
  }
  commit_failures_.add();
  answer_changes(ChangeOutcome::Kind::failed, merger_.failure());
  if (outcome == CommitOutcome::failed && find_damage()) return merge_deliveries();
  complain("the merger could not commit; it tries again", {{"reason", merger_.failure()}});
  if (outcome == CommitOutcome::unknown) fatal("the merger's commit may or may not be on disk: " + merger_.failure());
  return outcome;
}

void Engine::note_judged(std::uint64_t candidates) {
  unjudged_gauge_.add(-static_cast<double>(candidates));
  if (backlog_ == 0 || merger_.backlog_waits()) return;
  if (dependencies_.log != nullptr)
    dependencies_.log->info("what an earlier run left unjudged is judged", {{"candidates", std::to_string(backlog_)}});
  backlog_ = 0;
}

// Used when the store is damaged. The outcomes of deliveries are stored if that is possible; if not, the deliveries are
// made again after the restart. Candidates stay on disk and are judged when the store is whole again.
CommitOutcome Engine::merge_deliveries() {
  answer_claims(ClaimAnswer::not_now);
  answer_changes(ChangeOutcome::Kind::stopped, std::string(kDamaged));
  merger_.stop_judging();
  for (const Message& message : ready_)
    if (const auto* outcome = std::get_if<DeliveryOutcome>(&message)) merger_.apply(*outcome);
  ready_.clear();
  if (merger_.commit() != CommitOutcome::unknown) return CommitOutcome::committed;
  fatal("the merger's commit may or may not be on disk: " + merger_.failure());
  return CommitOutcome::unknown;
}

void Engine::refill_outbox() {
  find_damage();
  take_new_settings();
  if (following_) return;
  merger_.refill_outbox();
}

// Erases old rows of the merger's store, and of partitions that no worker writes any more. Workers do it for their own.
void Engine::age_rows() {
  if (broken_ || damaged_ || !merger_.advance_clock(callbacks_.uptime())) return;
  if (merger_.commit() == CommitOutcome::unknown)
    return fatal("the merger's commit may or may not be on disk: " + merger_.failure());
  for (std::size_t i = 0; i < retired_.size(); ++i) {
    const auto writer = dependencies_.partitions[shards_.size() + i]->write();
    retired_[i].sweep(*writer, merger_.run_hour());
    if (writer->commit() == CommitOutcome::unknown)
      return fatal("a commit may or may not be on disk: " + std::string(writer->failure()));
  }
}

void Engine::use_networks(std::shared_ptr<const NetworkMap> networks) {
  networks_.store(std::move(networks));
  generation_.fetch_add(1);
}

void Engine::use_detection(const DetectionSettings& detection) {
  detection_.store(std::make_shared<const DetectionSettings>(detection));
  generation_.fetch_add(1);
}

void Engine::use_routes(std::vector<WebhookRoute> routes) {
  routes_.store(std::make_shared<const std::vector<WebhookRoute>>(std::move(routes)));
  routes_generation_.fetch_add(1);
}

void Engine::complain(std::string_view message, std::initializer_list<LogField> fields) const {
  if (dependencies_.log != nullptr) dependencies_.log->error(message, fields);
}

std::vector<StoreDamage> Engine::damages() const {
  std::vector<StoreDamage> found;
  if (auto damage = dependencies_.alerts->damage()) found.push_back(std::move(*damage));
  for (const BaselineStore* partition : dependencies_.partitions)
    if (auto damage = partition->damage()) found.push_back(std::move(*damage));
  return found;
}

// True if a part of the store is damaged, found now or earlier.
bool Engine::find_damage() {
  if (damaged_) return true;
  const std::vector<StoreDamage> found = damages();
  if (found.empty() || damaged_.exchange(true)) return !found.empty();
  for (const StoreDamage& damage : found) {
    dependencies_.metrics
        ->gauge("straykey_store_damaged", "1: this part of the store is damaged; no events are taken.",
                {{"part", damage.part}})
        .set(1);
    complain(
        "the store is damaged: restore a backup. No events are taken and nothing is judged; stored alerts are still "
        "delivered",
        {{"part", damage.part}, {"reason", damage.sentence}});
  }
  return true;
}

void Engine::fatal(const std::string& message) {
  if (broken_.exchange(true)) return;
  callbacks_.on_fatal(message);
}

std::vector<std::string> Engine::not_ready() const {
  std::vector<std::string> reasons;
  bool store = broken_ || merger_failing_;
  for (const auto& shard : shards_) store = store || shard->failing;
  if (damaged_) {
    for (const StoreDamage& damage : damages()) reasons.push_back("damaged: " + damage.part);
  } else if (store) {
    reasons.emplace_back("store");
  }
  if (queued_bytes_.load() >= queued_bytes_max_.load()) reasons.emplace_back("queues");
  return reasons;
}

}  // namespace straykey
