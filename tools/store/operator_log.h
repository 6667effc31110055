#pragma once
// What operators changed by hand, kept in the alert store: acknowledgements and forgotten baselines.
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/engine/store.h"

namespace straykey {

[[nodiscard]] Status note_operator_action(AlertStore& store, Seconds now, std::string_view text);

}  // namespace straykey
