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
#include "tools/commands/command_line.h"

namespace straykey {
namespace {

int run(int argc, char** argv) {
  umask(077);
  CLI::App app;
  const std::vector<RunCommand> commands = add_commands(app);
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
