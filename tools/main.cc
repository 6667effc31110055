// straykey: one program, one subcommand for each thing an operator does.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/terminal_text.h"
#include "tools/commands/command_hints.h"
#include "tools/commands/commands.h"

namespace straykey {
namespace {

// An unset variable of a script gives an empty argument. Nobody means that, and it must not mean the default.
void refuse_empty_arguments(CLI::App& app) {
  for (CLI::Option* option : app.get_options({})) {
    if (option->get_items_expected_max() > 0)
      option->check([](const std::string& text) { return text.empty() ? "it is empty" : std::string(); });
  }
  for (CLI::App* command : app.get_subcommands({})) refuse_empty_arguments(*command);
}

int run(int argc, char** argv) {
  umask(077);
  CLI::App app{"straykey catches AWS service credentials that have strayed: CloudTrail in, alerts out."};
  app.name("straykey");
  app.set_version_flag("--version", std::string("straykey ") + STRAYKEY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with `straykey scan FOLDER` on CloudTrail files you have, then `straykey serve --config FILE`.\n"
      "`straykey COMMAND --help` explains each command.");
  const std::vector<RunCommand> commands{add_serve_command(app),   add_scan_command(app),     add_simulate_command(app),
                                         add_alerts_command(app),  add_baseline_command(app), add_rejects_command(app),
                                         add_config_commands(app), add_receive_command(app),  add_ranges_command(app),
                                         add_replay_command(app),  add_check_command(app),    add_backup_command(app),
                                         add_restore_command(app), add_webhook_command(app)};
  CLI::App* version = app.add_subcommand("version", "Print the version");
  refuse_empty_arguments(app);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (const std::string said = unknown_command(app, words); !said.empty()) return fail(said, kExitUsage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool unexpected = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
    const std::string said = unexpected ? option_of_another_command(app, words) : std::string();
    if (!said.empty()) return fail(said, kExitUsage);
    // What is wrong is quoted from the command line, where a shell may have put the names of files.
    std::ostringstream help, complaint;
    const int code = app.exit(error, help, complaint);
    std::fputs(help.str().c_str(), stdout);
    std::fputs(terminal_lines(complaint.str()).c_str(), stderr);
    return code == 0 ? kExitWell : kExitUsage;
  }
  if (version->parsed()) {
    std::puts("straykey " STRAYKEY_VERSION);
    return kExitWell;
  }
  for (const RunCommand& command : commands)
    if (const int code = command(); code >= 0) return code;
  return kExitUsage;
}

}  // namespace

}  // namespace straykey

int main(int argc, char** argv) {
  straykey::occupy_standard_streams();
  try {
    return straykey::end_output(straykey::run(argc, argv));
  } catch (const std::exception& error) {
    // Printing throws as well if the output cannot be written.
    const int code = std::ferror(stdout) == 0 ? straykey::fail(error.what()) : straykey::kExitFailed;
    return straykey::end_output(code);
  }
}
