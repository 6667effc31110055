// `straykey serve`: options.
#include <malloc.h>
#include <signal.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <new>
#include <string_view>

#include "net/io/tls.h"
#include "tools/commands/commands.h"
#include "tools/config/check_config.h"
#include "tools/config/config_validate.h"
#include "tools/server/serve.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

std::terminate_handler terminate_before = nullptr;

// Memory that ran out is no record's fault, so no crash that the flight recorder should see.
[[noreturn]] void end_without_memory() noexcept {
  try {
    if (const std::exception_ptr exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    constexpr std::string_view kWords = "straykey: out of memory; start it again, with smaller limits or more memory\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
    _exit(kExitRestart);
  } catch (...) {
    terminate_before();
  }
  std::abort();
}

int run(const std::string& path) {
  terminate_before = std::set_terminate(end_without_memory);
  // Bodies of a megabyte come and go: memory given back to the kernel would be faulted in anew for each.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  if (const Status status = start_crypto(); !status.ok()) return fail(status.error().message);
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
  for (const std::string& warning : config_warnings(result.config, wall_clock()))
    log.warning("configuration", {{"note", warning}});
  Serve serve(std::move(result.config), log);
  if (const Status status = serve.start(); !status.ok()) return fail(status.error().message);
  return serve.run();
}

}  // namespace

RunCommand add_serve_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("serve", "Take CloudTrail over HTTPS, judge it, post alerts");
  auto path = std::make_shared<std::string>(kConfigPath);
  command->add_option("--config", *path, "Configuration")->type_name("FILE")->capture_default_str();
  command->footer(
      "SIGHUP reads the configuration and all files that it names again, applies what can be applied without a\n"
      "restart, and logs what waits for the next start; if anything is wrong, nothing changes. SIGTERM drains and\n"
      "ends.\n"
      "Exit codes: 0 ended well, 1 could not start, 75 restart me, 78 configuration.");
  return [command, path] { return command->parsed() ? run(*path) : -1; };
}

}  // namespace straykey
