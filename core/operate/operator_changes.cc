#include "core/operate/operator_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/baseline/fact.h"
#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/campaigns.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

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

// An alert that can be acknowledged, with its rows.
struct KnownAlert {
  AlertState state;
  AlertPairs pairs;
  bool hosting = false;
};

std::optional<KnownAlert> find_known(StoreReader& alerts, const std::string& key) {
  const auto facts = alerts.get(Table::alerts, key);
  const auto message = facts ? decode_message(*facts) : std::nullopt;
  const auto row = alerts.get(Table::alert_state, key);
  const auto state = row ? decode_alert_state(*row) : std::nullopt;
  const auto stored = alerts.get(Table::alert_pairs, key);
  const auto pairs = stored ? decode_alert_pairs(*stored) : std::nullopt;
  if (!message || !state || !pairs) return std::nullopt;
  const auto* alert = std::get_if<Alert>(&*message);
  return KnownAlert{*state, *pairs, alert != nullptr && alert->hosting};
}

bool is_of_asn(const AlertPairs::Pair& pair) {
  return (pair.kind == FactKind::quarantine_identity_network && pair.value.starts_with("AS")) ||
         (pair.kind == FactKind::quarantine_network_role && pair.scope.starts_with("AS"));
}

OperatorChange::InAlerts no_such_alert(Hash128 id) {
  return {0, "no alert has the id " + id.hex()};
}

struct Acknowledged {
  std::size_t rows = 0;
  bool only_prefix = false;
};

// Nothing if there is no such alert.
std::optional<Acknowledged> acknowledge_alert(StoreWriter& alerts, HashKey hash_key, Hash128 id,
                                              const Acknowledgement& what, Seconds now) {
  const std::string key = id.key();
  auto known = find_known(alerts, key);
  if (!known) return std::nullopt;
  Acknowledged done{1, what.networks == Acknowledgement::Networks::prefix ||
                           (what.networks == Acknowledgement::Networks::offered && known->hosting)};
  for (const AlertPairs::Pair& pair : known->pairs.pairs) {
    if (done.only_prefix && is_of_asn(pair)) continue;
    ++done.rows;
    change_pair(alerts, hash_key, pair, [&](Fact& fact) {
      fact.seen(known->pairs.day);
      fact.acknowledged = true;
      fact.acknowledged_until = what.until;
    });
  }
  known->state.status = AlertState::Status::acknowledged;
  known->state.status_at = now;
  known->state.acknowledged_until = what.until;
  known->state.note = what.note.substr(0, Acknowledgement::kNoteBytesMax);
  alerts.put(Table::alert_state, key, encode_alert_state(known->state));
  return done;
}

// What the operator log says of an acknowledgement.
std::string log_line(std::string_view of, const Acknowledgement& what, bool only_prefix) {
  return fmt::format("acknowledged {} {}{}{}: {}", of, what.id.hex(),
                     what.until == 0 ? "" : " until " + format_day(what.until), only_prefix ? ", its prefix only" : "",
                     what.note);
}

OperatorChange::InAlerts acknowledge_in(StoreWriter& alerts, HashKey hash_key, const Acknowledgement& what,
                                        Seconds now) {
  const auto done = acknowledge_alert(alerts, hash_key, what.id, what, now);
  if (!done) return no_such_alert(what.id);
  note_in_operator_log(alerts, now, log_line("alert", what, done->only_prefix));
  return {done->rows, {}};
}

OperatorChange::InAlerts acknowledge_campaign_in(StoreWriter& alerts, HashKey hash_key, const Acknowledgement& what,
                                                 Seconds now) {
  OperatorChange::InAlerts all;
  bool only_prefix = false;
  for (const Hash128 id : alerts_of_campaign(alerts, what.id)) {
    const auto done = acknowledge_alert(alerts, hash_key, id, what, now);
    if (!done) continue;
    all.rows += done->rows;
    only_prefix = only_prefix || done->only_prefix;
  }
  if (all.rows == 0) return {0, "no campaign has the id " + what.id.hex()};
  note_in_operator_log(alerts, now, log_line("campaign", what, only_prefix));
  return all;
}

// The pairs of all alerts but one that are acknowledged.
std::vector<AlertPairs::Pair> acknowledged_pairs(StoreReader& alerts, std::string_view but) {
  std::vector<AlertPairs::Pair> out;
  alerts.scan(Table::alert_pairs, {}, {}, [&](std::string_view key, std::string_view value) {
    if (key == but) return true;
    const auto row = alerts.get(Table::alert_state, key);
    const auto state = row ? decode_alert_state(*row) : std::nullopt;
    if (!state || state->status != AlertState::Status::acknowledged) return true;
    if (const auto pairs = decode_alert_pairs(value)) out.insert(out.end(), pairs->pairs.begin(), pairs->pairs.end());
    return true;
  });
  return out;
}

OperatorChange::InAlerts reopen_in(StoreWriter& alerts, HashKey hash_key, Hash128 id, const std::string& note,
                                   Seconds now) {
  const std::string key = id.key();
  auto known = find_known(alerts, key);
  if (!known) return no_such_alert(id);
  if (known->state.status == AlertState::Status::open) return {0, "alert " + id.hex() + " is open"};
  const std::vector<AlertPairs::Pair> stay = acknowledged_pairs(alerts, key);
  std::size_t rows = 1;
  for (const AlertPairs::Pair& pair : known->pairs.pairs) {
    if (std::find(stay.begin(), stay.end(), pair) != stay.end()) continue;
    ++rows;
    change_pair(alerts, hash_key, pair, [](Fact& fact) {
      fact.acknowledged = false;
      fact.acknowledged_until = 0;
    });
  }
  known->state.status = AlertState::Status::open;
  known->state.status_at = now;
  known->state.acknowledged_until = 0;
  known->state.note = note.substr(0, Acknowledgement::kNoteBytesMax);
  alerts.put(Table::alert_state, key, encode_alert_state(known->state));
  note_in_operator_log(alerts, now, fmt::format("reopened alert {}: {}", id.hex(), note));
  return {rows, {}};
}

// Erases every fact of the scope whose value is `value`, or any if that is empty. Returns how many.
std::size_t erase_facts(StoreWriter& writer, Table table, const std::string& prefix, std::string_view value) {
  std::vector<std::string> keys;
  writer.scan(table, prefix, prefix, [&](std::string_view key, std::string_view stored) {
    const auto fact = decode_fact(stored);
    if (value.empty() || (fact && fact->value == value)) keys.emplace_back(key);
    return true;
  });
  for (const std::string& key : keys) writer.erase(table, key);
  return keys.size();
}

// Erases what `what` asks for, from each kind of fact about an identity.
std::size_t forget_in(StoreWriter& writer, HashKey hash_key, const Forgetting& what, bool quarantine) {
  const Table table = quarantine ? Table::quarantine : Table::facts;
  const auto erase = [&](FactKind kind, std::string_view value) {
    return erase_facts(writer, table, fact_scope_prefix(hash_key, kind, what.identity), value);
  };
  const bool all = what.network.empty() && what.tool.empty();
  std::size_t rows = 0;
  // What weakly proven tokens taught is forgotten with the rest.
  const auto erase_either = [&](FactKind learned, FactKind hit, std::string_view value) {
    rows += quarantine ? erase(hit, value) : erase(learned, value) + erase(weak_kind(learned), value);
  };
  if (all || !what.network.empty())
    erase_either(FactKind::identity_network, FactKind::quarantine_identity_network, what.network);
  if (all || !what.tool.empty()) erase_either(FactKind::identity_tool, FactKind::quarantine_identity_tool, what.tool);
  if ((all || !what.network.empty()) && !quarantine) rows += erase(FactKind::identity_other_call, what.network);
  if (!all) return rows;
  erase_either(FactKind::identity_runtime, FactKind::quarantine_identity_runtime, {});
  erase_either(FactKind::identity_evidence, FactKind::quarantine_identity_evidence, {});
  rows += erase(quarantine ? FactKind::quarantine_identity_presigned : FactKind::identity_presigned, {});
  return rows;
}

}  // namespace

void note_in_operator_log(StoreWriter& alerts, Seconds now, std::string_view text) {
  const std::string second = encode_sequence(static_cast<std::uint64_t>(now));
  std::uint64_t number = 0;
  alerts.scan(Table::operator_log, second, second, [&](std::string_view, std::string_view) { return ++number > 0; });
  alerts.put(Table::operator_log, second + encode_sequence(number), text);
}

std::unique_ptr<OperatorChange> acknowledge(HashKey hash_key, Acknowledgement what, Seconds now) {
  auto change = std::make_unique<OperatorChange>();
  change->in_alerts = [hash_key, what = std::move(what), now](StoreWriter& alerts, std::size_t) {
    return acknowledge_in(alerts, hash_key, what, now);
  };
  return change;
}

std::unique_ptr<OperatorChange> acknowledge_campaign(HashKey hash_key, Acknowledgement what, Seconds now) {
  auto change = std::make_unique<OperatorChange>();
  change->in_alerts = [hash_key, what = std::move(what), now](StoreWriter& alerts, std::size_t) {
    return acknowledge_campaign_in(alerts, hash_key, what, now);
  };
  return change;
}

std::unique_ptr<OperatorChange> reopen(HashKey hash_key, Hash128 alert_id, std::string note, Seconds now) {
  auto change = std::make_unique<OperatorChange>();
  change->in_alerts = [hash_key, alert_id, note = std::move(note), now](StoreWriter& alerts, std::size_t) {
    return reopen_in(alerts, hash_key, alert_id, note, now);
  };
  return change;
}

std::unique_ptr<OperatorChange> forget(HashKey hash_key, Forgetting what, Seconds now) {
  auto change = std::make_unique<OperatorChange>();
  change->in_partition = [hash_key, what](StoreWriter& partition) {
    return forget_in(partition, hash_key, what, false);
  };
  change->in_alerts = [hash_key, what = std::move(what), now](StoreWriter& alerts, std::size_t rows) {
    OperatorChange::InAlerts done{forget_in(alerts, hash_key, what, true), {}};
    if (rows + done.rows == 0)
      return OperatorChange::InAlerts{0, "nothing of that is known of " + escape_for_log(what.identity)};
    note_in_operator_log(
        alerts, now, fmt::format("forgot baseline of {} network={} tool={}", what.identity, what.network, what.tool));
    return done;
  };
  return change;
}

}  // namespace straykey
