#pragma once
// Says which settings differ between two configurations, so that a reload can tell which it applied and which wait for
// the next start.
//
// Shape:  keys as in errors; in repeated tables with the entry's name: "ingest.https", "token.forwarder.scope",
//         "webhook.soc (new)", "webhook.soc (gone)". No values.
// Thread: any (a function of its arguments).
#include <string>
#include <vector>

#include "tools/config/setting.h"

namespace straykey {

// The changed settings with this `effect`: {"networks.trusted", "token.b (new)"}.
[[nodiscard]] std::vector<std::string> changed_settings(Effect effect, const Config& before, const Config& after);

}  // namespace straykey
