#pragma once
// agreement_of: digests of what two nodes of [standby] must have in common, so that either judges as the other would.
//
// Shape:  by what differs, in words that an operator understands. Paths, secrets and URLs are not in it, because they
//         may differ.
// Thread: any (a function of its arguments).
#include "core/engine/alert_log.h"
#include "core/location/network_map.h"
#include "tools/config/config.h"

namespace straykey {

[[nodiscard]] Agreement agreement_of(const Config& config, const NetworkInputs& networks);

}  // namespace straykey
