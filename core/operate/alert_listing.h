#pragma once
// Lists the alerts of a store: one of them, a page of them in the order of their first calls, or everything that was or
// will be sent to webhooks.
//
// Shape:  a page begins behind `after`, and says in `next` what to give as `after` for the page that follows; an empty
//         one is the beginning and the end.
// Thread: any.
// Bounds: PageLimits, for each reader.
// Errors: the sentence of the store that failed.
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

namespace straykey {

struct ListedAlert {
  Hash128 id;
  AlertState state;
  std::string document;  // JSON, state laid over it
};

// `data_dir`: as response_to() takes it.
[[nodiscard]] std::optional<ListedAlert> find_alert(StoreReader& reader, Hash128 id, std::string_view data_dir = {});
// Its deliveries that wait or are dead; those that arrived leave no row.
[[nodiscard]] Result<std::vector<OutboxRow>> deliveries_of(StoreReader& reader, Hash128 id);
[[nodiscard]] Result<Page<ListedAlert>> list_alerts(AlertStore& store, std::string_view after, PageLimits limits,
                                                    std::string_view data_dir = {});
// Lists all alerts, page by page.
[[nodiscard]] Status for_each_alert(AlertStore& store, const std::function<void(const ListedAlert&)>& visit);

// A message and what became of it: an alert, an activation report or the summary of a day.
struct StoredMessage {
  Hash128 id;
  std::string body;                 // as Standard Webhooks has it, made of the stored facts
  std::optional<AlertState> state;  // reports and summaries have none
  std::vector<OutboxRow> deliveries;
};
// The messages come in the order of their ids. Then come pages without rows, which check that every waiting delivery
// has its alert; it is an error if one has none.
[[nodiscard]] Result<Page<StoredMessage>> list_messages(AlertStore& store, std::string_view after, PageLimits limits);

}  // namespace straykey
