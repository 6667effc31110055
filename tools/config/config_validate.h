#pragma once
// The second step of checking a configuration: what needs more than one value, or a look at the disk.
//
// Thread: any; reads the files and environment names that the configuration names.
// Errors: everything that is wrong, each at the place where it was set. No error holds a secret or a URL.
#include <string>
#include <vector>

#include "core/base/time.h"
#include "tools/config/config.h"

namespace straykey {

// REQUIRES: `config` was read without errors, or the caller leaves out the errors of tables that were not.
// `now`: for the dates of certificates.
[[nodiscard]] std::vector<ConfigError> validate(const Config& config, Seconds now);

// The part of it that is about entries of [[known]], for a command that takes only these.
[[nodiscard]] std::vector<ConfigError> known_errors(const Config& config);

// Things that are allowed, but which the operator should know; a sentence for each.
[[nodiscard]] std::vector<std::string> config_warnings(const Config& config, Seconds now);
// The part of them that is about entries of [[known]] which have ended, or end within kKnownWarningDays.
inline constexpr Day kKnownWarningDays = 7;
[[nodiscard]] std::vector<std::string> known_warnings(const std::vector<KnownThing>& known, Seconds now);

}  // namespace straykey
