#pragma once
// `straykey alerts tail` and `straykey alerts export`: alerts as they come, and alerts as a table.
//
// Shape:  both are added to `straykey alerts`, whose --config and --data-dir they take.
// Thread: main.
// Errors: as of the other commands about alerts. `tail` needs a running server, and fails when that ends.
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands/commands.h"

namespace straykey {

[[nodiscard]] RunCommand add_tail(CLI::App& alerts);
[[nodiscard]] RunCommand add_export(CLI::App& alerts);

// What server-sent events say (net/API.md): the alerts' summaries, and the place after which to ask next.
struct ToldEvents {
  std::vector<std::string> alerts;
  std::string last;
  bool everything = false;  // so much changed that it is not named
};
[[nodiscard]] ToldEvents read_events(std::string_view text);

// A summary as a line: id, when, severity, variation, identity, how often, status, and the entries that cover it.
[[nodiscard]] std::string summary_line(const std::string& item);

}  // namespace straykey
