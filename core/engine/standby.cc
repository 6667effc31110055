#include "core/engine/standby.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/bytes.h"

namespace straykey {
namespace {

// Everything that a judge knows besides its progress.
constexpr std::array kLoggedTables{Table::alerts,         Table::alert_state, Table::dedup,        Table::hits,
                                   Table::quarantine,     Table::outbox,      Table::activated,    Table::flood,
                                   Table::alerts_by_time, Table::alert_pairs, Table::operator_log, Table::campaigns};

std::uint64_t check_of(HashKey key) {
  return hash64(key, "the installation of a log");
}

}  // namespace

Standby::Standby(Settings settings, AlertLog& alert_log, AlertStore& store, Metrics& metrics, Log* log)
    : settings_(std::move(settings)),
      alert_log_(alert_log),
      store_(store),
      logged_(store, alert_log),
      log_(log),
      agreement_(std::make_shared<const Agreement>(settings_.agreement)),
      status_(std::make_shared<const StandbyStatus>()),
      judges_gauge_(metrics.gauge("straykey_standby_judges", "1: this node is the judge of [standby]; 0: it follows.")),
      position_gauge_(metrics.gauge("straykey_standby_position", "What lies before it in the log is in the store.")),
      behind_gauge_(
          metrics.gauge("straykey_standby_behind", "Messages of the log that this node has not applied yet.")),
      differs_gauge_(metrics.gauge("straykey_standby_differs", "How many things are not as the judge has them.")),
      applied_(metrics.counter("straykey_standby_applied_total", "Transactions of the log that this node applied.")),
      take_overs_(metrics.counter("straykey_standby_take_overs_total", "How often this node became the judge.")) {}

void Standby::use_agreement(Agreement agreement) {
  agreement_.store(std::make_shared<const Agreement>(std::move(agreement)));
  agreement_changes_.fetch_add(1);
}

Standby::Role Standby::step(const Apply& apply) {
  if (const std::uint64_t changes = agreement_changes_.load(); changes != agreement_seen_) {
    agreement_seen_ = changes;
    settings_.agreement = *agreement_.load();
    if (judging_) renew_term();
    compare();
  }
  const bool retires = gives_up();
  if (judging_ && !retires && alert_log_.elected() && !logged_.lost()) {
    place_ = logged_.place();
    show();
    return Role::judges;
  }
  const bool stands_back = std::exchange(judging_, false);
  const Role role = stands_back ? Role::stands_back : follow(apply);
  if (stands_back) {
    logged_.pass_through();
    target_.reset();
    opened_ = false;
    if (log_ != nullptr) log_->warning("this node judges no more, and follows", {{"node", settings_.node}});
  }
  if (retires) alert_log_.stand(false);
  show();
  return role;
}

// Not in the step that first sees it: what waits to be written is written in that one.
bool Standby::gives_up() {
  if (!retiring_) return false;
  const Seconds now = alert_log_.now();
  if (!retires_since_) {
    retires_since_ = now;
    return false;
  }
  return granted_.empty() || now - *retires_since_ > kRetireS;
}

Standby::Role Standby::follow(const Apply& apply) {
  if (!opened_ && !open_place()) return Role::follows;
  if (place_.wiping && !wipe_some()) return Role::follows;
  if (!read_on(apply)) return Role::follows;
  const bool stands = !retiring_ && may_stand();
  alert_log_.stand(stands);
  if (!stands || !alert_log_.elected()) {
    target_.reset();
    return Role::follows;
  }
  if (!target_) {
    begin_term();
    if (!target_ || !read_on(apply)) return Role::follows;
  }
  if (place_.next < *target_) return Role::follows;
  if ((!place_.complete || orphan_) && !publish()) {
    target_.reset();
    return Role::follows;
  }
  logged_.log_to(place_);
  judging_ = true;
  superseded_ = stale_ = false;
  granted_.clear();
  take_overs_.add();
  if (log_ != nullptr) log_->info("this node judges now", {{"node", settings_.node}});
  return Role::takes_over;
}

// False: it cannot be read now.
bool Standby::open_place() {
  const auto reader = store_.read();
  const auto stored = reader->get(Table::progress, kLogPlaceKey);
  if (!reader->failure().empty()) {
    complain("the store: " + std::string(reader->failure()));
    return false;
  }
  place_ = stored ? decode_log_place(*stored).value_or(LogPlace{}) : LogPlace{};
  stale_ = place_.log != Hash128{} && alert_log_.now() - place_.at > kStaleS;
  opened_ = true;
  return true;
}

// False: there is more, or it cannot be read now.
bool Standby::read_on(const Apply& apply) {
  for (std::size_t reads = 0; reads < kReadsAStep; ++reads) {
    auto read = alert_log_.read(place_.next);
    if (!read) {
      complain(read.error().message);
      return false;
    }
    if (read->out_of_range) {
      orphan_ = true;
      place_.next = 0;
      if (log_ != nullptr) log_->warning("the log that this node followed is gone", {{"node", settings_.node}});
      continue;
    }
    complained_.clear();
    if (read->entries.empty()) {
      is_read_ = true;
      return true;
    }
    for (const LogEntry& entry : read->entries)
      if (!take_in(entry, apply)) return false;
  }
  return false;
}

bool Standby::take_in(const LogEntry& entry, const Apply& apply) {
  const bool is_own_term = target_ && entry.next == *target_;
  if (entry.transaction.term && !is_own_term) hear_of_term(*entry.transaction.term);
  if (entry.log != Hash128{} && !belongs(entry)) return false;
  if (stale_ && !is_own_term) return begin_wiping(place_.log, 0);
  place_.next = entry.next;
  place_.at = alert_log_.now();
  if (entry.transaction.completes) {
    place_.complete = true;
    orphan_ = false;
  }
  // A place in a log without a name would be taken for one in the log that comes to be.
  const bool has_name = place_.log != Hash128{};
  if (apply(entry.transaction, has_name ? encode_log_place(place_) : std::string()) != CommitOutcome::committed) {
    opened_ = false;
    return false;
  }
  applied_.add();
  return true;
}

// Whether the entry is of the log that the store follows, or may follow from here on.
bool Standby::belongs(const LogEntry& entry) {
  if (entry.log.high != check_of(settings_.hash_key)) {
    wait_for("the topic belongs to another installation: its hash key is not that of this store");
    return false;
  }
  if (entry.log == place_.log) return true;
  if (place_.log != Hash128{}) return begin_wiping(entry.log, place_.next) && false;
  if (has_alerts()) {
    wait_for(
        "this store has alerts of its own that the topic does not know: restore a backup of the other node here, or "
        "begin with an empty data_dir");
    return false;
  }
  place_.log = entry.log;
  return true;
}

void Standby::hear_of_term(const LogTransaction::Term& term) {
  if (term.run != settings_.fresh) superseded_ = true;
  term_ = term;
  compare();
}

// Settings that this node had in an earlier run, as the judge, bind nobody.
void Standby::compare() {
  std::vector<std::string> differs;
  if (term_ && term_->run != settings_.fresh && term_->node != settings_.node) {
    for (const auto& [what, digest] : settings_.agreement) {
      const auto at = term_->agreement.find(what);
      if (at == term_->agreement.end() || at->second != digest) differs.push_back(what);
    }
  }
  if (differs == differs_) return;
  differs_ = std::move(differs);
  if (log_ == nullptr) return;
  for (const std::string& what : differs_)
    log_->warning("this node is not as the judge is, and does not stand in for it",
                  {{"differs", what}, {"judge", term_->node}});
  if (differs_.empty()) log_->info("this node is as the judge is", {{"node", settings_.node}});
}

// The rows are erased first. So the store never mixes two logs, wherever a crash comes.
bool Standby::begin_wiping(Hash128 log, std::uint64_t from) {
  place_ = {.log = log, .next = from, .at = alert_log_.now(), .wiping = true};
  stale_ = orphan_ = false;
  if (log_ != nullptr) log_->warning("what this node followed so far is erased, and read anew from the log");
  if (!put_place()) opened_ = false;
  return false;
}

// True: nothing is left.
bool Standby::wipe_some() {
  for (const Table table : kLoggedTables) {
    const auto writer = store_.write();
    std::vector<std::string> keys;
    writer->scan(table, {}, {}, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return keys.size() < kWipeRows;
    });
    if (keys.empty() && writer->failure().empty()) continue;
    for (const std::string& key : keys) writer->erase(table, key);
    if (writer->commit() != CommitOutcome::committed) complain("the store cannot be written");
    return false;
  }
  place_.wiping = false;
  if (put_place()) return true;
  opened_ = false;
  return false;
}

bool Standby::has_alerts() {
  const auto reader = store_.read();
  for (const Table table : {Table::alerts, Table::outbox, Table::activated})
    if (reader->rows(table) > 0) return true;
  return false;
}

bool Standby::may_stand() {
  const bool unfinished = place_.log != Hash128{} && !place_.complete && !place_.is_ours && !orphan_;
  if (!waits_for_.empty() || unfinished || !is_read_) return false;
  if (differs_.empty()) {
    nobody_since_.reset();
    return true;
  }
  const Seconds now = alert_log_.now();
  if (now - asked_at_ >= kAskS) {
    asked_at_ = now;
    const bool nobody = nobody_since_ && now - *nobody_since_ >= kNobodyS;  // then it is this node that stands
    if (!nobody && alert_log_.anybody_stands()) {
      nobody_since_.reset();
    } else if (!nobody_since_) {
      nobody_since_ = now;
    }
  }
  return nobody_since_ && now - *nobody_since_ >= kNobodyS;
}

LogTransaction Standby::own_term() const {
  LogTransaction transaction;
  transaction.term = LogTransaction::Term{settings_.node, settings_.fresh, settings_.agreement};
  return transaction;
}

void Standby::begin_term() {
  if (const Status fenced = alert_log_.fence(); !fenced.ok()) return complain(fenced.error().message);
  const LogTransaction term = own_term();
  const auto next = alert_log_.append(orphan_ ? Hash128{} : place_.log, term);
  if (!next) return complain(next.error().message);
  target_ = next.value();
  term_ = term.term;
  compare();
}

void Standby::renew_term() {
  if (logged_.lost()) return;
  place_ = logged_.place();
  const LogTransaction term = own_term();
  if (append(term) && put_place()) {
    term_ = term.term;
    logged_.log_to(place_);
  } else {
    logged_.lose();
  }
}

bool Standby::append(const LogTransaction& transaction) {
  const auto next = alert_log_.append(place_.log, transaction);
  if (!next) {
    complain(next.error().message);
    return false;
  }
  place_.next = next.value();
  place_.at = alert_log_.now();
  return true;
}

bool Standby::put_place() {
  const auto writer = store_.write();
  writer->put(Table::progress, kLogPlaceKey, encode_log_place(place_));
  return writer->commit() == CommitOutcome::committed;
}

// Writes the whole store into a log that has none yet. If it does not come to its end, this node begins again.
bool Standby::publish() {
  if (orphan_ || place_.log == Hash128{})
    place_.log = {hash64(settings_.hash_key, std::to_string(settings_.fresh) + "/" + std::to_string(place_.next)),
                  check_of(settings_.hash_key)};
  place_.complete = false;
  place_.is_ours = true;
  if (!put_place()) return opened_ = false;
  if (log_ != nullptr) log_->info("this node begins the log, and writes what it knows into it");
  for (const Table table : kLoggedTables)
    if (!publish(table)) return opened_ = false;
  LogTransaction end;
  end.completes = true;
  if (!append(end)) return opened_ = false;
  place_.complete = true;
  orphan_ = false;
  if (!put_place()) return opened_ = false;
  return true;
}

bool Standby::publish(Table table) {
  std::string from;
  while (true) {
    LogTransaction transaction;
    {
      const auto reader = store_.read();
      reader->scan(table, {}, from, [&](std::string_view key, std::string_view value) {
        transaction.rows.push_back({table, std::string(key), std::string(value)});
        return transaction.rows.size() < kPublishRows;
      });
      if (!reader->failure().empty()) return false;
    }
    if (transaction.rows.empty()) return true;
    from = transaction.rows.back().key + '\0';
    if (!append(transaction)) return false;
  }
}

void Standby::wait_for(std::string why) {
  if (waits_for_ == why) return;
  waits_for_ = std::move(why);
  if (log_ != nullptr) log_->error("this node neither follows nor judges", {{"reason", waits_for_}});
}

// What goes on is said once, until something else is the matter.
void Standby::complain(const std::string& reason) {
  if (complained_ == reason) return;
  complained_ = reason;
  if (log_ != nullptr) log_->error("the log of [standby] cannot be followed or written now", {{"reason", reason}});
}

void Standby::show() {
  StandbyStatus status;
  status.judges = judging_;
  const auto before = status_.load();
  status.since = before->since != 0 && before->judges == judging_ ? before->since : alert_log_.now();
  status.is_read = is_read_;
  if (term_) status.judge = term_->node;
  status.position = place_.next;
  status.behind = judging_ ? 0 : alert_log_.behind(place_.next);
  status.differs = differs_;
  status.waits_for = waits_for_;
  judges_gauge_.set(judging_ ? 1 : 0);
  position_gauge_.set(static_cast<double>(status.position));
  differs_gauge_.set(static_cast<double>(status.differs.size()));
  behind_gauge_.set(static_cast<double>(status.behind));
  status_.store(std::make_shared<const StandbyStatus>(std::move(status)));
}

}  // namespace straykey
