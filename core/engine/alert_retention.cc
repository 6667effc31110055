#include "core/engine/alert_retention.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/baseline/presence.h"
#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/detect/settings.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/campaigns.h"
#include "core/engine/expiry.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr RunHour kHoursADay = 24;

Counter& left_counter(Metrics& metrics, std::string_view reason) {
  return metrics.counter("straykey_alerts_left_total", "Alerts and other messages that left the store.",
                         {{"reason", reason}});
}

std::optional<Message> message_of(StoreReader& reader, std::string_view key) {
  const auto stored = reader.get(Table::alerts, key);
  return stored ? decode_message(*stored) : std::nullopt;
}

bool is_contradicted(StoreReader& reader, Hash128 id) {
  return reader.get(Table::alerts, Contradiction::contradiction_id(id).key()).has_value();
}

std::string time_row(const Alert& alert) {
  return encode_sequence(static_cast<std::uint64_t>(alert.call.time)) + alert.id.key();
}

}  // namespace

AlertRetention::AlertRetention(HashKey hash_key, const DetectionSettings& detection, Metrics& metrics)
    : hash_key_(hash_key),
      detection_(detection),
      aged_(left_counter(metrics, "age")),
      for_room_(left_counter(metrics, "room")) {}

void AlertRetention::use_endpoints(const std::vector<std::string>& names) {
  endpoints_.clear();
  for (const std::string& name : names) endpoints_.insert(outbox_prefix(name));
}

// Dead letters do not wait, nor do rows of an endpoint that the configuration names no more.
bool AlertRetention::waits(StoreReader& reader, Hash128 id) const {
  return std::ranges::any_of(prefixes_, [&](const std::string& prefix) {
    if (!endpoints_.contains(prefix)) return false;
    const auto stored = reader.get(Table::outbox, prefix + id.key());
    const auto row = stored ? decode_outbox_row(*stored) : std::nullopt;
    return stored && (!row || !row->dead);
  });
}

bool AlertRetention::alert_may_leave(StoreReader& reader, const Alert& alert, const Terms& terms) const {
  if (alert.call.day() + terms.days_open > terms.newest_day) return false;
  const auto row = reader.get(Table::alert_state, alert.id.key());
  const auto state = row ? decode_alert_state(*row) : std::nullopt;
  if (terms.pass == Pass::answered && state && state->status == AlertState::Status::open) return false;
  const bool contradicted = is_contradicted(reader, alert.id);
  if (contradicted && (terms.alerts_alone || waits(reader, Contradiction::contradiction_id(alert.id)))) return false;
  return !waits(reader, alert.id);
}

bool AlertRetention::may_leave(StoreReader& reader, std::string_view key, const Terms& terms) const {
  const auto message = message_of(reader, key);
  if (!message) return false;
  if (const auto* alert = std::get_if<Alert>(&*message)) return alert_may_leave(reader, *alert, terms);
  // What a store of format 1 brought does not tell the key under which it is listed.
  if (terms.alerts_alone || std::holds_alternative<OldBody>(*message)) return false;
  if (const auto* told = std::get_if<Contradiction>(&*message))
    if (reader.get(Table::alerts, told->alert.key())) return false;  // it leaves with its alert
  return terms.pass == Pass::all && day_of(message_time(*message)) + terms.days_open <= terms.newest_day &&
         !waits(reader, Hash128::from_bytes(key.data()));
}

void AlertRetention::erase_message(StoreWriter& writer, std::string_view key) const {
  writer.erase(Table::alerts, key);
  for (const std::string& prefix : prefixes_) {
    const std::string row = prefix + std::string(key);
    if (writer.get(Table::outbox, row)) writer.erase(Table::outbox, row);
  }
}

// What acknowledgements made known stays known: that is in the rows of its pairs. The dedup rows stay, too.
void AlertRetention::erase_alert(StoreWriter& writer, const Alert& alert) const {
  const std::string key = alert.id.key();
  const auto stored = writer.get(Table::alert_pairs, key);
  if (const auto pairs = stored ? decode_alert_pairs(*stored) : std::nullopt) {
    for (const AlertPairs::Pair& pair : pairs->pairs)
      writer.erase(Table::alert_pairs, pair_holder_key(hash_key_, pair, alert.id));
  }
  writer.erase(Table::alert_pairs, key);
  writer.erase(Table::alerts_by_time, time_row(alert));
  writer.erase(Table::alert_state, key);
  if (alert.campaign.id != Hash128{})
    leave_campaign(writer, hash_key_, alert.campaign.id,
                   {.subject = {}, .identity = alert.call.token.identity, .id = alert.id});
  const std::string contradiction = Contradiction::contradiction_id(alert.id).key();
  if (writer.get(Table::alerts, contradiction)) erase_message(writer, contradiction);
}

void AlertRetention::erase(StoreWriter& writer, const std::string& key) const {
  const auto message = message_of(writer, key);
  if (const auto* alert = message ? std::get_if<Alert>(&*message) : nullptr) erase_alert(writer, *alert);
  erase_message(writer, key);
}

std::size_t AlertRetention::sweep(StoreWriter& writer, RunHour now, const NewestDay& newest_day) {
  if (!std::exchange(started_, true)) hour_ = now;
  if (now > hour_) {
    hour_ = now;
    left_ = (writer.rows(Table::alerts) + 99) / 100;
  }
  const RunHour kept_hours = detection_.keep_days * kHoursADay;
  if (left_ == 0 || now <= kept_hours) return 0;
  prefixes_ = outbox_prefixes(writer);
  const Terms terms{.pass = pass_,
                    .newest_day = newest_day(),
                    .days_open = static_cast<Day>(detection_.dedup_days) + kJudgedLateDaysMax};
  std::vector<std::string> old;
  std::size_t looked_at = 0;
  std::string next;
  writer.scan_aged(Table::alerts, {}, from_, [&](std::string_view key, std::string_view, RunHour put_at) {
    if (looked_at == kRowsASweep) {
      next = key;
      return false;
    }
    ++looked_at;
    if (put_at + kept_hours < now) old.emplace_back(key);
    return true;
  });
  std::size_t erased = 0;
  for (const std::string& key : old) {
    if (erased == left_) {
      next = key;
      break;
    }
    if (!may_leave(writer, key, terms)) continue;
    erase(writer, key);
    ++erased;
  }
  if (next.empty()) pass_ = pass_ == Pass::answered ? Pass::all : Pass::answered;
  from_ = std::move(next);
  left_ -= erased;
  aged_.add(erased);
  return erased;
}

std::size_t AlertRetention::relieve(StoreWriter& writer, const Relief& relief, const NewestDay& newest_day) {
  if (relief.fullness < Expiry::kRelieveFrom) return 0;
  prefixes_ = outbox_prefixes(writer);
  const Terms terms{.pass = relief.fullness < Expiry::kRelieveAllFrom ? Pass::answered : Pass::all,
                    .newest_day = newest_day(),
                    .days_open = static_cast<Day>(detection_.dedup_days),
                    .alerts_alone = true};
  std::vector<std::string> rows;
  std::string next;
  writer.scan(Table::alerts_by_time, {}, relieve_from_, [&](std::string_view row, std::string_view) {
    if (rows.size() == relief.look_at_max) {
      next = row;
      return false;
    }
    rows.emplace_back(row);
    return true;
  });
  std::size_t erased = 0;
  for (const std::string& row : rows) {
    if (erased == relief.erase_max) {
      next = row;
      break;
    }
    const std::string key = row.substr(kTimeBytes);
    if (!may_leave(writer, key, terms)) continue;
    erase(writer, key);
    ++erased;
  }
  relieve_from_ = std::move(next);
  for_room_.add(erased);
  return erased;
}

}  // namespace straykey
