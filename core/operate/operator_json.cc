#include "core/operate/operator_json.h"

#include <boost/json.hpp>

#include "core/base/time.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr int kDaysShown = 64;

json::object state_object(const AlertState& state) {
  json::object out;
  out["occurrences"] = state.occurrences;
  out["first_seen"] = format_time(state.first_seen);
  out["last_seen"] = format_time(state.last_seen);
  out["addresses"] = json::array(state.addresses.begin(), state.addresses.end());
  out["keys"] = json::array(state.keys.begin(), state.keys.end());
  out["status"] = name_of(state.status);
  if (state.acknowledged_until != 0) out["acknowledged_until"] = format_day(state.acknowledged_until);
  if (!state.note.empty()) out["note"] = state.note;
  return out;
}

json::object delivery_object(const OutboxRow& row) {
  json::object out;
  out["endpoint"] = row.endpoint;
  out["attempts"] = row.attempts;
  out["next_attempt"] = row.next_attempt;
  out["dead"] = row.dead;
  out["last_error"] = row.last_error;
  return out;
}

}  // namespace

std::string fact_json(const KnownFact& known) {
  const Fact& fact = known.fact.fact;
  json::object out;
  out["kind"] = fact_kind_name(known.kind);
  out["scope"] = known.fact.scope;
  out["value"] = known.fact.value;
  json::array days;
  for (int back = kDaysShown - 1; back >= 0; --back) {
    const Day day = fact.presence.newest_day - static_cast<Day>(back);
    if ((fact.presence.days >> back & 1) != 0) days.emplace_back(format_day(day));
  }
  out["days"] = std::move(days);
  out["first_day"] = format_day(fact.first_day);
  if (fact.acknowledged) out["acknowledged"] = true;
  if (fact.acknowledged_until != 0) out["acknowledged_until"] = format_day(fact.acknowledged_until);
  return json::serialize(out);
}

std::string delivery_json(const OutboxRow& row) {
  return json::serialize(delivery_object(row));
}

std::string message_json(const StoredMessage& message) {
  json::object out;
  out["id"] = message.id.hex();
  out["body"] = message.body;
  if (message.state) out["state"] = state_object(*message.state);
  json::array deliveries;
  for (const OutboxRow& row : message.deliveries) deliveries.emplace_back(delivery_object(row));
  out["deliveries"] = std::move(deliveries);
  return json::serialize(out);
}

std::string account_json(const AccountReport& report) {
  json::object out;
  out["account"] = report.report.account;
  out["first_day"] = format_day(report.account.first_day);
  out["last_day"] = format_day(report.account.presence.newest_day);
  json::array pairs;
  for (const ActivationReport::Pair& pair : report.report.pairs)
    pairs.push_back(json::object{{"identity", pair.identity},
                                 {"network", pair.network},
                                 {"days", pair.days},
                                 {"first_day", format_day(pair.first_day)},
                                 {"last_day", format_day(pair.last_day)}});
  out["pairs"] = std::move(pairs);
  return json::serialize(out);
}

std::string changed_json(std::size_t rows) {
  return json::serialize(json::object{{"changed", rows}});
}

}  // namespace straykey
