#pragma once
// The table of settings: every setting of the configuration, one row each. A new setting is a new row (and the member
// that it fills, in the Settings struct of the part that uses it).
//
// Shape:  tables in the order of the example; the first is the top of the file, and a table comes before those inside
//         it.
// Thread: any (immutable after the first call).
#include <string>
#include <vector>

#include "tools/config/setting.h"

namespace straykey {

[[nodiscard]] const std::vector<SettingTable>& setting_tables();

// The ways in that are configured: listeners and sources. `name`: as in the file: "ingest.https".
struct WayIn {
  std::string name;
  bool on = false;
};
[[nodiscard]] std::vector<WayIn> ways_in(const Config& config);

// "ingest.https"; "data_dir" at the top.
[[nodiscard]] std::string full_key(const SettingTable& table, const Setting& row);

}  // namespace straykey
