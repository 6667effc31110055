#include "core/engine/outbox.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/detect/formats/body_format.h"
#include "core/detect/message.h"

namespace straykey {
namespace {

constexpr std::uint8_t kBodylessVersion = 1, kFormatlessVersion = 2, kRowVersion = 3;

const BodyFormat& format_of(const WebhookRoute& route) {
  return route.format == nullptr ? body_formats().front() : *route.format;
}

}  // namespace

std::string outbox_prefix(std::string_view endpoint) {
  return hash128(kFixedHashKey, endpoint).key();
}

// The first row of an endpoint tells what its rows begin with; the next endpoint is looked for behind all of them.
std::vector<std::string> outbox_prefixes(StoreReader& reader) {
  constexpr std::size_t kIdBytes = sizeof(Hash128);
  std::vector<std::string> prefixes;
  std::string from;
  while (true) {
    std::string found;
    reader.scan(Table::outbox, {}, from, [&](std::string_view key, std::string_view) {
      found = key.substr(0, kIdBytes);
      return false;
    });
    if (found.empty()) return prefixes;
    from = found + std::string(kIdBytes + 1, '\xff');
    prefixes.push_back(std::move(found));
  }
}

std::string outbox_row_key(std::string_view endpoint, Hash128 alert_id) {
  return outbox_prefix(endpoint).append(alert_id.key());
}

bool WebhookRoute::wants(const Announcement& message) const {
  const bool of_its_account = message.account.empty() || accounts.empty() || accounts.contains(message.account);
  if (message.severity < severity_min || !of_its_account) return false;
  if (!analytics.empty() && !analytics.contains(message.analytic)) return false;
  if (message.notable || campaign_alerts == CampaignAlerts::all) return true;
  return campaign_alerts == CampaignAlerts::by_format && !format_of(*this).for_people;
}

BodyContext WebhookRoute::context() const noexcept {
  return {page_url, data_dir};
}

std::optional<OutboxRow> new_outbox_row(StoreWriter& writer, const WebhookRoute& route, Hash128 id) {
  const auto stored = writer.get(Table::alerts, id.key());
  const auto message = stored ? decode_message(*stored) : std::nullopt;
  if (!message) return std::nullopt;
  OutboxRow row{.endpoint = route.name, .last_error = {}};
  row.body = format_of(route).make(*message, route.context());
  row.format = format_of(route).name;
  return row;
}

std::string encode_outbox_row(const OutboxRow& row) {
  return ByteWriter()
      .fixed(kRowVersion)
      .string(row.endpoint)
      .fixed(row.attempts)
      .fixed(row.next_attempt)
      .fixed<std::uint8_t>(row.dead ? 1 : 0)
      .string(row.last_error)
      .string(row.body)
      .string(row.format)
      .bytes();
}

std::optional<OutboxRow> decode_outbox_row(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version < kBodylessVersion || version > kRowVersion) return std::nullopt;
  OutboxRow row;
  row.endpoint = in.string();
  row.attempts = in.fixed<std::uint32_t>();
  row.next_attempt = in.fixed<Seconds>();
  row.dead = in.fixed<std::uint8_t>() == 1;
  row.last_error = in.string();
  if (version >= kFormatlessVersion) row.body = in.string();
  if (version == kRowVersion) row.format = in.string();
  if (!in.at_end()) return std::nullopt;
  return row;
}

Outbox::Outbox(std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver) : deliver_(std::move(deliver)) {
  for (WebhookRoute& route : routes) {
    Endpoint& endpoint = endpoints_.emplace_back();
    endpoint.route = std::move(route);
  }
}

Outbox::Endpoint* Outbox::endpoint(std::string_view name) {
  const auto at =
      std::find_if(endpoints_.begin(), endpoints_.end(), [&](const Endpoint& e) { return e.route.name == name; });
  return at == endpoints_.end() ? nullptr : &*at;
}

void Outbox::use_routes(std::vector<WebhookRoute> routes) {
  std::vector<Endpoint> endpoints;
  for (WebhookRoute& route : routes) {
    Endpoint* const known = endpoint(route.name);
    Endpoint& made = endpoints.emplace_back(known == nullptr ? Endpoint{} : std::move(*known));
    made.route = std::move(route);
  }
  endpoints_ = std::move(endpoints);
  wants_refill_ = true;
}

void Outbox::add(StoreWriter& writer, const Announcement& message) {
  std::map<std::pair<const BodyFormat*, std::string_view>, std::string> bodies;  // endpoints of one format share theirs
  for (Endpoint& endpoint : endpoints_) {
    const WebhookRoute& route = endpoint.route;
    if (!route.wants(message)) continue;
    if (endpoint.waiting + endpoint.put >= kOutboxWaitingMax) {
      hold_back(writer, endpoint, message);
      continue;
    }
    ++endpoint.put;
    const BodyFormat* const format = &format_of(route);
    const auto [body, is_new] = bodies.try_emplace({format, route.page_url});
    if (is_new) body->second = message.body(*format, route.context());
    const std::string name(format->name);
    writer.put(Table::outbox, outbox_row_key(route.name, message.id),
               encode_outbox_row({route.name, 0, 0, false, {}, body->second, name}));
    added_.push_back({route.name, message.id, body->second, 0, 0, false, name});
  }
}

void Outbox::hold_back(StoreWriter& writer, Endpoint& endpoint, const Announcement& message) {
  const std::string& name = endpoint.route.name;
  const bool begins = !endpoint.held_back;
  if (begins) {
    const std::string what = ByteWriter().string("deliveries.digest").string(name).string(message.id.key()).bytes();
    endpoint.held_back = HeldBack{hash128(kFixedHashKey, what), 0, message.severity, message.at, message.at};
  }
  HeldBack& held = *endpoint.held_back;
  ++held.count;
  held.severity = std::max(held.severity, message.severity);
  held.first = std::min(held.first, message.at);
  held.last = std::max(held.last, message.at);
  writer.put(Table::alerts, held.id.key(),
             encode_message(DeliveryDigest{held.id, name, held.count, held.severity, held.first, held.last}));
  if (!begins) return;
  writer.put(Table::outbox, outbox_row_key(name, held.id), encode_outbox_row({name, 0, 0, false, {}, {}}));
  ++endpoint.put;
  endpoint.more_on_disk = true;
}

void Outbox::apply(StoreWriter& writer, const DeliveryOutcome& outcome) {
  const std::string key = outbox_row_key(outcome.endpoint, outcome.alert_id);
  const auto stored = writer.get(Table::outbox, key);
  if (auto row = stored ? decode_outbox_row(*stored) : std::nullopt) {
    if (outcome.kind == DeliveryOutcome::Kind::reformat) return reformat(writer, outcome, std::move(*row));
    if (outcome.kind == DeliveryOutcome::Kind::delivered) {
      writer.erase(Table::outbox, key);
    } else {
      row->attempts = outcome.attempts;
      row->next_attempt = outcome.next_attempt;
      row->dead = outcome.kind == DeliveryOutcome::Kind::dead;
      row->last_error = outcome.error;
      writer.put(Table::outbox, key, encode_outbox_row(*row));
    }
  }
  if (outcome.kind != DeliveryOutcome::Kind::retry) done_.emplace_back(outcome.endpoint, outcome.alert_id);
}

// A message that cannot be read any more keeps its body.
void Outbox::reformat(StoreWriter& writer, const DeliveryOutcome& outcome, OutboxRow row) {
  const Endpoint* const at = endpoint(outcome.endpoint);
  auto made = at == nullptr ? std::nullopt : new_outbox_row(writer, at->route, outcome.alert_id);
  if (made) row.body = std::move(made->body);
  row.format = made ? std::move(made->format) : std::string();
  writer.put(Table::outbox, outbox_row_key(outcome.endpoint, outcome.alert_id), encode_outbox_row(row));
  reformatted_.emplace_back(outcome.endpoint, outcome.alert_id);
}

void Outbox::committed() {
  for (const auto& [name, id] : reformatted_) {
    Endpoint* at = endpoint(name);
    if (at == nullptr) continue;
    at->in_hand.erase(id);
    at->more_on_disk = wants_refill_ = true;
  }
  reformatted_.clear();
  for (const auto& [name, id] : done_) {
    Endpoint* at = endpoint(name);
    if (at == nullptr) continue;
    at->in_hand.erase(id);
    if (at->waiting > 0) --at->waiting;
    if (at->more_on_disk && at->in_hand.size() <= kDeliveriesInHandMax / 2) wants_refill_ = true;
  }
  done_.clear();
  for (Endpoint& each : endpoints_) each.waiting += std::exchange(each.put, 0);
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
  reformatted_.clear();
  for (Endpoint& endpoint : endpoints_) {
    endpoint.put = 0;
    endpoint.held_back.reset();  // an earlier commit may have stored a part of it: that is told by itself
  }
}

void Outbox::look_again() noexcept {
  for (Endpoint& endpoint : endpoints_) {
    endpoint.more_on_disk = true;
    endpoint.counted = false;
  }
  wants_refill_ = true;
}

void Outbox::begin_anew() noexcept {
  failed();
  for (Endpoint& endpoint : endpoints_) endpoint.in_hand.clear();
  look_again();
}

void Outbox::count(Endpoint& endpoint, StoreReader& reader) {
  const std::string prefix = outbox_prefix(endpoint.route.name);
  std::size_t waiting = 0;
  reader.scan(Table::outbox, prefix, prefix, [&](std::string_view, std::string_view value) {
    const auto row = decode_outbox_row(value);
    if (row && !row->dead) ++waiting;
    return true;
  });
  if (!reader.failure().empty()) return;
  endpoint.waiting = waiting;
  endpoint.counted = true;
}

void Outbox::refill(StoreReader& reader) {
  wants_refill_ = false;
  for (Endpoint& endpoint : endpoints_) {
    if (!endpoint.counted) count(endpoint, reader);
    if (!endpoint.more_on_disk || endpoint.in_hand.size() >= kDeliveriesInHandMax) continue;
    endpoint.more_on_disk = false;
    std::vector<Delivery> found;
    const std::string prefix = outbox_prefix(endpoint.route.name);
    reader.scan(Table::outbox, prefix, prefix, [&](std::string_view key, std::string_view value) {
      const Hash128 id = Hash128::from_bytes(key.data() + prefix.size());
      const auto row = decode_outbox_row(value);
      if (!row || row->dead || endpoint.in_hand.contains(id)) return true;
      if (row->body.empty() && endpoint.waiting > kOutboxWaitingLow) {
        endpoint.more_on_disk = true;
        return true;
      }
      if (endpoint.in_hand.size() + found.size() >= kDeliveriesInHandMax) {
        endpoint.more_on_disk = true;
        return false;
      }
      found.push_back({endpoint.route.name, id, row->body, row->attempts, row->next_attempt, false, row->format});
      return true;
    });
    if (!reader.failure().empty()) {  // the store was not read to the end, so ask again later
      endpoint.more_on_disk = wants_refill_ = true;
      continue;
    }
    hand_over(endpoint, std::move(found), reader);
  }
}

void Outbox::hand_over(Endpoint& endpoint, std::vector<Delivery> found, StoreReader& reader) {
  for (Delivery& delivery : found) {
    if (delivery.body.empty()) {  // a digest, or a row of format 1
      const auto stored = reader.get(Table::alerts, delivery.alert_id.key());
      const auto message = stored ? decode_message(*stored) : std::nullopt;
      if (!message) continue;
      const bool is_old = std::holds_alternative<OldBody>(*message);
      const BodyFormat& format = is_old ? body_formats().front() : format_of(endpoint.route);
      delivery.body = format.make(*message, endpoint.route.context());
      // Its facts are what was sent from now on.
      if (endpoint.held_back && endpoint.held_back->id == delivery.alert_id) endpoint.held_back.reset();
    }
    endpoint.in_hand.insert(delivery.alert_id);
    deliver_(std::move(delivery));
  }
}

}  // namespace straykey
