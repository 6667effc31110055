#pragma once
// Merger: judges the candidates that the workers proposed, joins hits of five days to one alert, and stores alerts and
// their outbox rows.
//
// Shape:  judge(), judge_waiting(), count(), apply() and carry_out() are called any number of times; the first of them
//         opens a transaction. commit() ends it: everything is in it, the marks of what is judged included.
// Order:  the candidates of one call of judge() are judged day by day, and within a day STRONG before WEAK. So one
//         request gives the same alerts whatever the order of its records inside a day. What waits is judged in the
//         order of waiting_candidates.h: what an earlier run left, then finished requests.
// Durable: alert, outbox row, quarantine and marks are one transaction. What it had not committed when a crash came is
//          judged after the next start.
// Bounds: judge_waiting() judges as many candidates as judge_at_most() says, so that a commit is never far.
// Errors: after a failed commit everything is as it was before the transaction, and the caller tries again. If the
//         outcome is unknown, the caller stops.
// Thread: the merger's (or the only thread, inline). judged_up_to() and run_hour() may be called by any thread.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/metrics.h"
#include "core/detect/campaign.h"
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

namespace straykey {

class AlertCaps;
class AlertRetention;
class Contradictions;
class JudgedElsewhere;
struct AlertState;
struct AlertSubject;
struct AlertSummary;
struct LogTransaction;
struct Message;
class WaitingCandidates;

class Merger {
 public:
  // `partitions`: every partition on disk, those of a former, larger shard count included; the index is the shard.
  // References are borrowed for the merger's life.
  Merger(HashKey hash_key, const DetectionSettings& detection, std::vector<BaselineStore*> partitions,
         AlertStore& alerts, std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver, Metrics& metrics);
  ~Merger();

  // How many candidates judge_waiting() takes into one transaction. Without a call: all that wait.
  void judge_at_most(std::size_t candidates);

  // Alerts of days before this one are stored and not sent, because after a backfill they are too old to act on. 0: all
  // are sent.
  void send_from(Day day) noexcept { send_from_ = day; }

  // Candidates of records for which it is true crashed the process before. They are skipped and counted.
  void refuse(std::function<bool(std::string_view record)> poisoned) { poisoned_ = std::move(poisoned); }

  // Finds what an earlier run left unjudged: it waits from now on, before all that is added. Commits nothing new, and
  // fails if the stores cannot be read or written.
  [[nodiscard]] CommitOutcome find_unjudged();
  // The newest day on which an account had been seen when find_unjudged() looked.
  [[nodiscard]] Day newest_day() const noexcept { return newest_day_; }
  // Finds it and judges what of it is of days up to `until`. Used by offline scan.
  [[nodiscard]] CommitOutcome judge_all_unjudged(Day until = kEveryDay);
  static constexpr Day kEveryDay = std::numeric_limits<Day>::max();

  // Judges the candidates of a finished request at once, how many they may be.
  void judge(const std::vector<CandidateRange>& request);
  // The candidates of a finished request wait until those before them are judged.
  void add(std::vector<CandidateRange> request);
  // Judges the next of what waits. If its commit fails, they wait again.
  void judge_waiting();
  // How many wait, and whether an earlier run's are among them.
  [[nodiscard]] std::uint64_t waiting() const noexcept;
  [[nodiscard]] bool backlog_waits() const noexcept;
  // Whether judge_waiting() has something to do.
  [[nodiscard]] bool has_to_judge() const noexcept { return judging_ && !following_ && waiting() > 0; }
  void count(const std::vector<Repeat>& repeats);
  void apply(const DeliveryOutcome& outcome);
  // The part of an operator's change that is in this store. REQUIRES: the partitions have committed theirs.
  void carry_out(OperatorChange& change);

  // From now on the partitions are not read, and only apply() may follow. With rows of a damaged store missing, old
  // things would look new.
  void stop_judging() noexcept { judging_ = false; }

  // --- with a standby (merger_standby.cc) ---
  // From now on another node judges, and nothing is judged here. What waits goes on waiting.
  void begin_to_follow();
  // Puts what the judge wrote, and notes as judged those of our candidates that the judge has judged. If `place` is
  // not empty, it is put, too.
  void follow(const LogTransaction& transaction, std::string_view place);
  // Passes those of the candidates that wait that surely were judged: an alert took them in, or they are of days
  // before `oldest`. Commit then.
  void pass_judged(Day oldest);
  // Forgets requests that wait and are judged. REQUIRES: no transaction is open, here and below.
  void drop_judged();
  // From now on this node judges.
  void begin_to_judge();
  // Whether a delivery still waits to be made. Opens the transaction.
  [[nodiscard]] bool has_to_deliver(std::string_view endpoint, Hash128 alert_id);
  // Hears of each candidate that is judged, in the transaction in which it is.
  void on_judged(std::function<void(const Candidate&)> tell) { on_judged_ = std::move(tell); }

  [[nodiscard]] CommitOutcome commit();
  // The process has run until `uptime` (seconds of a clock that only runs forward). Call it while commits fail, too:
  // otherwise the hours of the failure would pass all at once later, and rows written during them would look old.
  void pass_time(double uptime);
  // Calls pass_time(), and every few seconds erases rows past their age, unless another node does that (follow()).
  // True if there is something to commit.
  bool advance_clock(double uptime);
  // Full hours that straykey has run since the store was made. Rows age by them. Any thread.
  [[nodiscard]] RunHour run_hour() const noexcept { return run_clock_.hour(); }
  // Hands waiting deliveries to endpoints that have room. Call it after a commit, and now and then.
  void refill_outbox();
  // From now on these endpoints hear of what they want.
  void use_routes(std::vector<WebhookRoute> routes);

  // Every candidate of the shard up to this number is judged, and that is committed.
  [[nodiscard]] std::uint64_t judged_up_to(std::uint32_t shard) const noexcept;
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  struct Hit {
    const Candidate* call;
    Judgement judgement;
    std::string place;  // which network or endpoint owner it came from; empty if from inside
    Hash128 alert_id;   // of the alert that it raises or joins; zero if a cap suppressed it
    bool raises = false;
    std::optional<Hash128> weaker = {};   // the existing weak alert that a strong hit's new alert refers to
    AlertCampaign campaign = {};          // if it raises an alert
    std::vector<std::string> known = {};  // names of the entries of [[known]] that cover it; empty: it is told

    [[nodiscard]] bool is_covered() const noexcept { return !known.empty(); }
  };

  void open();
  void judge_candidates(std::vector<Candidate> calls);
  void note_account_day(const Candidate& day);
  void contradict(const Candidate& contradiction);
  [[nodiscard]] bool is_contradicted(Hash128 alert_id);
  [[nodiscard]] Hash128 standing_id(Hash128 alert_id);
  void activate(const std::string& account, const Candidate& seen);
  void judge_day(const std::vector<const Candidate*>& calls);
  void add_covered(std::vector<Hit>& of_call, const Candidate& call, const Judge::Moment& moment);
  void answer_for(AlertState& state, const Hit& hit) const;
  void keep_covered(const Message& message, Hash128 id);
  [[nodiscard]] bool takes_in(const DedupEntry& alert, Day day);
  [[nodiscard]] DedupAnswer find(const Hit& hit);
  [[nodiscard]] static AlertSubject about_of(const Hit& hit);
  void settle_call(std::vector<Hit>& of_call, Tier tier);
  void tell_tool_itself(std::vector<Hit>& of_call);
  void settle(Hit& hit);
  void stand(const Hit& hit);
  [[nodiscard]] AlertCampaign join(const Hit& hit);
  void write_alert(const Hit& hit, std::span<const Hash128> of_event);
  void send_summaries(const std::vector<AlertSummary>& summaries);
  void tell(const Message& message, const Announcement& announcement, Day day);
  void remember_pairs(const Hit& hit);
  [[nodiscard]] bool admit(const Hit& hit);
  void quarantine(const Candidate& call, const Judgement& judgement);
  void mark(FactKind kind, std::string_view scope, std::string_view value, const Candidate& call);
  void remember_hit(const std::vector<Hit>& of_call, const std::vector<Hash128>& alerts);
  void change_state(Hash128 alert_id, const std::function<void(AlertState&)>& change);
  void sweep();
  void make_room();
  void pass_those_judged_elsewhere(const std::vector<CandidateRange>& request);
  [[nodiscard]] std::optional<Day> active_since(std::string_view account);

  // Of the merger's whole life.
  HashKey hash_key_;
  const DetectionSettings& detection_;
  std::vector<BaselineStore*> partitions_;
  AlertStore& alerts_;
  Judge judge_;
  std::unique_ptr<AlertCaps> caps_;
  std::unique_ptr<Contradictions> contradictions_;
  std::unique_ptr<AlertRetention> retention_;
  Outbox outbox_;
  std::unique_ptr<WaitingCandidates> waiting_;
  Day judged_until_ = kEveryDay;   // candidates of later days are left
  BaselineView::Answers answers_;  // kept from one part of what waits to the next
  Metrics& metrics_;
  Day send_from_ = 0;
  std::function<bool(std::string_view record)> poisoned_;  // empty: none
  bool judging_ = true;
  bool following_ = false;                           // another node judges
  std::unique_ptr<JudgedElsewhere> elsewhere_;       // from the first follow() on
  std::function<void(const Candidate&)> on_judged_;  // empty: nobody asks
  RunClock run_clock_;
  Expiry expiry_;
  std::optional<double> swept_at_;

  // Of the open transaction: from the first call after a commit to the next commit().
  std::unique_ptr<StoreWriter> writer_;
  std::vector<std::unique_ptr<StoreReader>> readers_;  // one for each partition
  std::optional<BaselineView> view_;                   // what the readers see
  std::size_t rows_to_relieve_ = 0;                    // how many rows to erase early if the store is nearly full

  Day newest_day_ = 0;  // see newest_day()

  // Why something failed.
  std::string failure_;
  std::string unreadable_;  // not empty: the marks could not be read at the start, so nothing may be judged

  Counter& judged_;
  Counter& not_active_;
  Counter& too_late_;
  Counter& not_proven_;
  Counter& crashed_before_;
  Counter& taken_in_;
  Counter& cap_suppressed_;
  Counter& contradicted_;
};

}  // namespace straykey
