#pragma once
// InlinePipeline: the whole engine on the caller's thread, for offline scan, scenarios and tests.
//
// Shape:  it has the same router, workers and merger as Pipeline, but no queues. Call learn() for any number of
//         requests, then judge().
// Order:  learn() applies a request to its shards one after the other; judge() judges all that was proposed and not
//         judged yet.
// Thread: one.
#include <memory>
#include <vector>

#include "core/engine/merger.h"
#include "core/engine/shard_worker.h"

namespace straykey {

class InlinePipeline {
 public:
  struct Stores {
    // At least `shards`; those behind them are of a former, larger shard count and are only read
    std::vector<BaselineStore*> partitions;
    AlertStore* alerts = nullptr;
  };
  InlinePipeline(HashKey hash_key, std::uint32_t shards, const DetectionSettings& detection, Stores stores,
                 std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver, Metrics& metrics);

  // Routes, applies and commits the request, and judges nothing yet. on_done is not called.
  [[nodiscard]] RequestOutcome learn(Request& request, const NetworkMap& networks);
  // Judges what `request` proposed, as the merger does when a request has finished. What is learned from now on came
  // later. Without it nothing is ever late.
  [[nodiscard]] CommitOutcome judge(const Request& request);
  // Judges everything proposed and not judged yet, in the order of days. The activity that its alerts may show is
  // written before.
  [[nodiscard]] CommitOutcome judge_all(Day until = Merger::kEveryDay);
  // Carries an operator's change out at once, in the partitions that have a worker; on_done is not called.
  [[nodiscard]] ChangeOutcome carry_out(OperatorChange& change);
  // Writes the counts of repeats.
  [[nodiscard]] CommitOutcome count_repeats();
  // Writes all soft state: activity of keys, counts of repeats.
  [[nodiscard]] CommitOutcome flush();

  [[nodiscard]] Merger& merger() noexcept { return merger_; }

 private:
  [[nodiscard]] CommitOutcome flush_proposed();

  HashKey hash_key_;
  std::vector<BaselineStore*> partitions_;
  std::vector<std::unique_ptr<ShardWorker>> workers_;
  Merger merger_;
  Day newest_day_ = 0;  // on which any account was seen, by the requests that were judged by themselves
};

}  // namespace straykey
