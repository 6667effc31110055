// Runs the .scenario files of a directory: scenarios_test <directory or file>... Each on one shard and on three.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/scenarios/scenario_file.h"
#include "tests/scenarios/scenario_runner.h"

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& place) {
  if (std::filesystem::is_regular_file(place)) return {place};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place))
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Number of failures.
std::size_t run_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto scenario = straykey::parse_scenario(path.string(), text);
  if (!scenario) {
    std::cout << scenario.error().message << '\n';
    return 1;
  }
  for (const std::uint32_t shards : {1u, 3u}) {
    const auto failures = straykey::run_scenario(scenario.value(), shards);
    if (failures.empty()) continue;
    std::cout << fmt::format("FAILED on {} shard(s): {}\n", shards, scenario.value().claim);
    for (const std::string& failure : failures) std::cout << "  " << failure << '\n';
    return failures.size();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t run = 0, failed = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_of(argv[i])) {
      ++run;
      if (run_file(path) != 0) ++failed;
    }
  }
  std::cout << fmt::format("{} scenarios, {} failed\n", run, failed);
  return run == 0 || failed != 0 ? 1 : 0;
}
