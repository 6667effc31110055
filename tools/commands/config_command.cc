// `straykey check-config`, `straykey config show` and `straykey config example`: options.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "core/base/terminal_text.h"
#include "tools/commands/commands.h"
#include "tools/config/check_config.h"
#include "tools/config/config.h"
#include "tools/config/config_show.h"

namespace straykey {

RunCommand add_config_commands(CLI::App& app) {
  auto path = std::make_shared<std::string>(kConfigPath);
  CLI::App* check = app.add_subcommand("check-config", "Print everything that is wrong with a configuration");
  check->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  CLI::App* config = app.add_subcommand("config", "The configuration: as it takes effect, and an example");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Print it as TOML, secrets left out");
  show->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  CLI::App* example = config->add_subcommand("example", "Print a configuration with every setting, explained");
  return [check, show, example, path] {
    if (check->parsed()) return check_config(*path, std::cout);
    if (example->parsed()) {
      std::fputs(example_config().c_str(), stdout);
      return kExitWell;
    }
    if (!show->parsed()) return -1;
    const ConfigResult result = read_config(*path);
    for (const ConfigError& error : result.errors) fail(error.text());
    if (!result.ok()) return kExitConfig;
    std::fputs(terminal_json(show_config(result.config)).c_str(), stdout);  // TOML has the same escapes
    return kExitWell;
  };
}

}  // namespace straykey
