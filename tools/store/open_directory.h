#pragma once
// Opens a server's data directory for an offline tool: refuses while a server runs on it, and waits for other tools.
#include <functional>
#include <memory>
#include <string>

#include "storage/data_directory.h"
#include "tools/store/store_wait.h"

namespace straykey {

using Pause = std::function<bool()>;  // false: it was long enough

// `path`: the data directory itself. It never creates one.
[[nodiscard]] Result<std::unique_ptr<DataDirectory>> open_existing(const std::string& path,
                                                                   const Pause& pause = short_pauses());

// For a backfill: makes the directory, with one partition, if there is none yet.
[[nodiscard]] Result<std::unique_ptr<DataDirectory>> open_or_create(const std::string& path,
                                                                    const Pause& pause = short_pauses());

// What an operator without --config and --data-dir should hear when the default directory holds no store; else empty.
[[nodiscard]] std::string hint_at_data_directory(const std::string& config, const std::string& data_dir);

// The data directory that --config or --data-dir names. --data-dir counts first; without either it is the
// configuration's default.
[[nodiscard]] Result<std::string> data_directory_path(const std::string& config, const std::string& data_dir);

}  // namespace straykey
