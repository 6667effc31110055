#pragma once
// Merger: judges what the workers proposed, dedups it over 5 days, stores alerts and their outbox rows.
//
// Shape:  begin -> judge() / count() / apply() any number of times -> commit(): one transaction with everything, the
//         progress mark included.
// Order:  the candidates of one call of judge() go day by day; within a day STRONG before WEAK. So one request gives
//         the same alerts whatever the order of its records inside a day.
// Durable: alert, outbox row, quarantine and progress are one transaction; after a crash the candidates past the mark
//          are judged again, and dedup takes their hits into the alerts that exist.
// Errors: a store that failed leaves everything as it was before the transaction; the caller tries again or stops
//         (unknown).
// Thread: the merger's (or the only thread, inline). judged_up_to() may be read by any thread.
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/detect/settings.h"
#include "core/engine/dedup.h"
#include "core/engine/expiry.h"
#include "core/engine/judge.h"
#include "core/engine/operator_change.h"
#include "core/engine/outbox.h"
#include "core/engine/repeat.h"
#include "core/engine/request.h"
#include "core/engine/run_clock.h"
#include "core/engine/store.h"
#include "core/event/poisoned_records.h"

namespace straykey {

struct AlertState;

class Merger {
 public:
  // `partitions`: every partition there is, old ones of a larger shard count included; index = shard. References are
  // borrowed.
  Merger(HashKey hash_key, const DetectionSettings& detection, std::vector<BaselineStore*> partitions,
         AlertStore& alerts, std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver, Metrics& metrics);

  // Alerts of days before this one are stored and not sent (backfill): their window is over. 0: all are sent.
  void send_from(Day day) noexcept { send_from_ = day; }

  // Candidates of these records are passed over, counted. Borrowed; may be null.
  void refuse(const PoisonedRecords* poisoned) noexcept { poisoned_ = poisoned; }

  // Judges every candidate on disk that is past the progress mark (start, and offline scan). Commits by itself.
  [[nodiscard]] CommitOutcome judge_all_unjudged();

  // Judges the candidates of finished requests, each request by itself.
  void judge(const std::vector<CandidateRange>& request);
  void count(const std::vector<Repeat>& repeats);
  void apply(const DeliveryOutcome& outcome);
  // The part of an operator's change that is in this store. REQUIRES: the partitions have committed theirs.
  void carry_out(OperatorChange& change);

  // From now on the partitions are not read, and only apply() may follow: judging on what is left of a damaged store
  // would make old things look new.
  void stop_judging() noexcept { judging_ = false; }

  [[nodiscard]] CommitOutcome commit();
  // The process has run until `uptime` (seconds of a clock that only runs forward). To be told while commits fail too:
  // hours that pass unnoticed would come all at once, and make rows old that were put in them.
  void pass_time(double uptime);
  // The same, and erases rows past their age every few seconds. True if it did: a commit follows.
  bool advance_clock(double uptime);
  // Full hours that straykey has run since the store was made: what rows age by. Any thread.
  [[nodiscard]] RunHour run_hour() const noexcept { return run_clock_.hour(); }
  // Hands waiting deliveries over where there is room (after a commit, now and then).
  void refill_outbox();

  // Up to this candidate of the shard everything is judged and committed.
  [[nodiscard]] std::uint64_t judged_up_to(std::uint32_t shard) const noexcept {
    return progress_[shard].judged.load(std::memory_order_acquire);
  }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  struct Progress {
    std::atomic<std::uint64_t> judged{0};     // committed
    std::uint64_t staged = 0;                 // of the open transaction
    std::set<std::uint64_t> ahead;            // judged out of order, past the mark: of the open transaction ...
    std::set<std::uint64_t> ahead_committed;  // ... and of the last commit
  };
  struct Hit {
    const Candidate* call;
    Judgement judgement;
    Hash128 alert_id;  // its own if it raises an alert, else the one that took it in; zero: the flood did
    bool raises = false;
    std::optional<Hash128> weaker = {};  // of a strong hit that raises: the weak alert that stands already
  };

  void open();
  void judge_candidates(std::vector<Candidate> calls);
  void note_account_day(const Candidate& day);
  void activate(const std::string& account, const Candidate& seen);
  void judge_day(const std::vector<const Candidate*>& calls);
  [[nodiscard]] DedupAnswer find(const Hit& hit);
  void take(Hit& hit);
  void stand(const Hit& hit);
  void write_alert(const Hit& hit, const Hit* same_event);
  void remember_pairs(const Hit& hit);
  [[nodiscard]] bool flooded(const Hit& hit);
  void quarantine(const Candidate& call, const Judgement& judgement);
  void mark(FactKind kind, std::string_view scope, std::string_view value, Day day);
  void remember_hit(const Candidate& call, const std::vector<Hash128>& alerts);
  void take_into(Hash128 alert_id, const std::function<void(AlertState&)>& change);
  void make_room();
  void note_judged(std::uint32_t shard, std::uint64_t first, std::uint64_t last);
  [[nodiscard]] std::optional<Day> active_since(std::string_view account);

  HashKey hash_key_;
  const DetectionSettings& detection_;
  std::vector<BaselineStore*> partitions_;
  AlertStore& alerts_;
  Judge judge_;
  Outbox outbox_;
  std::unique_ptr<Progress[]> progress_;
  Metrics& metrics_;
  Day send_from_ = 0;
  const PoisonedRecords* poisoned_ = nullptr;
  bool judging_ = true;
  RunClock run_clock_;
  Expiry expiry_;
  std::optional<double> swept_at_;

  std::unique_ptr<StoreWriter> writer_;                // open transaction
  std::vector<std::unique_ptr<StoreReader>> readers_;  // of the partitions, as long as writer_
  std::optional<BaselineView> view_;                   // of them
  std::size_t rows_to_relieve_ = 0;                    // by the open transaction, if the store is nearly full
  std::string failure_;
  std::string unreadable_;  // the progress marks could not be read at the start: nothing may be judged

  Counter& judged_;
  Counter& not_active_;
  Counter& too_late_;
  Counter& not_proven_;
  Counter& crashed_before_;
  Counter& taken_in_;
  Counter& flood_suppressed_;
};

}  // namespace straykey
