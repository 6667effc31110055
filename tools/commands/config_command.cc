// `straykey check-config`, `straykey config show` and `straykey config example`: options.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "core/base/terminal_text.h"
#include "tools/commands/commands.h"
#include "tools/config/check_config.h"
#include "tools/config/config.h"
#include "tools/config/config_show.h"

namespace straykey {
namespace {

std::string one_line(const std::string& text) {
  return terminal_json(boost::json::serialize(boost::json::parse(text)));
}

}  // namespace

RunCommand add_config_commands(CLI::App& app) {
  auto path = std::make_shared<std::string>(kConfigPath);
  auto as_json = std::make_shared<bool>(false);
  CLI::App* check = app.add_subcommand("check-config", "Print everything that is wrong with a configuration");
  check->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  check->add_flag("--json", *as_json, "As one JSON object");
  check->footer("Exit code 0: no errors; warnings do not count. 78: errors.");
  CLI::App* config = app.add_subcommand("config", "The configuration: as it takes effect, and an example");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Print it as TOML, secrets left out");
  show->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  show->add_flag("--json", *as_json, "As one JSON object");
  CLI::App* example = config->add_subcommand("example", "Print a configuration with every setting, explained");
  return [check, show, example, path, as_json] {
    if (check->parsed()) return check_config(*path, std::cout, *as_json);
    if (example->parsed()) {
      std::fputs(example_config().c_str(), stdout);
      return kExitWell;
    }
    if (!show->parsed()) return -1;
    const ConfigResult result = read_config(*path);
    for (const ConfigError& error : result.errors) fail(error.text());
    if (!result.ok()) return kExitConfig;
    if (*as_json)
      std::puts(one_line(show_config_as_json(result.config)).c_str());
    else
      std::fputs(terminal_json(show_config(result.config)).c_str(), stdout);  // TOML has the same escapes
    return kExitWell;
  };
}

}  // namespace straykey
