#pragma once
// [[kafka_source]]: its rows in the table of settings, and the checks that need more than one of them.
//
// Thread: any (functions of their arguments); the checks and read_kafka_secrets() look at files.
#include <vector>

#include "core/base/result.h"
#include "net/kafka/kafka_client.h"
#include "tools/config/s3_settings.h"
#include "tools/config/setting.h"

namespace straykey {

[[nodiscard]] SettingTable kafka_source_table();
[[nodiscard]] std::vector<SettingError> kafka_source_errors(const Config& config);
// The properties that are secrets.
[[nodiscard]] Result<KafkaProperties> read_kafka_secrets(const KafkaPropertyList& properties);

}  // namespace straykey
