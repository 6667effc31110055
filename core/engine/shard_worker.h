#pragma once
// ShardWorker: learns from the events of one shard. It proves where tokens came from, learns facts and proposes
// candidates for the merger to judge.
//
// Shape:  it uses the event, the configuration and the rows of its own keys. It knows nothing of quarantine, activation
//         or what other shards learned.
// Order:  apply() any number of requests, then commit() once. One transaction holds the facts, the candidates and the
//         marks that stop a second proposal. If a fact were committed without its candidate, the resent event would no
//         longer be new and its alert would never be raised.
// Durable: a signature counts as known only after the commit that made it true. So no event is passed over because of
//          something that a crash could still undo.
// Thread: the shard's worker (or the only thread, inline).
// Bounds: Settings. A table that reaches its bound is emptied in whole or in part, which costs time and never a
//         verdict.
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

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

class Descents;
class IssuedTokens;
class OperatorChange;
struct ShardCountNote;
class WaitingCalls;

class ShardWorker {
 public:
  struct Settings {
    std::uint32_t shard = 0, shards = 1;
    HashKey hash_key;
    // The other partitions, borrowed and only read. A key's rows lie there if the shard count changed since they were
    // written.
    std::vector<BaselineStore*> others;
    std::size_t signatures_max = 1 << 18;
    std::size_t keys_max = 1 << 16;    // access keys whose state is held in memory
    std::size_t keys_a_flush = 500;    // whose activity is written
    std::size_t waiting_a_flush = 30;  // waiting calls whose repeats are written: a whole row each
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
  // What batches of finished requests told other shards (ShardBatch::told) is on disk there.
  void need_not_tell(const std::vector<Hash128>& told);
  // Ends the batch. If it failed, or its outcome is unknown, everything applied since the last commit is forgotten, and
  // everything remembered of the store with it. `judged_up_to`: candidates up to this number were judged and are
  // erased.
  [[nodiscard]] CommitOutcome commit(std::uint64_t judged_up_to);
  // Call it every second. Writes what keys and identities did since the last flush into the open transaction, and
  // erases rows past their age. The caller commits afterwards. `now`: the run hour.
  void flush(RunHour now);
  // Writes only the activity that alerts on these keys and identities show. The caller commits afterwards.
  void flush_of(const std::set<Hash128>& keys, const std::set<std::string>& identities) {
    keys_.flush_of(keys, identities);
  }
  // Whether another flush would write something.
  [[nodiscard]] bool has_more_to_flush() const noexcept;
  // Gives the next commit something to write, so that it tells whether the store takes writes again.
  void write_something();
  // The repeats since the last call, of combinations whose candidates are judged.
  [[nodiscard]] std::vector<Repeat> hand_over_repeats(std::uint64_t judged_up_to);
  // Does the part of an operator's change that concerns this partition. The caller commits afterwards; then nothing is
  // remembered of the store any more. REQUIRES: nothing applied since the last commit.
  void carry_out(OperatorChange& change);
  // Forgets what is remembered of the store. Needed when the networks changed: known events may teach other facts now.
  void forget_known();
  // Why the last commit failed.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  static constexpr std::uint32_t kNoSlot = ~0u;
  static constexpr std::uint64_t kWaits = ~std::uint64_t{0};
  struct Slot {  // counts the repeats of one combination that was proposed
    Hash128 combination;
    std::uint64_t sequence = 0;  // 0: staged in this batch; kWaits: it is no candidate, and waits for proof
    std::size_t staged = 0;      // index into staged_, while sequence == 0; where it is counted, while it waits
    std::uint64_t count = 0;
    Seconds last_time = 0;
    std::uint32_t also = kNoSlot;  // a second candidate of the same call, whose repeats are the same
  };
  using SlotTable = boost::unordered_flat_map<Hash128, std::uint32_t, std::hash<Hash128>>;

  void warm(std::span<const Request::RoutedEvent> events) const noexcept;
  void use(const Request::RoutedEvent& routed, const Event& event, const NetworkMap& networks);
  void use_slowly(const Event& event, KeyTable::Key* key, const NetworkMap& networks, Hash128 signature, bool counts);
  // Those that tell whose a session is return whether its shard is known to have it, so that nothing had to be told.
  bool tell_session(const Event& event, const ServiceToken& token, KeyTable::Key* key);
  bool tell_session(std::string_view principal_id, Day day, const ServiceToken& token);
  bool tell_stranger(const Event& event, const std::string& role);
  bool tell_stranger(std::string_view principal_id, Day day, const std::string& role);
  bool tell(std::string_view principal_id, Day day, std::string_view whose, const IssuedToken& known);
  void issue(const Event& event);
  void take_over(const Descent& descent);
  struct News {  // of the event that issued a key
    const std::string& role;
    const IssuedToken& issued;
    const IssuedTokens& known;  // with it: on which days it decides
    const Event* event;         // null: it was handed on
  };
  // `handed`: how often it was handed on, from key to key. `event`: the one that issued the key; null if handed on.
  void know(Hash128 key, const std::string& role, const IssuedToken& issued, std::uint8_t handed, const Event* event);
  void tell_again(Hash128 key, const News& news, bool everywhere);
  void know_session(Hash128 session, const IssuedToken& known);
  void judge_waiting(Hash128 key, const News& news);
  void teach(const Observation& observation, const Event& event);
  void teach_role(const Event& event, const std::string& role_identity, const std::string& service);
  void teach_token(const Candidate& call, bool proven);
  void teach_others(const Candidate& call);
  // True if that was new.
  bool learn(const FactRef& ref, Day day);
  void learn_account(std::string_view account, Seconds time);
  std::uint32_t propose_second(Observation& observation, bool counts, const Event& event);
  // `event`: from which the call's description is filled in; null if it has one already.
  std::uint32_t propose(Candidate call, bool counts, const Event* event);
  [[nodiscard]] bool is_new_event(std::uint64_t event_id);
  void count_repeat(std::uint32_t slot, Seconds time, std::uint64_t count = 1);
  [[nodiscard]] std::uint32_t keep(const Observation& observation, const Event& event, bool counts);
  std::uint32_t slot_of(Hash128 combination, std::uint64_t sequence, std::size_t staged);
  void write_staged();
  void make_room();
  void settle(CommitOutcome outcome);
  [[nodiscard]] bool read_sequences();
  // Once all rows of this partition's keys lie here, no other partition is read any more.
  void leave_others(RunHour now);

  bool may_be_forged_ = false;  // Request::may_be_forged, of the request in hand

  // Constant after construction.
  Settings settings_;
  const DetectionSettings& detection_;
  BaselineStore& store_;

  // Of the worker's whole life. What is remembered here of the store is forgotten after a failed commit.
  BatchWriter writer_;
  KeyTable keys_;
  std::unique_ptr<WaitingCalls> waiting_;
  std::unique_ptr<Descents> descents_;
  LearnedFacts learned_;
  Expiry expiry_;
  RunHour now_ = 0;
  std::unique_ptr<ShardCountNote> shard_count_;
  bool evicted_ = false;  // rows were erased that known_ may rest on: the next commit empties it
  std::string failure_;

  // What is known: signature -> slot, or kNoSlot if nothing was proposed for it.
  SlotTable known_;  // committed
  std::uint64_t times_forgotten_ = 0;
  Request::ShardBatch* batch_ = nullptr;  // the one in hand
  // Of the request in hand: what it tells other shards, and the signatures of its events that tell it.
  boost::unordered_flat_set<Hash128, std::hash<Hash128>> told_in_request_;
  SlotTable staged_known_;  // of the open batch; joins known_ after the commit
  SlotTable slot_by_combination_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> repeated_;  // slots with a count
  std::vector<Slot> carried_;            // counts of slots that were forgotten before they could be passed on
  // Of the open batch: what was applied since the last commit.
  std::vector<Candidate> staged_;  // candidates
  std::vector<Request::ShardBatch*> batches_;
  Day newest_day_ = 0;  // on which any account had been seen when the request in hand came
  std::vector<std::pair<std::size_t, std::size_t>> staged_of_batch_;  // the range of staged_ of each of batches_
  std::vector<std::uint64_t> seen_events_;                            // direct-mapped hashes of event ids
  struct Sequences {
    std::uint64_t next = 1;
    std::uint64_t erased_up_to = 0;
  };
  Sequences sequences_, committed_sequences_;
  // Whether they were read from the store. Numbers that start again from 1 would be taken for judged ones.
  bool sequences_known_ = false;

  Counter& events_;
  Counter& duplicates_;
  Counter& candidates_;
  Counter& facts_;
};

}  // namespace straykey
