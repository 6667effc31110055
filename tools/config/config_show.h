#pragma once
// The configuration as TOML: as it is in effect, and as the example that is shipped. Both are written from the table of
// settings.
//
// Thread: any (functions of their arguments). Reads no file.
#include <string>

#include "tools/config/config.h"

namespace straykey {

// Every setting, whoever set it; secrets as where they are, URLs redacted.
[[nodiscard]] std::string show_config(const Config& config);

// straykey.example.toml: every setting with its default, its limits, its words, and whether a reload applies it.
[[nodiscard]] std::string example_config();

}  // namespace straykey
