#include "core/engine/baseline_view.h"

#include <algorithm>
#include <set>

#include "core/detect/known_things.h"
#include "core/engine/sequence.h"

namespace straykey {

Fact BaselineView::fact(FactKind kind, std::string_view scope, std::string_view value) const {
  const FactRef ref{kind, scope, value};
  const std::string key = fact_key(hash_key_, ref);
  Fact merged;
  for (const auto& partition : partitions_) {
    const auto stored = partition->get(Table::facts, key);
    if (!stored) continue;
    if (const auto fact = decode_fact_of(*stored, ref)) merged.merge(*fact);
  }
  return merged;
}

Fact BaselineView::quarantine(FactKind kind, std::string_view scope, std::string_view value) const {
  const FactRef ref{kind, scope, value};
  const auto stored = alerts_.get(Table::quarantine, fact_key(hash_key_, ref));
  Fact fact = stored ? decode_fact_of(*stored, ref).value_or(Fact{}) : Fact{};
  fact.acknowledged = fact.acknowledged_on(judged_day_) || is_known(kind, scope, value, judged_day_);
  return fact;
}

// Whether the configuration makes it known. What is acknowledged in the store does not come here.
bool BaselineView::is_known(FactKind kind, std::string_view scope, std::string_view value, Day day) const {
  if (known_.empty() || covering(known_, {kind, scope, value, day}) == nullptr) return false;
  known_counted_ = true;
  return true;
}

bool BaselineView::quarantined(FactKind kind, std::string_view scope, std::string_view value, Day day,
                               int window_days) const {
  const Fact fact = quarantine(kind, scope, value);
  if (fact.presence.days_before(day, window_days) == 0) return false;
  return !fact.acknowledged_on(day) && !is_known(kind, scope, value, day);
}

void BaselineView::each(FactKind kind, std::string_view scope,
                        const std::function<bool(const std::string&, const Fact&)>& visit) const {
  const std::string prefix = fact_scope_prefix(hash_key_, kind, scope);
  std::set<std::string, std::less<>> visited;  // needed only where there are several partitions
  bool goes_on = true;
  for (const auto& partition : partitions_) {
    if (!goes_on) return;
    partition->scan(Table::facts, prefix, prefix, [&](std::string_view key, std::string_view stored) {
      auto fact = decode_fact(stored);
      if (!fact || (partitions_.size() > 1 && !visited.emplace(key).second)) return true;
      for (const auto& other : partitions_) {
        if (other == partition) continue;
        const auto theirs = other->get(Table::facts, key);
        if (const auto more = theirs ? decode_fact(*theirs) : std::nullopt) fact->fact.merge(more->fact);
      }
      return goes_on = visit(fact->value, fact->fact);
    });
  }
}

// Forgets the kept answers if they are of another day, or too many.
std::string BaselineView::answer_key(const UsersBefore& question) const {
  if (question.day != answers_.day || answers_.users.size() >= kAnswersKept) forget_answers();
  answers_.day = question.day;
  std::string key(1, static_cast<char>(question.kind));
  key += known_.empty() ? '\0' : '\1';  // what is known changes who is left out
  return key.append(question.scope).append(1, '\0').append(question.quarantine);
}

const std::vector<std::string>& BaselineView::users_before(
    const UsersBefore& question, const std::function<bool(const std::string& user)>& left_out) const {
  const auto [answer, is_new] = answers_.users.try_emplace(answer_key(question));
  std::vector<std::string>& users = answer->second;
  if (!is_new) return users;
  each(question.kind, question.scope, [&](const std::string& user, const Fact& fact) {
    if (fact.presence.days_before(question.day, question.window_days) >= question.days && !left_out(user))
      users.push_back(user);
    return users.size() <= kUsersCounted;
  });
  return users;
}

void BaselineView::note_quarantined(Day day) const {
  if (day < answers_.day) forget_answers();
}

void BaselineView::forget_answers() const {
  answers_.forget();
}

void BaselineView::each_with(const std::string& prefix,
                             const std::function<bool(FactKind, const NamedFact&)>& visit) const {
  bool goes_on = true;
  for (const auto& partition : partitions_) {
    if (!goes_on) return;
    partition->scan(Table::facts, prefix, prefix, [&](std::string_view key, std::string_view stored) {
      if (const auto fact = decode_fact(stored)) goes_on = visit(fact_kind(key), *fact);
      return goes_on;
    });
  }
}

void BaselineView::each_account(const std::function<bool(const NamedFact&)>& visit) const {
  each_with({static_cast<char>(FactKind::account)}, [&](FactKind, const NamedFact& fact) { return visit(fact); });
}

void BaselineView::each_of_account(std::string_view account,
                                   const std::function<bool(FactKind, const NamedFact&)>& visit) const {
  each_with(fact_account_prefix(hash_key_, account), visit);
}

Day BaselineView::newest_account_day() const {
  if (!newest_account_day_) {
    Day newest = 0;
    each_account([&](const NamedFact& account) {
      newest = std::max(newest, account.fact.presence.newest_day);
      return true;
    });
    newest_account_day_ = newest;
  }
  return *newest_account_day_;
}

std::vector<Day> BaselineView::earliest_days(std::string_view account) const {
  std::set<Day> days;
  each(FactKind::account_early_day, account, [&](const std::string&, const Fact& early) {
    days.insert(early.first_day);
    return true;
  });
  if (const Fact seen = fact(FactKind::account, account, ""); seen.presence.days != 0) {
    days.insert(seen.first_day);
    for (Day back = 0; back < 64 && back <= seen.presence.newest_day; ++back)
      if (seen.presence.seen_on(seen.presence.newest_day - back)) days.insert(seen.presence.newest_day - back);
  }
  std::vector<Day> earliest(days.begin(), days.end());
  earliest.resize(std::min(earliest.size(), kEarliestDays));
  return earliest;
}

std::optional<Day> BaselineView::kept_since() const {
  const auto stored = alerts_.get(Table::progress, kKeptSinceKey);
  if (!stored) return std::nullopt;
  return static_cast<Day>(decode_sequence(*stored));
}

std::optional<Day> BaselineView::active_since(std::string_view account) const {
  const auto stored = account.empty() ? std::nullopt : alerts_.get(Table::activated, account);
  if (!stored) return std::nullopt;
  return static_cast<Day>(decode_sequence(*stored));
}

bool BaselineView::remembered(std::string_view account, Day day, const std::function<bool()>& ask) const {
  const std::pair<Day, std::string> about(day, account);
  if (const auto found = remembered_.find(about); found != remembered_.end()) return found->second;
  const bool answer = ask();
  if (remembered_.size() >= kAnswersKept) remembered_.clear();
  return remembered_[about] = answer;
}

Activity BaselineView::activity(std::string_view row) const {
  Activity merged;
  for (const auto& partition : partitions_) {
    const auto stored = partition->get(Table::activity, row);
    if (!stored) continue;
    if (const auto activity = decode_activity(*stored)) merged.merge(*activity);
  }
  return merged;
}

bool BaselineView::failed() const {
  for (const auto& partition : partitions_)
    if (!partition->failure().empty()) return true;
  return !alerts_.failure().empty();
}

}  // namespace straykey
