#pragma once
// The alerts of a store: one, a page of them in the order of their first calls, and everything that was or is to be
// told to webhooks.
//
// Shape:  a page begins behind `after`, and says in `next` what to give as `after` for the page that follows; an empty
//         one is the beginning and the end.
// Thread: any.
// Bounds: PageLimits, for each reader.
// Errors: a sentence of the store's.
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/detect/alert_state.h"
#include "core/engine/outbox.h"
#include "core/engine/store.h"
#include "core/operate/page.h"
#include "core/operate/stores.h"

namespace straykey {

struct ListedAlert {
  Hash128 id;
  AlertState state;
  std::string document;  // JSON, state laid over it
};

[[nodiscard]] std::optional<ListedAlert> find_alert(StoreReader& reader, Hash128 id);
[[nodiscard]] Result<Page<ListedAlert>> list_alerts(AlertStore& store, std::string_view after, PageLimits limits);
// All of them, page by page.
[[nodiscard]] Status for_each_alert(AlertStore& store, const std::function<void(const ListedAlert&)>& visit);

// A webhook's body and what became of it: an alert, an activation report or a flood's summary.
struct StoredMessage {
  Hash128 id;
  std::string body;                 // byte for byte
  std::optional<AlertState> state;  // reports and summaries have none
  std::vector<OutboxRow> deliveries;
};
// In the order of ids; then come pages without rows, which look whether every delivery that waits has its alert: an
// error if not.
[[nodiscard]] Result<Page<StoredMessage>> list_messages(AlertStore& store, std::string_view after, PageLimits limits);

}  // namespace straykey
