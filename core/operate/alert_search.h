#pragma once
// Finds alerts by what they say: pages of them, newest first, and counts with a timeline.
//
// Shape:  the newest alerts are found in an AlertIndex, older ones by their time in the store. While an index is being
//         filled, or where there is none, more of them are found in the store; the answer is the same.
//         Alerts that an older program stored as text are not among them.
// Thread: any; an index stays on its thread.
// Bounds: a page looks at kLookedAtMax alerts in the store, so a page of a filter that wants few may have no rows and
//         a next page. count_alerts() counts what is in the index.
// Errors: the sentence of the store that failed.
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/engine/store.h"
#include "core/operate/alert_index.h"
#include "core/operate/page.h"
#include "core/operate/stores.h"

namespace straykey {

inline constexpr std::size_t kLookedAtMax = 500;  // 30 ms

// Rows are summaries: JSON objects with the fields that a list shows. `after`: AlertPlace::key(); empty: the newest.
[[nodiscard]] Result<Page<std::string>> search_alerts(const OperatorStores& stores, const AlertFilter& filter,
                                                      std::string_view after, std::size_t limit);
// {"alerts","facets","timeline","indexed","indexed_from"}.
[[nodiscard]] Result<std::string> count_alerts(const OperatorStores& stores, const AlertFilter& filter);

// The summary of one alert; nothing if there is none.
[[nodiscard]] std::optional<std::string> alert_summary(StoreReader& reader, Hash128 id);
// Takes in what the store says of the alert. False: it has no such alert.
bool take_into(AlertIndex& index, StoreReader& reader, Hash128 id);

// Fills an index with the newest alerts of a store, in steps of some milliseconds, the newest first.
class AlertIndexFill {
 public:
  // False: nothing is left to do. The alerts that are raised meanwhile are put into the index by the caller.
  [[nodiscard]] Result<bool> step(AlertStore& store, AlertIndex& index);

 private:
  static constexpr std::size_t kPlacesAStep = 50'000, kAlertsAStep = 100;

  bool places_read_ = false;
  std::string after_;
  std::deque<AlertPlace> places_;  // that are not in the index yet, oldest first
};

}  // namespace straykey
