#pragma once
// Opens a server's data directory for an offline tool: never creates one, refuses while a server runs on it.
#include <memory>
#include <string>

#include "storage/data_directory.h"

namespace straykey {

// `path`: the data directory itself.
[[nodiscard]] Result<std::unique_ptr<DataDirectory>> open_existing(const std::string& path);

// For a backfill: makes the directory, with one partition, if there is none yet.
[[nodiscard]] Result<std::unique_ptr<DataDirectory>> open_or_create(const std::string& path);

// The data directory that --config or --data-dir names. --data-dir counts first; without either it is the
// configuration's default.
[[nodiscard]] Result<std::string> data_directory_path(const std::string& config, const std::string& data_dir);

}  // namespace straykey
