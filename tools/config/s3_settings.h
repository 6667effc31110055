#pragma once
// [[s3_source]]: its rows in the table of settings, and the checks that need more than one of them.
//
// Thread: any (functions of their arguments); s3_source_errors() looks at files.
#include <string>
#include <vector>

#include "tools/config/setting.h"

namespace straykey {

[[nodiscard]] SettingTable s3_source_table();

struct SettingError {
  std::string path;  // "s3_source.0.queue_url"
  std::string message;
};
[[nodiscard]] std::vector<SettingError> s3_source_errors(const Config& config);

}  // namespace straykey
