// `straykey completion`, `straykey man` and `straykey version`: what the program says of itself.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "tools/commands/commands.h"
#include "tools/commands/completions.h"
#include "tools/commands/man_page.h"

namespace straykey {

RunCommand add_print_commands(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print completions of the command line for a shell");
  completion->add_option("SHELL", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* man = app.add_subcommand("man", "Print the manual page, for man");
  CLI::App* version = app.add_subcommand("version", "Print the version");
  return [&app, completion, man, version, shell] {
    if (completion->parsed())
      std::fputs(completions(app, *shell).value_or("").c_str(), stdout);
    else if (man->parsed())
      std::fputs(man_page(app).c_str(), stdout);
    else if (version->parsed())
      std::puts("straykey " STRAYKEY_VERSION);
    else
      return -1;
    return kExitWell;
  };
}

}  // namespace straykey
