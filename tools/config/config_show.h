#pragma once
// Writes the configuration as TOML: as it is in effect, and as the example that is shipped. Both are made from the
// table of settings.
//
// Thread: any (functions of their arguments). Reads no file.
#include <string>

#include "tools/config/config.h"

namespace straykey {

// Every setting with its value in effect. Of a secret it shows the place where it is kept; URLs are redacted.
[[nodiscard]] std::string show_config(const Config& config);

// The same as one line of JSON.
[[nodiscard]] std::string show_config_as_json(const Config& config);

// The text of straykey.example.toml: every setting with its default, its limits, an explanation, and whether a reload
// applies it.
[[nodiscard]] std::string example_config();

}  // namespace straykey
