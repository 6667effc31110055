#pragma once
// Engine: what the pipeline does, step by step: admission, workers, merger. No thread, no queue, no waiting.
//
// Shape:  admit() -> the caller brings an Item to each shard concerned -> apply(), commit(): replies, and a Message for
//         merge(). Pipeline drives the steps with threads and queues, tests/simulation with an adversary. An operator's
//         change goes the same way: admit() -> an Item to every shard, or a Message to the merger where it is the
//         merger's alone.
// Thread: admit(), use_networks(), not_ready(), broken(): any. apply(), commit() and flush of one shard: its worker's.
//         merge(), refill_outbox(), age_rows(): the merger's. With one thread: all on that one.
// Order:  judge_unjudged() first: it judges what a crash left. Items of one shard go in the order in which they come;
//         messages may come in any order (tickets put finished requests back into theirs).
// Durable: on_done(committed) comes after the commit of every shard concerned returned.
// Bounds: queued_bytes_max for all shards together, taken before anything is queued, given back when the request has
//         finished.
// Errors: a commit that failed fails its requests; one whose outcome is unknown ends acknowledging for good: on_fatal,
//         once. A part of the store that is damaged ends admission and judging until a restart; what is stored is still
//         delivered. A change that could not be committed is answered so and not tried again.
#include <atomic>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/log.h"
#include "core/engine/merger.h"
#include "core/engine/operator_change.h"
#include "core/engine/route.h"
#include "core/engine/shard_worker.h"
#include "core/engine/submit.h"

namespace straykey {

class Engine {
 public:
  struct Settings {
    HashKey hash_key;
    std::uint32_t shards = 1;
    std::size_t queued_bytes_max = 256u << 20;
    std::size_t commit_events_max = 512;       // this many new things are enough for a commit
    double flush_seconds = 1;                  // soft state
    std::size_t keys_a_flush = 500;            // of it, in 5 ms: what comes meanwhile waits
    std::size_t signatures_max = 1 << 18;      // a shard
    std::size_t keys_max = 1 << 16;            // a shard
    std::size_t duplicates_tracked = 1 << 16;  // a shard
  };
  // One shard's part of an admitted request, or of an operator's change.
  struct Item {
    static constexpr std::uint32_t kChange = ~0u;
    union {
      Request* request = nullptr;
      OperatorChange* change;  // where batch == kChange
    };
    std::uint32_t batch = 0;

    [[nodiscard]] static Item of(OperatorChange* change) noexcept {
      Item item;
      item.change = change;
      item.batch = kChange;
      return item;
    }
    [[nodiscard]] bool is_change() const noexcept { return batch == kChange; }
  };
  // A request that left candidates, numbered when it has finished.
  struct Finished {
    std::uint64_t ticket = 0;
    std::vector<CandidateRange> candidates;
  };
  using Message = std::variant<Finished, std::vector<Repeat>, DeliveryOutcome, OperatorChange*>;

  // What the engine borrows; it outlives the engine.
  struct Dependencies {
    std::vector<BaselineStore*> partitions;  // at least `shards`
    AlertStore* alerts = nullptr;
    std::vector<WebhookRoute> routes;
    const PoisonedRecords* poisoned = nullptr;  // may be null
    Metrics* metrics = nullptr;
    Log* log = nullptr;                          // may be null
    std::shared_ptr<const NetworkMap> networks;  // the first ones: see use_networks()
  };
  // What the engine calls back.
  struct Callbacks {
    std::function<void(Delivery)> deliver;      // on the merger's thread; must not block
    std::function<void(Message)> to_merger;     // on any thread; must not block
    std::function<double()> uptime;             // seconds, monotonic; on any thread
    std::function<void(std::string)> on_fatal;  // on any thread, once: the process should exit with 75
  };

  Engine(Settings settings, const DetectionSettings& detection, Dependencies dependencies, Callbacks callbacks);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Fails if the stores cannot be read or written; failure() says why.
  [[nodiscard]] CommitOutcome judge_unjudged();
  [[nodiscard]] const std::string& failure() const noexcept { return merger_.failure(); }

  // While it is being filled: see route.h. Any thread.
  void sign(Request& request) const { straykey::sign(request, settings_.hash_key); }
  // Accepted: the request is routed and holds its credits; the caller brings {request, i} to the shard of each of its
  // batches, and from the first of them on it belongs to the engine. Otherwise nothing has changed.
  [[nodiscard]] SubmitResult admit(Request& request);
  // Accepted: the caller brings Item::of(change) to every shard or, without in_partition, the change as a Message to
  // merge(); from the first of them on it belongs to the engine, which calls on_done. Otherwise nothing has changed.
  [[nodiscard]] SubmitResult admit(OperatorChange& change);

  void apply(std::uint32_t shard, Item item);
  [[nodiscard]] std::size_t applied(std::uint32_t shard) const noexcept;
  // What was applied has something to write, and not yet so much that others should not share its fsync.
  [[nodiscard]] bool would_gather(std::uint32_t shard) const noexcept;
  // Ends the batch: one transaction, then the replies.
  void commit(std::uint32_t shard);
  // Soft state. REQUIRES: nothing applied since the last commit.
  void flush(std::uint32_t shard);
  // Flushes until all is written or cannot be. Before the end.
  void flush_all(std::uint32_t shard);
  // By uptime: a wall clock that stands still must not stop rows from ageing, nor one that jumps make them old.
  void flush_if_due(std::uint32_t shard);

  // One transaction for the messages. If it failed they are kept, and merge({}) tries again.
  [[nodiscard]] CommitOutcome merge(std::vector<Message> messages);
  void refill_outbox();
  // Time passes (callbacks.uptime): rows past their age go now and then. The merger's.
  void age_rows();

  void use_networks(std::shared_ptr<const NetworkMap> networks);
  // A commit's outcome is unknown: nothing is acknowledged any more.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  // A part of the store was found damaged: nothing is taken and nothing is judged any more.
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  // "store", "damaged: shard-01", "queues".
  [[nodiscard]] std::vector<std::string> not_ready() const;

 private:
  struct Shard {
    std::unique_ptr<ShardWorker> worker;
    std::vector<Item> applied;
    std::shared_ptr<const NetworkMap> networks;
    std::uint64_t networks_generation = 0;
    double flushed_at = 0;  // uptime
    std::atomic<bool> failing{false};
  };

  [[nodiscard]] bool take_credits(std::size_t bytes);
  [[nodiscard]] CommitOutcome commit_worker(std::uint32_t shard);
  void finish(Item item, bool committed);
  void carry_out(std::uint32_t shard, OperatorChange& change);
  void carry_out_in_retired();
  void carry_out_in_retired(OperatorChange& change);
  void answer_changes(ChangeOutcome::Kind kind, const std::string& sentence);
  void put_in_order(std::vector<Message>& messages);
  bool find_damage();
  [[nodiscard]] CommitOutcome merge_deliveries();
  [[nodiscard]] std::vector<StoreDamage> damages() const;
  void complain(std::string_view message, std::initializer_list<LogField> fields) const;
  void fatal(const std::string& message);

  Settings settings_;
  Dependencies dependencies_;
  Callbacks callbacks_;
  std::atomic<std::shared_ptr<const NetworkMap>> networks_;
  std::atomic<std::uint64_t> networks_generation_{1};
  std::vector<std::unique_ptr<Shard>> shards_;
  Merger merger_;
  std::vector<Expiry> retired_;  // of the partitions that no worker has any more; merger's

  std::atomic<std::uint64_t> tickets_{0};
  std::uint64_t next_ticket_ = 0;            // merger's
  std::map<std::uint64_t, Finished> early_;  // merger's: finished before one that has not come yet
  std::vector<Message> ready_;               // merger's: of the transaction under way or failed

  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> broken_{false}, damaged_{false}, merger_failing_{false};

  Gauge& queued_gauge_;
  Counter& refused_;
  Counter& commits_;
  Counter& commit_failures_;
  Histogram& commit_seconds_;
};

}  // namespace straykey
