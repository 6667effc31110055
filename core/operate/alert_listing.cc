#include "core/operate/alert_listing.h"

#include "core/detect/formats/standard_webhooks.h"
#include "core/detect/message.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kIdBytes = 16, kTimeBytes = 8;
// Where a page of list_messages() begins: behind an alert's id, or behind a key of the outbox.
constexpr std::string_view kOfAlerts = "a", kOfOutbox = "o";
// These rows are looked up and not shown, so a page may read more of them
constexpr std::size_t kOutboxRowsForOne = 10;

// The first key behind `key`.
std::string behind(std::string_view key) {
  return key.empty() ? std::string() : std::string(key) + '\0';
}

// Of the message with this key.
Result<std::vector<OutboxRow>> deliveries_at(StoreReader& reader, std::string_view key,
                                             const std::vector<std::string>& endpoints) {
  std::vector<OutboxRow> rows;
  for (const std::string& endpoint : endpoints) {
    const auto stored = reader.get(Table::outbox, endpoint + std::string(key));
    if (!stored) continue;
    auto delivery = decode_outbox_row(*stored);
    if (!delivery) return Error{"a row of the outbox cannot be read"};
    rows.push_back(std::move(*delivery));
  }
  return rows;
}

Result<StoredMessage> stored_message(StoreReader& reader, std::string_view key, std::string_view value,
                                     const std::vector<std::string>& endpoints) {
  const auto facts = decode_message(value);
  const auto row = reader.get(Table::alert_state, key);
  const auto state = row ? decode_alert_state(*row) : std::nullopt;
  if (!facts || key.size() != kIdBytes || (row && !state)) return Error{"a row of alerts cannot be read"};
  auto deliveries = deliveries_at(reader, key, endpoints);
  if (!deliveries) return deliveries.error();
  return StoredMessage{Hash128::from_bytes(key.data()), standard_webhooks_body(*facts), state,
                       std::move(deliveries).value()};
}

// The part of list_messages() that lists the messages behind this alert.
Page<StoredMessage> messages_page(StoreReader& reader, std::string_view after, PageLimits limits, Status& status) {
  const std::vector<std::string> endpoints = outbox_prefixes(reader);
  Page<StoredMessage> page;
  page.next = kOfOutbox;
  std::size_t bytes = 0;
  reader.scan(Table::alerts, {}, behind(after), [&](std::string_view key, std::string_view value) {
    auto message = stored_message(reader, key, value, endpoints);
    if (!message) {
      status = message.error();
      return false;
    }
    bytes += message->body.size();
    page.rows.push_back(std::move(*message));
    const bool full = page.rows.size() >= limits.rows_max || bytes >= limits.bytes_max;
    if (full) page.next = std::string(kOfAlerts).append(key);
    return !full;
  });
  return page;
}

// The part of list_messages() that checks whether every waiting delivery has its alert. Returns where to go on.
std::string check_outbox(StoreReader& reader, std::string_view after, PageLimits limits, Status& status) {
  std::string next;
  std::size_t rows = 0;
  reader.scan(Table::outbox, {}, behind(after), [&](std::string_view key, std::string_view) {
    if (key.size() != 2 * kIdBytes || !reader.get(Table::alerts, key.substr(kIdBytes)))
      status = Error{"a row of the outbox has no alert"};
    if (++rows < kOutboxRowsForOne * limits.rows_max) return status.ok();
    next = std::string(kOfOutbox).append(key);
    return false;
  });
  return next;
}

}  // namespace

std::optional<ListedAlert> find_alert(StoreReader& reader, Hash128 id, std::string_view data_dir) {
  const auto bytes = id.bytes();
  const std::string_view key(bytes.data(), bytes.size());
  const auto stored = reader.get(Table::alerts, key);
  const auto row = reader.get(Table::alert_state, key);
  if (!stored || !row) return std::nullopt;
  const auto message = decode_message(*stored);
  const auto state = decode_alert_state(*row);
  if (!message || !state) return std::nullopt;
  const bool contradicted = reader.get(Table::alerts, Contradiction::contradiction_id(id).key()).has_value();
  const auto* alert = std::get_if<Alert>(&*message);
  return ListedAlert{id, *state,
                     alert != nullptr ? alert_with_state(*alert, *state, contradicted, data_dir)
                                      : alert_with_state(message_document(*message), *state, contradicted)};
}

Result<std::vector<OutboxRow>> deliveries_of(StoreReader& reader, Hash128 id) {
  auto rows = deliveries_at(reader, id.key(), outbox_prefixes(reader));
  if (!reader.failure().empty()) return Error{std::string(reader.failure())};
  return rows;
}

Result<Page<ListedAlert>> list_alerts(AlertStore& store, std::string_view after, PageLimits limits,
                                      std::string_view data_dir) {
  const auto reader = store.read();
  Page<ListedAlert> page;
  std::size_t rows = 0, bytes = 0;
  reader->scan(Table::alerts_by_time, {}, behind(after), [&](std::string_view key, std::string_view) {
    if (key.size() != kTimeBytes + kIdBytes) return true;
    if (auto alert = find_alert(*reader, Hash128::from_bytes(key.data() + kTimeBytes), data_dir)) {
      bytes += alert->document.size();
      page.rows.push_back(std::move(*alert));
    }
    page.next = key;
    return ++rows < limits.rows_max && bytes < limits.bytes_max;
  });
  if (rows < limits.rows_max && bytes < limits.bytes_max) page.next.clear();
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  return page;
}

Status for_each_alert(AlertStore& store, const std::function<void(const ListedAlert&)>& visit) {
  std::string after;
  do {
    auto page = list_alerts(store, after, {});
    if (!page) return page.error();
    for (const ListedAlert& alert : page->rows) visit(alert);
    after = page->next;
  } while (!after.empty());
  return {};
}

Result<Page<StoredMessage>> list_messages(AlertStore& store, std::string_view after, PageLimits limits) {
  const auto reader = store.read();
  Page<StoredMessage> page;
  Status status;
  if (after.starts_with(kOfOutbox)) {
    page.next = check_outbox(*reader, after.substr(1), limits, status);
  } else {
    page = messages_page(*reader, after.empty() ? after : after.substr(1), limits, status);
  }
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  if (!status.ok()) return status.error();
  return page;
}

}  // namespace straykey
