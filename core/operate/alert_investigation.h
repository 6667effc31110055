#pragma once
// The investigation of an alert as it stands now: the same questions that were answered when it was raised.
//
// Thread: any.
// Bounds: the answers' own (engine/investigation.h). Reads four rows of activity and the facts of one role.
#include <optional>
#include <string>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/operate/stores.h"

namespace straykey {

// A JSON object with the answers as of the alert, as of now, and what was called since. Nothing: there is no such
// alert, or an older program stored it as text.
[[nodiscard]] Result<std::optional<std::string>> investigate_again(const OperatorStores& stores, Hash128 id);

}  // namespace straykey
