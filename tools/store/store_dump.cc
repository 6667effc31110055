#include "tools/store/store_dump.h"

#include <array>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/detect/alert.h"
#include "core/engine/outbox.h"

namespace straykey {
namespace {

constexpr std::array kLearned{
    FactKind::identity_network, FactKind::network_identity, FactKind::address_identity,
    FactKind::identity_tool,    FactKind::tool_identity,    FactKind::identity_runtime,
    FactKind::role_service,     FactKind::role_principal,   FactKind::account,
};
constexpr std::array kQuarantine{
    FactKind::quarantine_identity_network,
    FactKind::quarantine_network_role,
    FactKind::quarantine_identity_tool,
};
constexpr int kDaysShown = 64;

using Lines = std::function<void(std::string_view)>;

std::string fact_line(FactKind kind, const NamedFact& named) {
  boost::json::object out;
  out["kind"] = fact_kind_name(kind);
  out["scope"] = named.scope;
  out["value"] = named.value;
  boost::json::array days;
  for (int back = kDaysShown - 1; back >= 0; --back) {
    const Day day = named.fact.presence.newest_day - static_cast<Day>(back);
    if ((named.fact.presence.days >> back & 1) != 0) days.emplace_back(format_day(day));
  }
  out["days"] = std::move(days);
  out["first_day"] = format_day(named.fact.first_day);
  if (named.fact.acknowledged) out["acknowledged"] = true;
  return boost::json::serialize(out);
}

// Adds the rows that start with `prefix`; a fact that is in several partitions is the OR of them.
Status collect(Store& store, Table table, const std::string& prefix, std::map<std::string, NamedFact>& facts) {
  const auto reader = store.read();
  bool readable = true;
  reader->scan(table, prefix, prefix, [&](std::string_view key, std::string_view value) {
    auto fact = decode_fact(value);
    readable = fact.has_value();
    if (!readable) return false;
    const auto [at, is_new] = facts.try_emplace(std::string(key), *fact);
    if (!is_new) at->second.fact.merge(fact->fact);
    return true;
  });
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  if (!readable) return Error{"a row of facts cannot be read"};
  return {};
}

Status dump_kind(const std::vector<Store*>& stores, Table table, FactKind kind, const Lines& write) {
  for (int slice = 0; slice < 256; ++slice) {
    const std::string prefix{static_cast<char>(kind), static_cast<char>(slice)};
    std::map<std::string, NamedFact> facts;
    for (Store* store : stores)
      if (Status read = collect(*store, table, prefix, facts); !read.ok()) return read;
    for (const auto& [key, fact] : facts) write(fact_line(kind, fact));
  }
  return {};
}

boost::json::object state_object(const AlertState& state) {
  boost::json::object out;
  out["occurrences"] = state.occurrences;
  out["first_seen"] = format_time(state.first_seen);
  out["last_seen"] = format_time(state.last_seen);
  out["addresses"] = boost::json::array(state.addresses.begin(), state.addresses.end());
  out["keys"] = boost::json::array(state.keys.begin(), state.keys.end());
  out["status"] = state.status == AlertState::Status::acknowledged ? "acknowledged" : "open";
  if (!state.note.empty()) out["note"] = state.note;
  return out;
}

boost::json::object delivery_object(const OutboxRow& row) {
  boost::json::object out;
  out["endpoint"] = row.endpoint;
  out["attempts"] = row.attempts;
  out["next_attempt"] = row.next_attempt;
  out["dead"] = row.dead;
  out["last_error"] = row.last_error;
  return out;
}

}  // namespace

std::string_view fact_kind_name(FactKind kind) noexcept {
  switch (kind) {
    case FactKind::identity_network:
      return "identity_network";
    case FactKind::network_identity:
      return "network_identity";
    case FactKind::address_identity:
      return "address_identity";
    case FactKind::identity_tool:
      return "identity_tool";
    case FactKind::tool_identity:
      return "tool_identity";
    case FactKind::identity_runtime:
      return "identity_runtime";
    case FactKind::role_service:
      return "role_service";
    case FactKind::role_principal:
      return "role_principal";
    case FactKind::account:
      return "account";
    case FactKind::quarantine_identity_network:
      return "quarantine_identity_network";
    case FactKind::quarantine_network_role:
      return "quarantine_network_role";
    case FactKind::quarantine_identity_tool:
      return "quarantine_identity_tool";
  }
  return {};
}

Status dump_facts(const DataDirectory& store, const Lines& write) {
  std::vector<Store*> partitions;
  for (const auto& partition : store.partitions()) partitions.push_back(partition.get());
  for (const FactKind kind : kLearned)
    if (Status done = dump_kind(partitions, Table::facts, kind, write); !done.ok()) return done;
  for (const FactKind kind : kQuarantine)
    if (Status done = dump_kind({&store.alerts()}, Table::quarantine, kind, write); !done.ok()) return done;
  return {};
}

Status dump_alerts(const DataDirectory& store, const Lines& write) {
  const auto reader = store.alerts().read();
  std::map<Hash128, boost::json::array> deliveries;
  std::string unreadable;
  reader->scan(Table::outbox, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto row = decode_outbox_row(value);
    if (!row || key.size() != 32) unreadable = "a row of the outbox cannot be read";
    if (row && key.size() == 32) deliveries[Hash128::from_bytes(key.data() + 16)].emplace_back(delivery_object(*row));
    return unreadable.empty();
  });
  reader->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto alert = decode_stored_alert(value);
    const auto row = reader->get(Table::alert_state, key);  // reports and summaries have none
    const auto state = row ? decode_alert_state(*row) : std::nullopt;
    if (!alert || key.size() != 16 || (row && !state)) {
      unreadable = "a row of alerts cannot be read";
      return false;
    }
    const Hash128 id = Hash128::from_bytes(key.data());
    boost::json::object out;
    out["id"] = id.hex();
    out["body"] = alert->body;
    if (state) out["state"] = state_object(*state);
    out["deliveries"] = std::move(deliveries[id]);
    deliveries.erase(id);
    write(boost::json::serialize(out));
    return true;
  });
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  if (unreadable.empty() && !deliveries.empty()) unreadable = "a row of the outbox has no alert";
  if (!unreadable.empty()) return Error{unreadable};
  return {};
}

}  // namespace straykey
