#pragma once
// What is known of an identity as a table for a terminal: a row for each fact, and one axis of days for all of them.
//
// Shape:  the axis has 30 days and ends with the newest day of all facts, so that one column means one day. A row whose
//         fact was last seen before the axis begins has no mark; its last day stands behind.
// Thread: any.
// Errors: an item that is no fact is a row without a mark.
#include <string>
#include <vector>

namespace straykey {

// `facts`: as baseline/show answers (net/API.md). Empty: there are none.
[[nodiscard]] std::string baseline_text(const std::vector<std::string>& facts);

}  // namespace straykey
