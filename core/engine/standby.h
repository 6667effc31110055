#pragma once
// Standby: which of two nodes judges, and how the other one comes to know all that the judge knows.
//
// Shape:  step() is called again and again. On the node that is not elected it applies what the judge wrote to the log,
//         in order. On the node that is elected it takes over: it fences the other one out, begins a term with a
//         transaction of its own, and reads the log until it meets that. Then this store is what the last judge's was,
//         and this node judges what waits. What the last judge did not finish is judged now; what it finished stands as
//         an alert, which takes the same hits in.
// Order:  a judge that is no longer elected, or whose transaction the log did not take, judges nothing from that moment
//         on. It reads what the log holds, and takes over again if it is still elected.
// Durable: the place in the log is a row of the store, in the transaction of what was read there (LogPlace). So each
//         transaction is applied exactly once, whenever a crash comes.
//         A store that knows no log and has no alerts takes the log from its beginning. So does one that followed a log
//         which was made anew since, and one that has not followed for kStaleS: the log may have forgotten what was
//         erased meanwhile. Their rows of before are erased first. The first judge of a log writes its whole store
//         into it; until that is complete, nobody else may judge.
// Errors: a store with alerts that a log does not know, a log of another installation, and settings that differ from
//         the judge's are named (status()), and this node does not stand for election. If its settings differ and
//         nobody stands for kNobodyS, it stands all the same: those of a judge that is gone bind nobody. Otherwise two
//         nodes that got new settings would wait for each other.
// Bounds: kWipeRows and kPublishRows a transaction; kReadsAStep reads of the log in one step().
// Thread: the merger's. use_agreement(), retire() and status(): any.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/engine/alert_log.h"
#include "core/engine/logged_alert_store.h"
#include "core/engine/standby_status.h"

namespace straykey {

class Standby {
 public:
  struct Settings {
    std::string node;  // for people
    HashKey hash_key;
    Agreement agreement;
    std::uint64_t fresh = 0;  // random: part of the name of a log that this node begins
  };
  // What the merger does with what is read. It commits, with the place.
  using Apply = std::function<CommitOutcome(const LogTransaction& transaction, std::string_view place)>;

  static constexpr Seconds kStaleS = 12 * 3600;  // half of what topics keep of erased rows, unless told otherwise
  static constexpr Seconds kAskS = 5, kNobodyS = 30, kRetireS = 2;
  static constexpr std::size_t kReadsAStep = 64;
  static constexpr std::size_t kWipeRows = 5'000, kPublishRows = 2'000;

  // All outlive it; `log` may be null.
  Standby(Settings settings, AlertLog& alert_log, AlertStore& store, Metrics& metrics, Log* log);
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  // What the merger reads and writes.
  [[nodiscard]] LoggedAlertStore& store() noexcept { return logged_; }

  enum class Role : std::uint8_t {
    judges,
    takes_over,  // this node judges from this step on
    follows,
    stands_back,  // this node follows from this step on
  };
  // REQUIRES: no transaction of the store is open.
  [[nodiscard]] Role step(const Apply& apply);
  // Whether the last commit failed because of the log.
  [[nodiscard]] bool lost() const noexcept { return logged_.lost(); }
  // Whether somebody else judged since this node did: what this node has in hand is that one's now.
  [[nodiscard]] bool superseded() const noexcept { return superseded_; }

  void use_agreement(Agreement agreement);
  // This node is about to end: it makes no new attempts, and gives its place up when those that were granted have
  // ended, or kRetireS are over. So the other node has it at once and need not repeat them.
  void retire() noexcept { retiring_ = true; }
  [[nodiscard]] bool retires() const noexcept { return retiring_; }
  // An attempt was granted, and ended.
  void note_granted(const LogTransaction::Claim& attempt) { granted_.emplace(attempt.endpoint, attempt.alert_id); }
  void note_ended(const LogTransaction::Claim& attempt) { granted_.erase({attempt.endpoint, attempt.alert_id}); }
  [[nodiscard]] std::shared_ptr<const StandbyStatus> status() const { return status_.load(); }

 private:
  [[nodiscard]] bool gives_up();
  [[nodiscard]] Role follow(const Apply& apply);
  [[nodiscard]] bool open_place();
  [[nodiscard]] bool read_on(const Apply& apply);
  [[nodiscard]] bool take_in(const LogEntry& entry, const Apply& apply);
  [[nodiscard]] bool belongs(const LogEntry& entry);
  void hear_of_term(const LogTransaction::Term& term);
  [[nodiscard]] bool begin_wiping(Hash128 log, std::uint64_t from);
  [[nodiscard]] bool wipe_some();
  [[nodiscard]] bool has_alerts();
  [[nodiscard]] bool may_stand();
  void begin_term();
  [[nodiscard]] LogTransaction own_term() const;
  [[nodiscard]] bool publish();
  [[nodiscard]] bool publish(Table table);
  [[nodiscard]] bool append(const LogTransaction& transaction);
  [[nodiscard]] bool put_place();
  void renew_term();
  void compare();
  void wait_for(std::string why);
  void complain(const std::string& reason);
  void show();

  Settings settings_;
  AlertLog& alert_log_;
  AlertStore& store_;
  LoggedAlertStore logged_;
  Log* log_;

  bool judging_ = false, superseded_ = false;
  std::optional<Seconds> retires_since_;
  std::set<std::pair<std::string, Hash128>> granted_;  // attempts that may be under way
  bool opened_ = false;                                // place_ is what the store says
  bool is_read_ = false;                               // the log has been read to its end
  bool stale_ = false;                                 // and not for too long
  bool orphan_ = false;                                // the log that was followed is gone, and no other has begun
  LogPlace place_;
  std::optional<std::uint64_t> target_;       // of a take-over: behind our own term
  std::optional<LogTransaction::Term> term_;  // the newest that was read
  std::vector<std::string> differs_;
  Seconds asked_at_ = 0;
  std::optional<Seconds> nobody_since_;
  std::string waits_for_, complained_;
  std::uint64_t agreement_seen_ = 0;

  // Shared by all threads.
  std::atomic<std::shared_ptr<const Agreement>> agreement_;
  std::atomic<std::uint64_t> agreement_changes_{0};
  std::atomic<bool> retiring_{false};
  std::atomic<std::shared_ptr<const StandbyStatus>> status_;

  Gauge& judges_gauge_;
  Gauge& position_gauge_;
  Gauge& behind_gauge_;
  Gauge& differs_gauge_;
  Counter& applied_;
  Counter& take_overs_;
};

}  // namespace straykey
