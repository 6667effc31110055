#include "core/operate/operator_changes.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/baseline/fact.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

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
