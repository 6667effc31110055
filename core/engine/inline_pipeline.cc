#include "core/engine/inline_pipeline.h"

#include <algorithm>
#include <set>
#include <string>

#include "core/base/invariant.h"
#include "core/engine/route.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kKeysAFlush = 5'000;  // many, because no sender waits meanwhile

}  // namespace

InlinePipeline::InlinePipeline(HashKey hash_key, std::uint32_t shards, const DetectionSettings& detection,
                               Stores stores, std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver,
                               Metrics& metrics)
    : hash_key_(hash_key),
      partitions_(stores.partitions),
      merger_(hash_key, detection, stores.partitions, *stores.alerts, std::move(routes), std::move(deliver), metrics) {
  INVARIANT(stores.partitions.size() >= shards, stores.partitions.size(), shards);
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    ShardWorker::Settings settings;
    settings.shard = shard;
    settings.shards = shards;
    settings.hash_key = hash_key;
    settings.keys_a_flush = kKeysAFlush;
    for (BaselineStore* partition : stores.partitions)
      if (partition != stores.partitions[shard]) settings.others.push_back(partition);
    workers_.push_back(std::make_unique<ShardWorker>(settings, detection, *stores.partitions[shard], metrics));
  }
}

RequestOutcome InlinePipeline::learn(Request& request, const NetworkMap& networks) {
  request.newest_day_before = std::max(request.newest_day_before, newest_day_);
  route(request, hash_key_, static_cast<std::uint32_t>(workers_.size()));
  RequestOutcome outcome = RequestOutcome::committed;
  std::size_t done = 0;
  do {
    for (; done < request.batches.size(); ++done) {
      Request::ShardBatch& batch = request.batches[done];
      ShardWorker& worker = *workers_[batch.shard];
      worker.apply(request, batch, networks);
      if (worker.commit(merger_.judged_up_to(batch.shard)) != CommitOutcome::committed)
        outcome = RequestOutcome::failed;
    }
  } while (route_descents(request, static_cast<std::uint32_t>(workers_.size())));
  if (outcome == RequestOutcome::committed)
    for (const Request::ShardBatch& batch : request.batches) workers_[batch.shard]->need_not_tell(batch.told);
  return outcome;
}

CommitOutcome InlinePipeline::judge(const Request& request) {
  std::vector<CandidateRange> ranges;
  for (const Request::ShardBatch& batch : request.batches)
    if (batch.candidates.last != 0) ranges.push_back(batch.candidates);
  merger_.judge(ranges);
  newest_day_ = std::max(newest_day_, request.newest_day);
  return merger_.commit();
}

// Collects the keys and identities of the candidates that wait for judgement: only their activity will be shown.
CommitOutcome InlinePipeline::flush_proposed() {
  std::set<Hash128> keys;
  std::set<std::string> identities;
  for (std::uint32_t shard = 0; shard < partitions_.size(); ++shard) {
    const auto reader = partitions_[shard]->read();
    const std::string from = encode_sequence(merger_.judged_up_to(shard) + 1);
    reader->scan(Table::candidates, {}, from, [&](std::string_view, std::string_view row) {
      const auto candidate = decode_candidate(row);
      if (!candidate || !candidate->is_call()) return true;
      keys.insert(access_key_id(hash_key_, candidate->access_key));
      identities.insert(candidate->token.identity);
      return true;
    });
  }
  for (std::uint32_t shard = 0; shard < workers_.size() && !keys.empty(); ++shard) {
    workers_[shard]->flush_of(keys, identities);
    const CommitOutcome outcome = workers_[shard]->commit(merger_.judged_up_to(shard));
    if (outcome != CommitOutcome::committed) return outcome;
  }
  return CommitOutcome::committed;
}

CommitOutcome InlinePipeline::judge_all(Day until) {
  const CommitOutcome outcome = flush_proposed();
  return outcome == CommitOutcome::committed ? merger_.judge_all_unjudged(until) : outcome;
}

ChangeOutcome InlinePipeline::carry_out(OperatorChange& change) {
  for (std::uint32_t shard = 0; change.in_partition && shard < workers_.size(); ++shard) {
    workers_[shard]->carry_out(change);
    if (workers_[shard]->commit(merger_.judged_up_to(shard)) != CommitOutcome::committed)
      return {ChangeOutcome::Kind::failed, 0, workers_[shard]->failure()};
  }
  merger_.carry_out(change);
  if (merger_.commit() != CommitOutcome::committed) return {ChangeOutcome::Kind::failed, 0, merger_.failure()};
  if (!change.in_merger.refusal.empty())
    return {ChangeOutcome::Kind::refused, 0, change.in_merger.refusal, change.in_merger.refused_as};
  return {ChangeOutcome::Kind::done, change.rows + change.in_merger.rows, {}};
}

// Only when no worker has anything to commit. Counting opens readers of all partitions, and no commit may happen under
// them.
CommitOutcome InlinePipeline::count_repeats() {
  for (std::uint32_t shard = 0; shard < workers_.size(); ++shard)
    merger_.count(workers_[shard]->hand_over_repeats(merger_.judged_up_to(shard)));
  return merger_.commit();
}

CommitOutcome InlinePipeline::flush() {
  for (std::uint32_t shard = 0; shard < workers_.size(); ++shard) {
    ShardWorker& worker = *workers_[shard];
    do {
      worker.flush(merger_.run_hour());
      const CommitOutcome outcome = worker.commit(merger_.judged_up_to(shard));
      if (outcome != CommitOutcome::committed) return outcome;
    } while (worker.has_more_to_flush());
  }
  return count_repeats();
}

}  // namespace straykey
