#pragma once
// Investigation: the first questions an analyst asks of an alert, answered from what the partitions hold.
//
// Shape:  the calls made with the access key, the calls of the service identity before and since, and who assumed its
//         role in the window.
// Thread: the merger's.
// Bounds: kApisShown, kSourcesShown, kAgentsShown and kAssumptionsShown lines, those with most calls first.
#include "core/detect/alert.h"
#include "core/engine/baseline_view.h"

namespace straykey {

inline constexpr std::size_t kApisShown = 15;
inline constexpr std::size_t kSourcesShown = 10;
inline constexpr std::size_t kAgentsShown = 4;
inline constexpr std::size_t kAssumptionsShown = 10;

// Fills key_calls, identity_calls and role_assumed_by. REQUIRES: alert.call is set.
void investigate(Alert& alert, const BaselineView& view, int window_days);

}  // namespace straykey
