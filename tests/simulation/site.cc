#include "tests/simulation/site.h"

#include <algorithm>
#include <utility>

namespace straykey {

Site::Site(Settings settings, std::shared_ptr<const NetworkMap> networks, Faults& faults, Endpoints& endpoints)
    : settings_(std::move(settings)),
      networks_(std::move(networks)),
      faults_(faults),
      endpoints_(endpoints),
      alerts_(faults) {}

Site::~Site() {
  die();
}

bool Site::start(std::uint32_t shards) {
  faults_.step = Step::start;
  shards_ = shards;
  while (partitions_.size() < shards) partitions_.push_back(std::make_unique<FaultyBaselineStore>(faults_));
  metrics_ = std::make_unique<Metrics>();
  Engine::Settings settings;
  settings.hash_key = settings_.hash_key;
  settings.shards = shards;
  settings.queued_bytes_max = settings_.queued_bytes_max;
  settings.signatures_max = settings_.signatures_max;
  settings.keys_max = settings_.keys_max;
  settings.candidates_at_once = settings_.candidates_at_once;
  settings.duplicates_tracked = 256;
  Engine::Dependencies dependencies;
  Engine::Callbacks callbacks;
  for (const auto& partition : partitions_) dependencies.partitions.push_back(partition.get());
  dependencies.alerts = &alerts_;
  dependencies.routes = {{"siem", Severity::informational, {}, {}}, {"pager", Severity::high, {}, {}}};
  callbacks.deliver = [this](Delivery delivery) {
    faults_.operation();
    endpoints_.deliver(std::move(delivery), moment());
  };
  callbacks.to_merger = [this](Engine::Message message) {
    faults_.operation();
    to_merger_[producer_].push_back(std::move(message));
  };
  callbacks.to_shard = [this](std::uint32_t shard, Engine::Item item) {
    faults_.operation();
    queues_[shard][kIntakes + producer_].items.push_back(item);
  };
  callbacks.uptime = [this] { return uptime; };
  callbacks.on_fatal = [this](const std::string&) { fatal_ = true; };
  dependencies.metrics = metrics_.get();
  dependencies.networks = networks_;
  engine_ = std::make_unique<Engine>(settings, settings_.detection, std::move(dependencies), std::move(callbacks));
  if (engine_->find_unjudged() != CommitOutcome::committed) {
    die();
    return false;
  }
  refill();
  return true;
}

void Site::die() {
  engine_.reset();
  for (auto& queues : queues_)
    for (ProducerQueue& queue : queues) queue.items.clear();
  for (auto& queue : to_merger_) queue.clear();
  for (Request* request : live_) delete request;
  live_.clear();
  for (const auto& partition : partitions_) partition->restart();
  alerts_.restart();
  endpoints_.restart();
  outcomes_.clear();
  must_merge_again_ = false;
  fatal_ = false;
  faults_.forget_crash();
}

void Site::stop() {
  Random random(7);
  const auto drain = [&](std::uint32_t shard) {
    while (has_items(shard)) apply_some(shard, random, 64);
    commit(shard);
  };
  while (engine_->unfinished() > 0)
    for (std::uint32_t shard = 0; shard < shards_; ++shard) drain(shard);
  for (std::uint32_t shard = 0; shard < shards_; ++shard) {
    drain(shard);
    faults_.step = Step::flush;
    producer_ = shard;
    engine_->flush(shard);
  }
  for (int tries = 0; tries < 8; ++tries) {
    merge_some(random, 1'000);
    if (!must_merge_again_) break;
  }
  die();
}

std::unique_ptr<Request> Site::submit(std::unique_ptr<Request> request, std::size_t intake) {
  faults_.step = Step::admit;
  if (engine_->admit(*request) != SubmitResult::accepted) return request;
  Request* raw = request.release();
  live_.insert(raw);
  raw->on_done = [this, raw, done = std::move(raw->on_done)](RequestOutcome outcome) {
    faults_.operation();
    live_.erase(raw);
    done(outcome);
  };
  for (std::uint32_t i = 0; i < raw->batches.size(); ++i)
    queues_[raw->batches[i].shard][intake].items.push_back({raw, i});
  return nullptr;
}

bool Site::has_items(std::uint32_t shard) const {
  return std::any_of(queues_[shard].begin(), queues_[shard].end(),
                     [](const ProducerQueue& queue) { return !queue.items.empty(); });
}

void Site::apply_some(std::uint32_t shard, Random& random, std::size_t count) {
  faults_.step = Step::apply;
  producer_ = shard;
  while (count-- > 0 && has_items(shard)) {
    ProducerQueue* queue = nullptr;
    do queue = &queues_[shard][random.below(queues_[shard].size())];
    while (queue->items.empty());
    const Engine::Item item = queue->items.front();
    queue->items.pop_front();
    engine_->apply(shard, item);
  }
}

void Site::commit(std::uint32_t shard) {
  faults_.step = Step::commit;
  producer_ = shard;
  engine_->commit(shard);
}

void Site::flush_if_due(std::uint32_t shard) {
  faults_.step = Step::flush;
  producer_ = shard;
  engine_->flush_if_due(shard);
}

bool Site::has_messages() const {
  return must_merge_again_ || has_queued_messages() || (running() && engine_->has_to_judge());
}

bool Site::has_queued_messages() const {
  return std::any_of(to_merger_.begin(), to_merger_.end(), [](const auto& l) { return !l.empty(); });
}

void Site::merge_some(Random& random, std::size_t count) {
  faults_.step = Step::merge;
  std::vector<Engine::Message> messages;
  while (!must_merge_again_ && count-- > 0 && has_queued_messages()) {
    std::deque<Engine::Message>* queue = nullptr;
    do queue = &to_merger_[random.below(to_merger_.size())];
    while (queue->empty());
    if (const auto* outcome = std::get_if<DeliveryOutcome>(&queue->front())) outcomes_.push_back(*outcome);
    messages.push_back(std::move(queue->front()));
    queue->pop_front();
  }
  const CommitOutcome outcome = engine_->merge(std::move(messages));
  must_merge_again_ = outcome != CommitOutcome::committed;
  if (outcome != CommitOutcome::committed) return;
  for (const DeliveryOutcome& kept : outcomes_) endpoints_.kept(kept);
  outcomes_.clear();
}

void Site::age_rows() {
  faults_.step = Step::live;
  if (must_merge_again_) return;  // the merger's thread is busy trying again
  engine_->age_rows();
}

void Site::refill() {
  faults_.step = Step::refill;
  engine_->refill_outbox();
}

void Site::report(DeliveryOutcome outcome) {
  to_merger_.back().push_back(Engine::Message(std::move(outcome)));
}

void Site::reload_networks() {
  engine_->use_networks(networks_);
}

}  // namespace straykey
