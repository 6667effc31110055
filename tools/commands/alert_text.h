#pragma once
// An alert as text for a terminal: what it is, why it was raised, and what to do now.
//
// Thread: any.
// Errors: what is missing in the document is left out; of what is no document nothing is said.
#include <string>
#include <string_view>

namespace straykey {

// `document`: as alerts/show answers (net/API.md). Commands stand on lines of their own, whole, ready to paste.
[[nodiscard]] std::string alert_text(std::string_view document);

}  // namespace straykey
