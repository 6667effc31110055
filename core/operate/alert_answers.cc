#include "core/operate/alert_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/baseline/fact.h"
#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/campaigns.h"
#include "core/operate/operator_changes.h"

namespace straykey {
namespace {

using InAlerts = OperatorChange::InAlerts;
using Status = AlertState::Status;

// Changes the row of a pair in quarantine, if there is one or it is to become one.
void change_pair(StoreWriter& alerts, HashKey hash_key, const AlertPairs::Pair& pair,
                 const std::function<void(Fact&)>& change) {
  const FactRef ref{pair.kind, pair.scope, pair.value};
  const std::string key = fact_key(hash_key, ref);
  Fact fact;
  if (const auto stored = alerts.get(Table::quarantine, key)) fact = decode_fact_of(*stored, ref).value_or(Fact{});
  const Fact before = fact;
  change(fact);
  if (fact != before) alerts.put(Table::quarantine, key, encode_fact(fact, ref));
}

// An alert that can be answered, with its rows.
struct KnownAlert {
  Hash128 id;
  AlertState state;
  AlertPairs pairs;
  bool hosting = false;
};

std::optional<AlertState> state_of(StoreReader& alerts, std::string_view key) {
  const auto row = alerts.get(Table::alert_state, key);
  return row ? decode_alert_state(*row) : std::nullopt;
}

std::optional<KnownAlert> find_known(StoreReader& alerts, Hash128 id) {
  const std::string key = id.key();
  const auto facts = alerts.get(Table::alerts, key);
  const auto message = facts ? decode_message(*facts) : std::nullopt;
  const auto state = state_of(alerts, key);
  const auto stored = alerts.get(Table::alert_pairs, key);
  const auto pairs = stored ? decode_alert_pairs(*stored) : std::nullopt;
  if (!message || !state || !pairs) return std::nullopt;
  const auto* alert = std::get_if<Alert>(&*message);
  return KnownAlert{id, *state, *pairs, alert != nullptr && alert->hosting};
}

std::vector<KnownAlert> find_known(StoreReader& alerts, AnsweredAlerts which) {
  std::vector<KnownAlert> found;
  for (const Hash128 id : which.campaign ? alerts_of_campaign(alerts, which.id) : std::vector{which.id})
    if (auto known = find_known(alerts, id)) found.push_back(std::move(*known));
  return found;
}

std::string named(AnsweredAlerts which) {
  return fmt::format("{} {}", which.campaign ? "campaign" : "alert", which.id.hex());
}

InAlerts none_of_that_id(AnsweredAlerts which) {
  return {0, fmt::format("no {} has the id {}", which.campaign ? "campaign" : "alert", which.id.hex())};
}

void put_state(StoreWriter& alerts, const KnownAlert& known) {
  alerts.put(Table::alert_state, known.id.key(), encode_alert_state(known.state));
}

void change_state(KnownAlert& known, Status status, const std::string& note, Seconds now) {
  known.state.status = status;
  known.state.status_at = now;
  known.state.note = note.substr(0, Acknowledgement::kNoteBytesMax);
}

bool is_of_asn(const AlertPairs::Pair& pair) {
  return (pair.kind == FactKind::quarantine_identity_network && pair.value.starts_with("AS")) ||
         (pair.kind == FactKind::quarantine_network_role && pair.scope.starts_with("AS"));
}

// Returns how many rows it changed.
std::size_t acknowledge_alert(StoreWriter& alerts, HashKey hash_key, KnownAlert& known, const Acknowledgement& what,
                              bool only_prefix, Seconds now) {
  std::size_t rows = 1;
  for (const AlertPairs::Pair& pair : known.pairs.pairs) {
    if (only_prefix && is_of_asn(pair)) continue;
    ++rows;
    change_pair(alerts, hash_key, pair, [&](Fact& fact) {
      fact.seen(known.pairs.day);
      fact.acknowledged = true;
      fact.acknowledged_until = what.until;
    });
    alerts.put(Table::alert_pairs, pair_holder_key(hash_key, pair, known.id), "");
  }
  change_state(known, what.false_positive ? Status::false_positive : Status::acknowledged, what.note, now);
  known.state.acknowledged_until = what.until;
  put_state(alerts, known);
  return rows;
}

InAlerts acknowledge_in(StoreWriter& alerts, HashKey hash_key, const Acknowledgement& what, bool campaign,
                        Seconds now) {
  const AnsweredAlerts which{what.id, campaign};
  std::vector<KnownAlert> all = find_known(alerts, which);
  if (all.empty()) return none_of_that_id(which);
  for (const KnownAlert& known : all)
    if (what.until != 0 && what.until < known.pairs.day)
      return {0,
              fmt::format("until: {} is before {}, the day of alert {}", format_day(what.until),
                          format_day(known.pairs.day), known.id.hex()),
              ChangeRefusal::wrong_value};
  InAlerts done;
  bool any_only_prefix = false;
  for (KnownAlert& known : all) {
    const bool only_prefix = what.networks == Acknowledgement::Networks::prefix ||
                             (what.networks == Acknowledgement::Networks::offered && known.hosting);
    any_only_prefix = any_only_prefix || only_prefix;
    done.rows += acknowledge_alert(alerts, hash_key, known, what, only_prefix, now);
  }
  note_in_operator_log(alerts, now,
                       fmt::format("{} {}{}{}: {}", what.false_positive ? "called a false positive:" : "acknowledged",
                                   named(which), what.until == 0 ? "" : " until " + format_day(what.until),
                                   any_only_prefix ? ", its prefix only" : "", what.note));
  return done;
}

InAlerts close_in(StoreWriter& alerts, AnsweredAlerts which, const std::string& note, Seconds now) {
  std::vector<KnownAlert> all = find_known(alerts, which);
  if (all.empty()) return none_of_that_id(which);
  InAlerts done;
  for (KnownAlert& known : all) {
    if (known.state.is_answered()) continue;
    change_state(known, Status::closed, note, now);
    put_state(alerts, known);
    ++done.rows;
  }
  if (done.rows == 0) return {0, fmt::format("{} is answered; open it again first", named(which))};
  note_in_operator_log(alerts, now, fmt::format("closed {}: {}", named(which), note));
  return done;
}

// Writes the rows that tell which answered alerts hold a pair, for alerts that an older program acknowledged.
void know_holders(StoreWriter& alerts, HashKey hash_key) {
  if (alerts.get(Table::alert_pairs, kPairHoldersKnown)) return;
  std::vector<std::string> rows;
  alerts.scan(Table::alert_pairs, {}, {}, [&](std::string_view key, std::string_view value) {
    if (key.size() != sizeof(Hash128)) return true;
    const auto state = state_of(alerts, key);
    const auto pairs = decode_alert_pairs(value);
    if (!state || !state->is_answered() || !pairs) return true;
    for (const AlertPairs::Pair& pair : pairs->pairs)
      rows.push_back(pair_holder_key(hash_key, pair, Hash128::from_bytes(key.data())));
    return true;
  });
  for (const std::string& row : rows) alerts.put(Table::alert_pairs, row, "");
  alerts.put(Table::alert_pairs, kPairHoldersKnown, "");
}

bool is_held(StoreReader& alerts, HashKey hash_key, const AlertPairs::Pair& pair) {
  const std::string prefix = pair_holders_prefix(hash_key, pair);
  bool held = false;
  alerts.scan(Table::alert_pairs, prefix, prefix, [&](std::string_view, std::string_view) {
    held = true;
    return false;
  });
  return held;
}

std::size_t reopen_alert(StoreWriter& alerts, HashKey hash_key, KnownAlert& known, const std::string& note,
                         Seconds now) {
  std::size_t rows = 1;
  for (const AlertPairs::Pair& pair : known.pairs.pairs) {
    const std::string holder = pair_holder_key(hash_key, pair, known.id);
    if (!alerts.get(Table::alert_pairs, holder)) continue;
    alerts.erase(Table::alert_pairs, holder);
    if (is_held(alerts, hash_key, pair)) continue;
    ++rows;
    change_pair(alerts, hash_key, pair, [](Fact& fact) {
      fact.acknowledged = false;
      fact.acknowledged_until = 0;
    });
  }
  change_state(known, Status::open, note, now);
  known.state.acknowledged_until = 0;
  put_state(alerts, known);
  return rows;
}

InAlerts reopen_in(StoreWriter& alerts, HashKey hash_key, AnsweredAlerts which, const std::string& note, Seconds now) {
  std::vector<KnownAlert> all = find_known(alerts, which);
  if (all.empty()) return none_of_that_id(which);
  std::erase_if(all, [](const KnownAlert& known) { return known.state.status == Status::open; });
  if (all.empty()) return {0, named(which) + " is open"};
  know_holders(alerts, hash_key);
  InAlerts done;
  for (KnownAlert& known : all) done.rows += reopen_alert(alerts, hash_key, known, note, now);
  note_in_operator_log(alerts, now, fmt::format("reopened {}: {}", named(which), note));
  return done;
}

std::unique_ptr<OperatorChange> in_alerts(std::function<InAlerts(StoreWriter& alerts)> change) {
  auto out = std::make_unique<OperatorChange>();
  out->in_alerts = [change = std::move(change)](StoreWriter& alerts, std::size_t) { return change(alerts); };
  return out;
}

}  // namespace

std::unique_ptr<OperatorChange> acknowledge(HashKey hash_key, Acknowledgement what, Seconds now) {
  return in_alerts([hash_key, what = std::move(what), now](StoreWriter& alerts) {
    return acknowledge_in(alerts, hash_key, what, false, now);
  });
}

std::unique_ptr<OperatorChange> acknowledge_campaign(HashKey hash_key, Acknowledgement what, Seconds now) {
  return in_alerts([hash_key, what = std::move(what), now](StoreWriter& alerts) {
    return acknowledge_in(alerts, hash_key, what, true, now);
  });
}

std::unique_ptr<OperatorChange> close_alerts(AnsweredAlerts which, std::string note, Seconds now) {
  return in_alerts(
      [which, note = std::move(note), now](StoreWriter& alerts) { return close_in(alerts, which, note, now); });
}

std::unique_ptr<OperatorChange> reopen(HashKey hash_key, AnsweredAlerts which, std::string note, Seconds now) {
  return in_alerts([hash_key, which, note = std::move(note), now](StoreWriter& alerts) {
    return reopen_in(alerts, hash_key, which, note, now);
  });
}

}  // namespace straykey
