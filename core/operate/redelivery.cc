// Sending alerts again: what operator_changes.h says of it.
#include "core/operate/operator_changes.h"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/engine/outbox.h"
#include "core/operate/stores.h"

namespace straykey {
namespace {

using InAlerts = OperatorChange::InAlerts;

InAlerts refused(std::string why) {
  return {0, std::move(why)};
}

void revive(StoreWriter& alerts, const std::string& key, OutboxRow row) {
  row.dead = false;
  row.attempts = 0;
  row.next_attempt = 0;
  row.last_error.clear();
  alerts.put(Table::outbox, key, encode_outbox_row(row));
}

using Names = std::set<std::string, std::less<>>;

// To every endpoint that refused it for good. `configured`: the names of those that there are, if that is known; nobody
// would send to another.
InAlerts revive_dead(StoreWriter& alerts, Hash128 alert, const std::optional<Names>& configured) {
  std::vector<std::pair<std::string, OutboxRow>> dead;
  const std::string id = alert.key();
  alerts.scan(Table::outbox, {}, {}, [&](std::string_view key, std::string_view value) {
    if (!key.ends_with(id)) return true;
    auto row = decode_outbox_row(value);
    if (row && row->dead && (!configured || configured->contains(row->endpoint)))
      dead.emplace_back(key, std::move(*row));
    return true;
  });
  if (dead.empty()) return refused("no webhook refused it for good; name the one that shall get it again");
  for (auto& [key, row] : dead) revive(alerts, key, std::move(row));
  return {dead.size(), {}};
}

InAlerts send_to(StoreWriter& alerts, Hash128 alert, const std::string& endpoint,
                 const std::optional<WebhookRoute>& route) {
  const std::string key = outbox_row_key(endpoint, alert);
  const auto stored = alerts.get(Table::outbox, key);
  if (auto known = stored ? decode_outbox_row(*stored) : std::nullopt) {
    if (!known->dead)
      return {0,
              fmt::format("it waits to be delivered to {} already, after {} attempts: the sender tries it again by "
                          "itself",
                          escape_for_log(endpoint, 100), known->attempts),
              ChangeRefusal::needless};
    revive(alerts, key, std::move(*known));
    return {1, {}};
  }
  if (!route) return refused(fmt::format("no webhook {} is configured and running", escape_for_log(endpoint, 100)));
  const auto row = new_outbox_row(alerts, *route, alert);
  if (!row) return refused("the alert cannot be read");
  alerts.put(Table::outbox, key, encode_outbox_row(*row));
  return {1, {}};
}

}  // namespace

std::unique_ptr<OperatorChange> redeliver(const OperatorStores& stores, Redelivery what, Seconds now) {
  std::optional<WebhookRoute> route;
  std::optional<Names> configured;
  if (stores.routes != nullptr) {
    configured.emplace();
    for (const WebhookRoute& one : *stores.routes) {
      configured->insert(one.name);
      if (one.name == what.endpoint) route = one;
    }
  }
  auto change = std::make_unique<OperatorChange>();
  change->in_alerts = [what = std::move(what), route = std::move(route), configured = std::move(configured), now](
                          StoreWriter& alerts, std::size_t) {
    if (!alerts.get(Table::alerts, what.alert.key())) return refused("no alert has the id " + what.alert.hex());
    InAlerts done = what.endpoint.empty() ? revive_dead(alerts, what.alert, configured)
                                          : send_to(alerts, what.alert, what.endpoint, route);
    if (done.refusal.empty())
      note_in_operator_log(alerts, now, fmt::format("redeliver {} endpoint={}", what.alert.hex(), what.endpoint));
    return done;
  };
  return change;
}

}  // namespace straykey
