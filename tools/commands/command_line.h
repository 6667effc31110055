#pragma once
// The whole command line: every command with its options, and what is printed about them. --help, the man page and the
// completions of shells are all made from it, so that they cannot differ.
//
// Thread: main.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands/commands.h"

namespace straykey {

// Adds all commands. `app` is borrowed by the commands that print it.
[[nodiscard]] std::vector<RunCommand> add_commands(CLI::App& app);

// One line that a shell takes, and what it does.
struct Example {
  std::string_view command;  // "alerts list"
  std::string_view line;     // as it is typed, without "straykey "
  std::string_view purpose;
};
[[nodiscard]] std::span<const Example> examples();

// What an exit code means. Every command uses these.
struct ExitCode {
  int code;
  std::string_view meaning;
};
[[nodiscard]] std::span<const ExitCode> exit_codes();

// A command that can be run, and those around it: "alerts list".
struct NamedCommand {
  std::string path;
  const CLI::App* app;
};
// All of them, in the order of --help, each behind the one that it belongs to. The first is the program, with an empty
// path.
[[nodiscard]] std::vector<NamedCommand> all_commands(const CLI::App& app);

// An option as it is shown: "--config FILE", "--json", "ID".
struct ShownOption {
  std::string flags;  // "--config", "-h,--help"; empty: it is taken by its place
  std::string value;  // "FILE", or how it is called if it is taken by its place; empty: it takes none
  std::string purpose;
  std::vector<std::string> choices;  // all values that it may have, if they are few
  bool required = false;
};
// Of the command itself, and with `inherited` of those around it, which it takes as well.
[[nodiscard]] std::vector<ShownOption> shown_options(const CLI::App& app, bool inherited = true);

}  // namespace straykey
