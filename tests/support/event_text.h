#pragma once
// All that an Event says, as text: two Events are alike if their texts are equal.
#include <string>

#include "core/event/event.h"

namespace straykey {

[[nodiscard]] std::string event_text(const Event& event);

}  // namespace straykey
