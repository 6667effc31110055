#pragma once
// Alerts for programs and for a page that stays open: an export as CSV or NDJSON, and a stream of what changes.
//
// Shape:  GET /api/v1/alerts/export takes the arguments of alerts/search and `format`; X-Straykey-Next names the place
//         from which the next page goes on. GET /api/v1/alerts/events is a stream of server-sent events in pieces: each
//         reply ends as soon as it has told something, or after 20 s without news, and the browser's EventSource
//         asks again with the last id that it saw. So a watcher costs a held request and nothing else.
// Thread: io; what is asked is called there and must not block.
// Bounds: a page of alerts/search; what the watch allows.
#include <functional>
#include <string>
#include <string_view>

#include "net/admin/operator_routes.h"

namespace straykey {

// Answers when an alert changed after the change named `after`, or when nothing did for a while. Items are summaries,
// or one {"everything":true}; `next` names the newest change.
using WatchAlerts = std::function<void(std::string after, std::function<void(const OperatorAnswer&)> answer)>;

void add_alert_routes(HttpRouter& router, const AskOperator& ask, const WatchAlerts& watch,
                      const OperatorAccess& access);

// Summaries of alerts as a table with a line of names. A text that a spreadsheet would take for a formula begins with
// an apostrophe.
[[nodiscard]] std::string alerts_as_csv(const std::vector<std::string>& items);
[[nodiscard]] std::string alerts_as_events(const OperatorAnswer& answer);

}  // namespace straykey
