// `straykey serve`: options.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/commands.h"
#include "tools/check_config.h"
#include "tools/clock.h"
#include "tools/config_validate.h"
#include "tools/serve.h"

namespace straykey {
namespace {

int run(const std::string& path) {
  CheckedConfig result = read_and_validate(path, wall_clock());
  if (!result.errors.empty()) {
    for (const ConfigError& error : result.errors) fail(error.text());
    return kExitConfig;
  }
  // Before any thread exists: all of them inherit the mask, and run() waits for these signals.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  Log log(result.config.log);
  for (const std::string& warning : config_warnings(result.config)) log.warning("configuration", {{"note", warning}});
  Serve serve(std::move(result.config), log);
  if (const Status status = serve.start(); !status.ok()) return fail(status.error().message);
  return serve.run();
}

}  // namespace

RunCommand add_serve_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("serve", "Take CloudTrail over HTTPS, judge it, post alerts");
  auto path = std::make_shared<std::string>(kConfigPath);
  command->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  command->footer("SIGHUP reloads certificates, tokens and address files; SIGTERM drains and ends.\n"
                  "Exit codes: 0 ended well, 1 could not start, 75 restart me, 78 configuration.");
  return [command, path] { return command->parsed() ? run(*path) : -1; };
}

}  // namespace straykey
