// `straykey backup` and `straykey restore`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "core/base/terminal_text.h"
#include "tools/commands/commands.h"
#include "tools/store/backup.h"
#include "tools/store/open_directory.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

struct Options {
  std::string config, data_dir, other;
};

void add_store_options(CLI::App& command, Options& options) {
  command.add_option("--config", options.config, "Configuration that names the data directory")->type_name("FILE");
  command.add_option("--data-dir", options.data_dir, "The data directory")->type_name("DIR");
}

// `hint`: at the end of what is said if it fails.
int copy(const std::string& from, const std::string& to, const std::string& hint = "") {
  BackupCallbacks callbacks;
  callbacks.on_environment = [](const std::string& name, std::uint64_t bytes) {
    fmt::print(stderr, "{:<10} {:>16} bytes\n", name, with_commas(bytes));
  };
  callbacks.on_finding = [](const std::string& sentence) { fail(sentence); };
  if (const Status done = back_up(from, to, callbacks); !done) return fail(done.error().message + hint);
  fmt::print("{} is copied to {} and checked\n", terminal_text(from), terminal_text(to));
  return kExitWell;
}

}  // namespace

RunCommand add_backup_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("backup", "Copy the store to another directory, while the server runs or not");
  auto options = std::make_shared<Options>();
  command->add_option("TO", options->other, "A directory that is not there yet; its parent is")->required();
  add_store_options(*command, *options);
  command->footer(
      "Run it as the server's user. The copy is a store itself: check it, scan it, or restore it with\n"
      "`straykey restore TO`. While it runs, the server's files grow instead of using freed room again.");
  return [command, options] {
    if (!command->parsed()) return -1;
    auto path = data_directory_path(options->config, options->data_dir);
    return path.ok() ? copy(*path, options->other, hint_at_data_directory(options->config, options->data_dir))
                     : fail(path.error().message, kExitConfig);
  };
}

RunCommand add_restore_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("restore", "Copy a backup to a data directory that is empty or not there");
  auto options = std::make_shared<Options>();
  command->add_option("FROM", options->other, "What `straykey backup` made")->required();
  add_store_options(*command, *options);
  command->footer(
      "What was sent since the backup should be sent again: alerts that the backup knows are not raised\n"
      "twice. Deliveries that were open then are made again, with the same id.");
  return [command, options] {
    if (!command->parsed()) return -1;
    auto path = data_directory_path(options->config, options->data_dir);
    return path.ok() ? copy(options->other, *path) : fail(path.error().message, kExitConfig);
  };
}

}  // namespace straykey
