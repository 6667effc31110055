#pragma once
// [standby]: its rows in the table of settings, and the checks that need more than one of them.
//
// Thread: any (functions of their arguments); the checks and standby_properties() look at files.
#include <vector>

#include "core/base/result.h"
#include "net/kafka/kafka_client.h"
#include "tools/config/s3_settings.h"
#include "tools/config/setting.h"

namespace straykey {

[[nodiscard]] SettingTable standby_table();
[[nodiscard]] std::vector<SettingError> standby_errors(const Config& config);
// With the secrets in them.
[[nodiscard]] Result<KafkaProperties> standby_properties(const StandbyConfig& standby);

}  // namespace straykey
