#pragma once
// check_store(): checks everything in a data directory that no program has open: structure, checksums and rows.
//
// Shape:  the merger's environment, then the partitions, each with the structure of its file, the checksum of every
//         value, what each row means, and what rows of different tables say about each other.
// Thread: one.
// Errors: each finding is one sentence that names the file or the environment.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/data_directory.h"

namespace straykey {

struct EnvironmentReport {
  std::string name;  // "merger", "shard-00"
  std::uint64_t pages = 0, pages_free = 0, rows = 0;
  std::size_t findings = 0;
};

struct StoreReportCallbacks {
  std::function<void(const std::string& sentence)> on_finding;
  std::function<void(const EnvironmentReport&)> on_environment;                   // after each
  std::function<void(const std::string& name, std::uint64_t pages)> on_progress;  // may be empty
};

// Returns how much was found. `held`: from DataDirectory::hold().
[[nodiscard]] std::size_t check_store(const DataDirectory& held, const StoreReportCallbacks& callbacks);

}  // namespace straykey
