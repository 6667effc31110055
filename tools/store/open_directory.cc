#include "tools/store/open_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tools/config/config.h"
#include "tools/terminal/clock.h"

namespace straykey {

Result<std::string> data_directory_path(const std::string& config, const std::string& data_dir) {
  if (!data_dir.empty()) return data_dir;
  if (config.empty()) return Config{}.data_dir;
  const ConfigResult result = read_config(config);
  if (!result.ok()) return Error{result.errors.front().text()};
  return result.config.data_dir;
}

std::string hint_at_data_directory(const std::string& config, const std::string& data_dir) {
  const std::string path = Config{}.data_dir;
  std::error_code error;
  if (!config.empty() || !data_dir.empty() || std::filesystem::exists(path + "/format", error)) return {};
  return " (" + path + " is the default: name another one with --data-dir DIR or --config FILE)";
}

Result<std::unique_ptr<DataDirectory>> open_existing(const std::string& path, const Pause& pause) {
  std::error_code error;
  if (!std::filesystem::exists(path + "/format", error))
    return Error{error ? fmt::format("{}: {}", path, error.message()) : fmt::format("{}: no store is there", path)};
  const auto open = [&] {
    // Opening with the shard count of the last start changes nothing, so count the partitions.
    unsigned shards = 0;
    while (std::filesystem::exists(fmt::format("{}/shard-{:02}", path, shards), error)) ++shards;
    DataDirectorySettings settings;
    settings.path = path;
    settings.shards = std::clamp(shards, 1u, 64u);
    settings.tell = [](const std::string& what) { fmt::print(stderr, "{}\n", what); };
    return DataDirectory::open(settings);
  };
  return open_when_free(path, open, pause);
}

Result<std::unique_ptr<DataDirectory>> open_or_create(const std::string& path, const Pause& pause) {
  std::error_code error;
  if (std::filesystem::exists(path + "/format", error)) return open_existing(path, pause);
  auto key = random_hash_key();
  if (!key) return key.error();
  DataDirectorySettings settings;
  settings.path = path;
  settings.new_hash_key = *key;
  return open_when_free(
      path, [&] { return DataDirectory::open(settings); }, pause);
}

}  // namespace straykey
