#pragma once
// The effective configuration as TOML: every setting, whoever set it; secrets as where they are, URLs redacted.
//
// Thread: any (a function of its argument). Reads no file.
#include <string>

#include "tools/config/config.h"

namespace straykey {

[[nodiscard]] std::string show_config(const Config& config);

}  // namespace straykey
