#include "tools/store/alert_listing.h"

#include "core/engine/outbox.h"

namespace straykey {

std::optional<ListedAlert> find_alert(StoreReader& reader, Hash128 id) {
  const std::string key = id.key();
  const auto stored = reader.get(Table::alerts, key);
  const auto row = reader.get(Table::alert_state, key);
  if (!stored || !row) return std::nullopt;
  const auto alert = decode_stored_alert(*stored);
  const auto state = decode_alert_state(*row);
  if (!alert || !state) return std::nullopt;
  return ListedAlert{id, *state, alert_with_state(alert->document, *state)};
}

std::uint64_t for_each_alert(StoreReader& reader, const std::function<void(const ListedAlert&)>& visit) {
  std::uint64_t count = 0;
  reader.scan(Table::alerts_by_time, {}, {}, [&](std::string_view key, std::string_view) {
    if (key.size() != 24) return true;
    if (const auto alert = find_alert(reader, Hash128::from_bytes(key.data() + 8))) {
      visit(*alert);
      ++count;
    }
    return true;
  });
  return count;
}

}  // namespace straykey
