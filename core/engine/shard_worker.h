#pragma once
// ShardWorker: one shard's learning. Proves where tokens came from, learns facts, proposes candidates; all of a batch
// in one transaction.
//
// Shape:  uses the event, the configuration and its own keys' rows only; knows nothing of quarantine, activation or
//         other shards.
// Order:  apply() any number of requests, then commit() once: what they taught, the candidates they raised and the
//         marks that stop a second proposal are in the same transaction (trap: a fact without its candidate loses the
//         alert for ever).
// Durable: a signature counts as known only after the commit that made it true, so "nothing new" never rests on
//          uncommitted state.
// Thread: the shard's worker (or the only thread, inline).
// Bounds: Settings; a table that reaches its bound is emptied or evicts, which costs time and never a verdict.
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/metrics.h"
#include "core/baseline/fact.h"
#include "core/detect/settings.h"
#include "core/engine/batch_writer.h"
#include "core/engine/expiry.h"
#include "core/engine/key_table.h"
#include "core/engine/learned_facts.h"
#include "core/engine/observation.h"
#include "core/engine/repeat.h"
#include "core/engine/request.h"
#include "core/engine/store.h"

namespace straykey {

class OperatorChange;

class ShardWorker {
 public:
  struct Settings {
    std::uint32_t shard = 0;
    HashKey hash_key;
    // The other partitions, borrowed and only read: where a key's rows are if the shard count changed since they were
    // written.
    std::vector<BaselineStore*> others;
    std::size_t signatures_max = 1 << 18;
    std::size_t keys_max = 1 << 16;  // access keys whose state is held in memory
    std::size_t keys_a_flush = 500;  // whose activity is written
    std::size_t pending_per_key_max = 64;
    std::size_t pending_max = 200'000;         // calls of all unproven keys that wait for proof
    std::size_t duplicates_tracked = 1 << 16;  // event ids remembered so that counts take each event once
  };

  // References are borrowed for the worker's life.
  ShardWorker(Settings settings, const DetectionSettings& detection, BaselineStore& store, Metrics& metrics);
  ~ShardWorker();

  void apply(const Request& request, Request::ShardBatch& batch, const NetworkMap& networks);
  // Whether a commit has anything to write for what was applied since the last one.
  [[nodiscard]] bool has_news() const noexcept { return writer_.has_news(); }
  [[nodiscard]] std::size_t news_count() const noexcept { return writer_.news_count(); }
  // Ends the batch. On failed or unknown everything applied since the last commit is forgotten, as is all that was
  // remembered of it. `judged_up_to`: candidates up to this number were judged and are deleted.
  [[nodiscard]] CommitOutcome commit(std::uint64_t judged_up_to);
  // Every second: puts what keys and identities did since the last flush into the open transaction, and erases
  // rows past their age. A commit follows. `now`: the run hour.
  void flush(RunHour now);
  // Of flush() what alerts on these keys and identities show. A commit follows.
  void flush_of(const std::set<Hash128>& keys, const std::set<std::string>& identities) {
    keys_.flush_of(keys, identities);
  }
  // Another flush would write something.
  [[nodiscard]] bool has_more_to_flush() const noexcept { return keys_.waiting() > 0; }
  // Gives the next commit something to write, so that it tells whether the store takes writes again.
  void write_something();
  // Repeats of combinations whose candidates are judged, since the last call.
  [[nodiscard]] std::vector<Repeat> take_repeats(std::uint64_t judged_up_to);
  // The part of an operator's change that is in this partition. A commit follows; after it nothing is remembered of the
  // store. REQUIRES: nothing applied since the last commit.
  void carry_out(OperatorChange& change);
  // Forgets what is remembered of the store: when the networks changed.
  void forget_known();
  // Why the last commit failed.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  struct Slot {  // of a combination that was proposed
    Hash128 combination;
    std::uint64_t sequence = 0;  // 0: staged in this batch
    std::size_t staged = 0;      // index into staged_, while sequence == 0
    std::uint64_t count = 0;
    Seconds last_time = 0;
  };
  static constexpr std::uint32_t kNoSlot = ~0u;
  using SlotTable = boost::unordered_flat_map<Hash128, std::uint32_t, std::hash<Hash128>>;

  void warm(std::span<const Request::RoutedEvent> events) const noexcept;
  void use(const Request::RoutedEvent& routed, const Event& event, const NetworkMap& networks);
  void use_slowly(const Event& event, const IssuedToken* issued, const NetworkMap& networks, Hash128 signature,
                  bool counts);
  void issue(const Event& event);
  void teach(const Observation& observation, const Event& event);
  void teach_role(const Event& event, const IssuedToken& issued);
  void teach_token(const Candidate& call, bool proven);
  // True if that was new.
  bool learn(const FactRef& ref, Day day);
  void learn_account(std::string_view account, Seconds time);
  // `event`: describes the call; null: it is described.
  std::uint32_t propose(Candidate call, bool counts, const Event* event);
  void keep_until_proven(const Observation& observation, const Event& event);
  void prove_pending(std::string_view access_key, const IssuedToken& issued);
  [[nodiscard]] bool is_new_event(std::uint64_t event_id);
  void count_repeat(std::uint32_t slot, Seconds time);
  std::uint32_t slot_of(Hash128 combination, std::uint64_t sequence, std::size_t staged);
  void write_staged();
  void make_room();
  void settle(CommitOutcome outcome);
  [[nodiscard]] bool read_sequences();

  Settings settings_;
  const DetectionSettings& detection_;
  BaselineStore& store_;

  BatchWriter writer_;
  KeyTable keys_;
  LearnedFacts learned_;
  Expiry expiry_;
  RunHour now_ = 0;
  bool evicted_ = false;  // what is known of the store may be gone from it
  std::string failure_;
  std::string failed_elsewhere_;  // another partition could not be read: the batch cannot be trusted

  SlotTable known_;         // signature -> slot or kNoSlot; committed only
  SlotTable staged_known_;  // true once this batch is committed
  SlotTable slot_by_combination_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> repeated_;        // slots with a count
  std::vector<Slot> carried_;                  // counts of slots that were forgotten before they could be passed on
  std::vector<Candidate> staged_;              // candidates of this batch
  std::vector<Request::ShardBatch*> batches_;  // applied since the last commit, with ...
  std::vector<std::pair<std::size_t, std::size_t>> staged_of_batch_;  // ... the staged candidates of each
  std::vector<std::uint64_t> seen_events_;                            // direct-mapped hashes of event ids
  struct Sequences {
    std::uint64_t next = 1;
    std::uint64_t erased_up_to = 0;
  };
  Sequences sequences_, committed_sequences_;
  bool sequences_known_ = false;  // read from the store: numbers that start anew would be taken for judged ones

  Counter& events_;
  Counter& duplicates_;
  Counter& candidates_;
  Counter& facts_;
  Counter& pending_overflow_of_key_;
  Counter& pending_overflow_of_all_;
};

}  // namespace straykey
