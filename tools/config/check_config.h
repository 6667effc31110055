#pragma once
// `straykey check-config`: prints everything that is wrong with a configuration at once.
//
// Errors: each is a line, `file:line:column: message`. The exit code is 78 (EX_CONFIG) if there is one, else 0.
//         Warnings are printed and do not count.
#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "tools/config/config.h"
#include "tools/terminal/exit_code.h"

namespace straykey {

// The errors of both steps: of reading `path`, and of validate(): in a table that was not read without errors, of
// the settings that were.
struct CheckedConfig {
  Config config;
  std::vector<ConfigError> errors;
};
[[nodiscard]] CheckedConfig read_and_validate(const std::string& path, Seconds now);

// Prints all of them, and also reads the address files whole. `as_json`: as one object.
int check_config(const std::string& path, std::ostream& out, bool as_json = false);

}  // namespace straykey
