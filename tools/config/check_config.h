#pragma once
// `straykey check-config`: everything that is wrong with a configuration, at once.
//
// Errors: a line each, `file:line:column: message`, and the exit code 78 (EX_CONFIG); 0 if there is none. Warnings are
//         printed and do not count.
#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "tools/commands/commands.h"
#include "tools/config/config.h"

namespace straykey {

// Both steps: the errors of reading `path`, and those of validate() in tables that were read well.
struct CheckedConfig {
  Config config;
  std::vector<ConfigError> errors;
};
[[nodiscard]] CheckedConfig read_and_validate(const std::string& path, Seconds now);

// Also reads the address files whole.
int check_config(const std::string& path, std::ostream& out);

}  // namespace straykey
