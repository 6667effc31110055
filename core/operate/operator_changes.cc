#include "core/operate/operator_changes.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/baseline/fact.h"
#include "core/detect/alert_state.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

// Acknowledges the pair: from now on it is no reason for an alert, and its days count as learned.
void make_known(StoreWriter& alerts, HashKey hash_key, const AlertPairs::Pair& pair, Day day) {
  const FactRef ref{pair.kind, pair.scope, pair.value};
  const std::string key = fact_key(hash_key, ref);
  Fact fact;
  if (const auto stored = alerts.get(Table::quarantine, key)) fact = decode_fact_of(*stored, ref).value_or(Fact{});
  const Fact before = fact;
  fact.seen(day);
  fact.acknowledged = true;
  if (fact != before) alerts.put(Table::quarantine, key, encode_fact(fact, ref));
}

OperatorChange::InAlerts acknowledge_in(StoreWriter& alerts, HashKey hash_key, const Acknowledgement& what,
                                        Seconds now) {
  const std::string key = what.alert_id.key();
  const auto refused = [&] { return OperatorChange::InAlerts{0, "no alert has the id " + what.alert_id.hex()}; };
  if (!alerts.get(Table::alerts, key)) return refused();
  const auto row = alerts.get(Table::alert_state, key);
  auto state = row ? decode_alert_state(*row) : std::nullopt;
  const auto stored = alerts.get(Table::alert_pairs, key);
  const auto pairs = stored ? decode_alert_pairs(*stored) : std::nullopt;
  if (!state || !pairs) return refused();
  for (const AlertPairs::Pair& pair : pairs->pairs) make_known(alerts, hash_key, pair, pairs->day);
  state->status = AlertState::Status::acknowledged;
  state->status_at = now;
  state->note = what.note.substr(0, Acknowledgement::kNoteBytesMax);
  alerts.put(Table::alert_state, key, encode_alert_state(*state));
  note_in_operator_log(alerts, now, fmt::format("acknowledged alert {}: {}", what.alert_id.hex(), what.note));
  return {1 + pairs->pairs.size(), {}};
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
