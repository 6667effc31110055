#include "core/engine/outbox.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace straykey {
namespace {

std::string endpoint_prefix(std::string_view endpoint) {
  return hash128(kFixedHashKey, endpoint).key();
}

std::string row_key(std::string_view endpoint, Hash128 alert_id) {
  return endpoint_prefix(endpoint).append(alert_id.key());
}

}  // namespace

bool WebhookRoute::wants(Severity severity, std::string_view analytic, std::string_view account) const {
  return severity >= severity_min && (analytics.empty() || analytics.contains(analytic)) &&
         (accounts.empty() || accounts.contains(account));
}

std::string encode_outbox_row(const OutboxRow& row) {
  return ByteWriter()
      .fixed<std::uint8_t>(1)
      .string(row.endpoint)
      .fixed(row.attempts)
      .fixed(row.next_attempt)
      .fixed<std::uint8_t>(row.dead ? 1 : 0)
      .string(row.last_error)
      .take();
}

std::optional<OutboxRow> decode_outbox_row(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return std::nullopt;
  OutboxRow row;
  row.endpoint = in.string();
  row.attempts = in.fixed<std::uint32_t>();
  row.next_attempt = in.fixed<Seconds>();
  row.dead = in.fixed<std::uint8_t>() == 1;
  row.last_error = in.string();
  if (!in.at_end()) return std::nullopt;
  return row;
}

std::string encode_stored_alert(std::string_view body, std::string_view document) {
  const std::size_t at = body.find(document);
  return ByteWriter().fixed<std::uint8_t>(1).varint(at).varint(document.size()).string(body).take();
}

std::optional<StoredAlert> decode_stored_alert(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return std::nullopt;
  const std::uint64_t at = in.varint();
  const std::uint64_t size = in.varint();
  const std::string_view body = in.string();
  if (!in.at_end() || at > body.size() || size > body.size() - at) return std::nullopt;
  return StoredAlert{body, body.substr(at, size)};
}

Outbox::Outbox(std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver) : deliver_(std::move(deliver)) {
  for (WebhookRoute& route : routes) endpoints_.push_back({std::move(route), {}, true});
}

Outbox::Endpoint* Outbox::endpoint(std::string_view name) {
  const auto at =
      std::find_if(endpoints_.begin(), endpoints_.end(), [&](const Endpoint& e) { return e.route.name == name; });
  return at == endpoints_.end() ? nullptr : &*at;
}

void Outbox::add(StoreWriter& writer, Hash128 alert_id, std::string_view body, Severity severity,
                 std::string_view analytic, std::string_view account) {
  for (const Endpoint& endpoint : endpoints_) {
    if (!endpoint.route.wants(severity, analytic, account)) continue;
    writer.put(Table::outbox, row_key(endpoint.route.name, alert_id),
               encode_outbox_row({endpoint.route.name, 0, 0, false, {}}));
    added_.push_back({endpoint.route.name, alert_id, std::string(body), 0, 0, false});
  }
}

void Outbox::apply(StoreWriter& writer, const DeliveryOutcome& outcome) {
  const std::string key = row_key(outcome.endpoint, outcome.alert_id);
  const auto stored = writer.get(Table::outbox, key);
  if (stored) {
    if (outcome.kind == DeliveryOutcome::Kind::delivered) {
      writer.erase(Table::outbox, key);
    } else {
      writer.put(Table::outbox, key,
                 encode_outbox_row({outcome.endpoint, outcome.attempts, outcome.next_attempt,
                                    outcome.kind == DeliveryOutcome::Kind::dead, outcome.error}));
    }
  }
  if (outcome.kind != DeliveryOutcome::Kind::retry) done_.emplace_back(outcome.endpoint, outcome.alert_id);
}

void Outbox::committed() {
  for (const auto& [name, id] : done_) {
    Endpoint* at = endpoint(name);
    if (at == nullptr) continue;
    at->in_hand.erase(id);
    if (at->more_on_disk && at->in_hand.size() <= kDeliveriesInHandMax / 2) wants_refill_ = true;
  }
  done_.clear();
  for (Delivery& delivery : added_) {
    Endpoint* at = endpoint(delivery.endpoint);
    if (at == nullptr) continue;
    if (at->in_hand.size() >= kDeliveriesInHandMax) {
      at->more_on_disk = true;
      continue;
    }
    if (at->in_hand.insert(delivery.alert_id).second) deliver_(std::move(delivery));
  }
  added_.clear();
}

void Outbox::failed() {
  added_.clear();
  done_.clear();
}

void Outbox::look_again() noexcept {
  for (Endpoint& endpoint : endpoints_) endpoint.more_on_disk = true;
  wants_refill_ = true;
}

void Outbox::refill(StoreReader& reader) {
  wants_refill_ = false;
  for (Endpoint& endpoint : endpoints_) {
    if (!endpoint.more_on_disk || endpoint.in_hand.size() >= kDeliveriesInHandMax) continue;
    endpoint.more_on_disk = false;
    std::vector<Delivery> found;
    const std::string prefix = endpoint_prefix(endpoint.route.name);
    reader.scan(Table::outbox, prefix, prefix, [&](std::string_view key, std::string_view value) {
      const Hash128 id = Hash128::from_bytes(key.data() + prefix.size());
      const auto row = decode_outbox_row(value);
      if (!row || row->dead || endpoint.in_hand.contains(id)) return true;
      if (endpoint.in_hand.size() + found.size() >= kDeliveriesInHandMax) {
        endpoint.more_on_disk = true;
        return false;
      }
      found.push_back({endpoint.route.name, id, {}, row->attempts, row->next_attempt, false});
      return true;
    });
    if (!reader.failure().empty()) {  // not read to the end, or not at all: ask again
      endpoint.more_on_disk = wants_refill_ = true;
      continue;
    }
    for (Delivery& delivery : found) {
      const auto stored = reader.get(Table::alerts, delivery.alert_id.key());
      const auto alert = stored ? decode_stored_alert(*stored) : std::nullopt;
      if (!alert) continue;
      delivery.body = alert->body;
      endpoint.in_hand.insert(delivery.alert_id);
      deliver_(std::move(delivery));
    }
  }
}

}  // namespace straykey
