#pragma once
// What operators are shown, as JSON: one object a line, the same from the API and from `--json`.
//
// Thread: any.
#include <string>

#include "core/operate/alert_listing.h"
#include "core/operate/baseline_listing.h"

namespace straykey {

// {"kind","scope","value","days","first_day"}, and "acknowledged" where that is so.
[[nodiscard]] std::string fact_json(const KnownFact& known);
// {"endpoint","attempts","next_attempt","dead","last_error"}.
[[nodiscard]] std::string delivery_json(const OutboxRow& row);
// {"id","body","state","deliveries"}, where body is the webhook's body as a text.
[[nodiscard]] std::string message_json(const StoredMessage& message);
// {"account","first_day","last_day","pairs":[{"identity","network","days","first_day","last_day"}]}.
[[nodiscard]] std::string account_json(const AccountReport& report);
// {"changed"}: how many rows.
[[nodiscard]] std::string changed_json(std::size_t rows);

}  // namespace straykey
