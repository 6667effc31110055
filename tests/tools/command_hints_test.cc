#include "tools/commands/command_hints.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

using namespace straykey;

namespace {

using Words = std::vector<std::string>;

// As the program's: rooms with commands, and commands of their own.
struct Program {
  CLI::App app{"a program"};

  Program() {
    app.require_subcommand(1);
    CLI::App* const alerts = app.add_subcommand("alerts", "");
    alerts->require_subcommand(1);
    alerts->fallthrough();
    alerts->add_option("--data-dir", "");
    alerts->add_subcommand("list", "")->add_flag("--json");
    alerts->add_subcommand("search", "")->add_option("--severity", "");
    app.add_subcommand("scan", "")->add_option("PATH", "");
  }
};

}  // namespace

TEST_CASE("a word that names no command is named, with the one that was probably meant") {
  const Program program;
  CHECK_EQ(unknown_command(program.app, {"alert", "list"}), "alert: there is no such command; did you mean alerts?");
  CHECK_EQ(unknown_command(program.app, {"alerts", "lits"}), "lits: there is no such command; did you mean list?");
  CHECK_EQ(unknown_command(program.app, {"alerts", "photograph"}),
           "photograph: there is no such command; `straykey alerts --help` lists them");
  CHECK_EQ(unknown_command(program.app, {"photograph"}),
           "photograph: there is no such command; `straykey --help` lists them");
}

TEST_CASE("of a command line that names its commands, or leaves them out, nothing is said") {
  const Program program;
  for (const Words& words : {Words{}, Words{"--help"}, Words{"alerts"}, Words{"alerts", "list"}, Words{"scan", "lits"},
                             Words{"alerts", "--data-dir", "lits", "list"}, Words{""}})
    CHECK_EQ(unknown_command(program.app, words), "");
}

TEST_CASE("an option that another command of the room has is named with that command") {
  const Program program;
  CHECK_EQ(option_of_another_command(program.app, {"alerts", "list", "--severity", "high"}),
           "--severity: alerts list has no such option; alerts search has it");
  CHECK_EQ(option_of_another_command(program.app, {"alerts", "--data-dir", "d", "list", "--severity=high"}),
           "--severity: alerts list has no such option; alerts search has it");
  for (const Words& words : {Words{"alerts", "list", "--json"}, Words{"alerts", "list", "--data-dir", "d"},
                             Words{"alerts", "list", "--nothing"}, Words{"scan", "--nothing"}, Words{"--severity"}})
    CHECK_EQ(option_of_another_command(program.app, words), "");
}
