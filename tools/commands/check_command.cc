// `straykey check`: looks through the whole store of a stopped server.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "tools/commands/commands.h"
#include "tools/store/open_directory.h"
#include "tools/store/store_report.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

struct Options {
  std::string directory, config;
};

int run(const Options& options) {
  auto path = data_directory_path(options.config, options.directory);
  if (!path) return fail(path.error().message, kExitConfig);
  auto held = open_when_free(
      *path, [&] { return DataDirectory::hold(*path); }, short_pauses());
  if (!held) return fail(held.error().message + hint_at_data_directory(options.config, options.directory));
  std::optional<Progress> progress(std::in_place, "checking", 0);
  StoreReportCallbacks callbacks;
  callbacks.on_finding = [&](const std::string& sentence) {
    progress.emplace("checking", 0);
    fail(sentence);
  };
  callbacks.on_progress = [&](const std::string& name, std::uint64_t pages) {
    progress->show(pages, fmt::format("{}: {} pages", name, with_commas(pages)));
  };
  callbacks.on_environment = [&](const EnvironmentReport& report) {
    progress.emplace("checking", 0);
    fmt::print("{:<10} {:>14} rows {:>12} pages, {} free: {}\n", report.name, with_commas(report.rows),
               with_commas(report.pages), with_commas(report.pages_free),
               report.findings == 0 ? "sound" : fmt::format("{} findings", report.findings));
  };
  const std::size_t findings = check_store(**held, callbacks);
  progress.reset();
  if (findings == 0) {
    fmt::print("{}: nothing is wrong\n", *path);
    return kExitWell;
  }
  std::fflush(stdout);
  return fail(fmt::format("{} findings in {}: restore a backup", findings, *path));
}

}  // namespace

RunCommand add_check_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("check", "Look for damage in the whole store of a stopped server");
  auto options = std::make_shared<Options>();
  command->add_option("DIR", options->directory, "The data directory, or a backup of one");
  command->add_option("--config", options->config, "Configuration that names the data directory")->type_name("FILE");
  command->footer(
      "Reads every page and every row and changes nothing. Exit codes: 0 nothing is wrong, 1 damage (a\n"
      "sentence for each finding on stderr) or the store could not be read, 78 configuration.");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
