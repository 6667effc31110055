#pragma once
// Engine: the steps of admission, workers and merger. It has no thread and no queue, and never waits.
//
// Shape:  after admit() the caller brings an Item to each shard concerned. apply() and commit() of the shard make the
//         replies, and a Message that the caller brings to merge(). A request in which a key was handed to another key
//         has a second round: commit() gives Items for the shards of those keys to to_shard, and the caller brings them
//         there like the first ones. Pipeline drives the steps with threads and queues,
//         tests/simulation with an adversary. An operator's change goes the same way: after admit() the caller brings
//         an Item to every shard, or a Message to the merger if the change concerns nothing else.
// Thread: admit(), the use_ functions, not_ready(), broken(): any. apply(), commit() and flush of one shard: its
//         worker's. merge(), refill_outbox(), age_rows(): the merger's. With one thread: all on that one.
// Order:  find_unjudged() first: what an earlier run left is judged by merge(), before any request of this run. Items
//         of one shard are applied in the order in which they come. Messages may come in any order: each finished
//         request has a ticket number, and the merger judges in the order of the numbers.
// Durable: on_done(committed) comes after the commit of every shard concerned returned.
// Bounds: queued_bytes_max for all shards together. A request reserves its bytes before anything is queued, and gives
//         them back when it has finished. One that is_reserved has done so elsewhere, and counts nothing here. merge()
//         judges candidates_at_once and leaves the rest to the next call.
// Errors: a commit that failed fails its requests. If the outcome of a commit is unknown, nothing is acknowledged any
//         more, and on_fatal is called once. If a part of the store is damaged, nothing is admitted or judged until a
//         restart, but what is stored is still delivered. A change that could not be committed is answered so, and not
//         tried again.
#include <atomic>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/log.h"
#include "core/detect/settings.h"
#include "core/engine/merger.h"
#include "core/engine/operator_change.h"
#include "core/engine/route.h"
#include "core/engine/shard_worker.h"
#include "core/engine/submit.h"

namespace straykey {

class PoisonedRecords;
class Standby;

class Engine {
 public:
  struct Settings {
    HashKey hash_key;
    std::uint32_t shards = 1;
    std::size_t queued_bytes_max = 256u << 20;
    std::size_t commit_events_max = 512;       // after so many facts and candidates a batch waits for no more
    std::size_t candidates_at_once = 500;      // judged in one transaction: 20 ms, and a stop waits for no more
    double flush_seconds = 1;                  // between two flushes of soft state
    std::size_t keys_a_flush = 500;            // takes 5 ms, for which the shard's events wait
    std::size_t signatures_max = 1 << 18;      // for each shard
    std::size_t keys_max = 1 << 16;            // for each shard
    std::size_t duplicates_tracked = 1 << 16;  // for each shard
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
  // A request that left candidates. It gets its ticket number when the last shard has finished it.
  struct Finished {
    std::uint64_t ticket = 0;
    std::vector<CandidateRange> candidates;
  };
  using Message = std::variant<Finished, std::vector<Repeat>, DeliveryOutcome, OperatorChange*, DeliveryClaim>;

  // What the engine borrows; it outlives the engine.
  struct Dependencies {
    std::vector<BaselineStore*> partitions;  // at least `shards`
    AlertStore* alerts = nullptr;
    std::vector<WebhookRoute> routes;
    const PoisonedRecords* poisoned = nullptr;  // may be null
    Metrics* metrics = nullptr;
    Log* log = nullptr;                          // may be null
    std::shared_ptr<const NetworkMap> networks;  // until use_networks() brings others
    Standby* standby = nullptr;                  // null: no other node; else `alerts` is the store of it
  };
  // What the engine calls back.
  struct Callbacks {
    std::function<void(Delivery)> deliver;                    // on the merger's thread; must not block
    std::function<void(Message)> to_merger;                   // on any thread; must not block
    std::function<void(std::uint32_t shard, Item)> to_shard;  // on a worker's thread; must not block
    std::function<double()> uptime;                           // seconds, monotonic; on any thread
    std::function<void(std::string)> on_fatal;                // on any thread, once: the process should exit with 75
    // Only with a standby, on the merger's thread: another node judges, and what the sender holds is that one's now.
    std::function<void()> on_superseded = nullptr;
  };

  Engine(Settings settings, const DetectionSettings& detection, Dependencies dependencies, Callbacks callbacks);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Finds what an earlier run left unjudged. Fails if the stores cannot be read or written; failure() says why.
  [[nodiscard]] CommitOutcome find_unjudged();
  [[nodiscard]] const std::string& failure() const noexcept { return merger_.failure(); }

  // Signs the events of a request that is still being filled, as route.h says. Any thread.
  void sign(Request& request) const { straykey::sign(request, settings_.hash_key); }
  // If it is accepted, the request is routed and has reserved its bytes. The caller then brings {request, i} to the
  // shard of each of its batches; from the first of them on the request belongs to the engine. Otherwise nothing has
  // changed.
  [[nodiscard]] SubmitResult admit(Request& request);
  // If it is accepted, the caller brings Item::of(change) to every shard or, if it has no in_partition, the change as a
  // Message to merge(). From the first of them on it belongs to the engine, which calls on_done. Otherwise nothing has
  // changed.
  [[nodiscard]] SubmitResult admit(OperatorChange& change);

  void apply(std::uint32_t shard, Item item);
  [[nodiscard]] std::size_t applied(std::uint32_t shard) const noexcept;
  // Whether it pays to wait for more requests before commit(): there is something to write, so that they can share its
  // fsync, and not yet very much.
  [[nodiscard]] bool would_gather(std::uint32_t shard) const noexcept;
  // Ends the batch: one transaction, then the replies.
  void commit(std::uint32_t shard);
  // Writes soft state. REQUIRES: nothing applied since the last commit.
  void flush(std::uint32_t shard);
  // Before the end: flushes until everything is written or a commit fails.
  void flush_all(std::uint32_t shard);
  // Goes by uptime and not by the wall clock, because that may stand still, which would stop rows from ageing, or jump,
  // which would make them old.
  void flush_if_due(std::uint32_t shard);

  // Handles the messages and judges some of what waits, in one transaction. If it failed all is kept, and merge({})
  // tries again.
  [[nodiscard]] CommitOutcome merge(std::vector<Message> messages);
  // Whether merge({}) has something to do now and then: to follow another node.
  [[nodiscard]] bool has_standby() const noexcept { return dependencies_.standby != nullptr; }
  // Whether candidates wait that merge({}) would judge.
  [[nodiscard]] bool has_to_judge() const noexcept { return !broken_ && !damaged_ && merger_.has_to_judge(); }
  void refill_outbox();
  // Tells the merger how much time has passed (callbacks.uptime); now and then it erases rows past their age.
  void age_rows();

  void use_networks(std::shared_ptr<const NetworkMap> networks);
  // Each shard goes by them from its next batch on, and the merger from its next transaction on. What was learned or
  // judged before stays as it is.
  void use_detection(const DetectionSettings& detection);
  // Who hears of what is told from the merger's next transaction on.
  void use_routes(std::vector<WebhookRoute> routes);
  void queue_at_most(std::size_t bytes) noexcept { queued_bytes_max_ = bytes; }
  // True once a commit's outcome was unknown. Nothing is acknowledged any more.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  // True once a part of the store was found damaged. Nothing is taken and nothing is judged any more.
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }
  // The reasons, if there are any: "store", "damaged: shard-01", "queues".
  [[nodiscard]] std::vector<std::string> not_ready() const;
  // How many candidates are committed and not judged: this run's and an earlier run's. Any thread.
  [[nodiscard]] std::uint64_t unjudged() const noexcept { return static_cast<std::uint64_t>(unjudged_gauge_.value()); }
  // How many requests are admitted and not finished. While there are any, a worker may get an Item from another one.
  // Any thread.
  [[nodiscard]] std::uint64_t unfinished() const noexcept { return unfinished_.load(); }
  // Whether those of an earlier run are among them. The merger's thread.
  [[nodiscard]] bool backlog_waits() const noexcept { return merger_.backlog_waits(); }

 private:
  struct Shard {
    std::unique_ptr<ShardWorker> worker;
    std::vector<Item> applied;
    DetectionSettings detection;  // what `worker` refers to
    std::shared_ptr<const NetworkMap> networks;
    std::uint64_t generation = 0;
    double flushed_at = 0;  // uptime
    std::atomic<bool> failing{false};
    // What finished requests told other shards and this one need not tell again. Any thread adds, the worker takes.
    std::mutex told_mutex;
    std::vector<Hash128> told;  // guarded by told_mutex
    std::atomic<bool> has_told{false};
  };

  [[nodiscard]] bool reserve_credits(std::size_t bytes);
  void take_new_settings();
  [[nodiscard]] CommitOutcome commit_worker(std::uint32_t shard);
  void finish(Item item, bool committed);
  void note_newest(Day day) noexcept;
  void note_told(const Request& request);
  void take_told(Shard& shard);
  [[nodiscard]] bool hand_on(Request& request);
  void carry_out(std::uint32_t shard, OperatorChange& change);
  void carry_out_in_retired();
  void carry_out_in_retired(OperatorChange& change);
  void answer_changes(ChangeOutcome::Kind kind, const std::string& sentence);
  void put_in_order(std::vector<Message>& messages);
  void note_judged(std::uint64_t candidates);
  bool find_damage();
  [[nodiscard]] CommitOutcome merge_deliveries();
  [[nodiscard]] std::vector<StoreDamage> damages() const;
  // --- engine_standby.cc ---
  void prepare_standby();
  [[nodiscard]] bool leads();
  void take_over();
  void let_go();
  void drop_judged();
  [[nodiscard]] CommitOutcome follow();
  void refuse(OperatorChange* change) const;
  void take_claims();
  void answer_claims(ClaimAnswer answer);
  [[nodiscard]] bool has_lost_log() const noexcept;
  static void answer(OperatorChange* change, ChangeOutcome::Kind kind, const std::string& sentence);
  void complain(std::string_view message, std::initializer_list<LogField> fields) const;
  void fatal(const std::string& message);

  // Constant after construction.
  Settings settings_;
  Dependencies dependencies_;
  Callbacks callbacks_;
  // Changed by the use_ functions, read by the workers and the merger, which see by the generation that there is
  // something new.
  std::atomic<std::shared_ptr<const NetworkMap>> networks_;
  std::atomic<std::shared_ptr<const DetectionSettings>> detection_;
  std::atomic<std::shared_ptr<const std::vector<WebhookRoute>>> routes_;  // null: none were brought
  std::atomic<std::uint64_t> generation_{1}, routes_generation_{0};
  std::atomic<std::size_t> queued_bytes_max_;
  std::vector<std::unique_ptr<Shard>> shards_;  // each is owned by its worker's thread

  // Owned by the merger's thread.
  DetectionSettings merger_detection_;  // what merger_ refers to
  std::uint64_t merger_generation_ = 1, merger_routes_generation_ = 0;
  Merger merger_;
  std::vector<Expiry> retired_;  // of the partitions that no worker has any more

  std::uint64_t next_ticket_ = 0;            // of the finished request that is to be judged next
  std::map<std::uint64_t, Finished> early_;  // finished requests that wait for one with a lower ticket
  std::vector<Message> ready_;               // of the open transaction, or of the one that failed
  std::uint64_t backlog_ = 0;                // what an earlier run left, until it is judged
  bool following_ = false;                   // another node judges, or may
  bool in_hand_ = false;                     // the sender may hold what this node handed over as the judge
  double looked_through_at_ = 0;             // uptime: when what waits was compared with what stands

  // Shared by all threads.
  std::atomic<std::uint64_t> tickets_{0}, unfinished_{0};
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<Day> newest_day_{0};  // of any account, by what is acknowledged
  std::atomic<bool> broken_{false}, damaged_{false}, merger_failing_{false};

  Gauge& queued_gauge_;
  Gauge& unjudged_gauge_;
  Counter& refused_;
  Counter& commits_;
  Counter& commit_failures_;
  Histogram& commit_seconds_;
};

}  // namespace straykey
