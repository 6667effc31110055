#pragma once
// [standby]: its rows in the table of settings, and the checks that need more than one of them.
//
// Thread: any (functions of their arguments); the checks look at files.
#include <vector>

#include "tools/config/s3_settings.h"
#include "tools/config/setting.h"

namespace straykey {

[[nodiscard]] SettingTable standby_table();
[[nodiscard]] std::vector<SettingError> standby_errors(const Config& config);

}  // namespace straykey
