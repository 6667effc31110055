#pragma once
// Which settings a reload changed: those that it applied, and those that wait for the next start.
//
// Shape:  keys as in errors; of repeated tables with the entry's name: "ingest.https", "token.forwarder.scope",
//         "webhook.soc (new)", "webhook.soc (gone)". No values.
// Thread: any (a function of its arguments).
#include <string>
#include <vector>

#include "tools/config/config.h"

namespace straykey {

struct ConfigChanges {
  std::vector<std::string> applied;  // what differs from the configuration of the last reload
  std::vector<std::string> waiting;  // what differs from the one that the server was started with
};
// `started`: what the server was started with; `reloaded`: what was read last before now, `started` at first.
[[nodiscard]] ConfigChanges config_changes(const Config& started, const Config& reloaded, const Config& read);

// "a, b, c"; "none" of no names.
[[nodiscard]] std::string names_text(const std::vector<std::string>& names);

}  // namespace straykey
