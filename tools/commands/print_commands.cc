// `straykey completion`, `straykey man` and `straykey version`: what the program says of itself.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "tools/commands/commands.h"
#include "tools/commands/completions.h"
#include "tools/commands/man_page.h"
#include "tools/commands/program_version.h"

namespace straykey {

RunCommand add_print_commands(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print completions of the command line for a shell");
  completion->add_option("SHELL", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* man = app.add_subcommand("man", "Print the manual page, for man");
  CLI::App* version = app.add_subcommand("version", "Print the version");
  auto as_json = std::make_shared<bool>(false);
  version->add_flag("--json", *as_json,
                    "As one JSON object, with the commit, the store's format, the day of AWS's compiled-in ranges, the "
                    "table of tools and all libraries");
  return [&app, completion, man, version, shell, as_json] {
    if (completion->parsed())
      std::fputs(completions(app, *shell).value_or("").c_str(), stdout);
    else if (man->parsed())
      std::fputs(man_page(app).c_str(), stdout);
    else if (version->parsed())
      std::puts(*as_json ? program_version_json().c_str() : "straykey " STRAYKEY_VERSION);
    else
      return -1;
    return kExitWell;
  };
}

}  // namespace straykey
