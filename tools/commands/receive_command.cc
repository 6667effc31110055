// `straykey receive`: a webhook receiver for trying things out: verifies signatures, shows each alert on a line.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "tools/commands/commands.h"
#include "tools/config/config_text.h"
#include "tools/replay/webhook_inbox.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

struct Options {
  std::string listen = "127.0.0.1:0", secret_file, out;
  std::uint64_t count = 0;    // end after this many different messages; 0: never
  std::uint64_t seconds = 0;  // end after this long; 0: never
};

int run(const Options& options) {
  const auto listen = parse_listen_address(options.listen);
  if (!listen || !listen->on())
    return fail(options.listen + ": not an address and a port such as 127.0.0.1:8080", kExitUsage);
  WebhookInbox::Settings settings;
  settings.listen = *listen;
  settings.out = options.out;
  settings.on_new = [](const std::string& body) {
    fmt::print("{}\n", alert_line(body));
    std::fflush(stdout);
  };
  if (!options.secret_file.empty()) {
    auto secret = read_webhook_secret(options.secret_file);
    if (!secret) return fail(secret.error().message);
    settings.secrets.push_back(secret.value());
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  WebhookInbox inbox(std::move(settings));
  if (const Status status = inbox.start(); !status.ok()) return fail(status.error().message);
  fmt::print(stderr, "straykey receive: {}\n", inbox.url());

  const double began = uptime();
  while (options.count == 0 || inbox.counts().alerts < options.count) {
    if (options.seconds > 0 && uptime() - began >= static_cast<double>(options.seconds)) break;
    const timespec tick{0, 50'000'000};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) break;
  }
  inbox.stop();
  const InboxCounts counts = inbox.counts();
  fmt::print(
      stderr,
      "straykey receive: {} different alerts in {} messages, {} with a wrong signature, {} with a changed body\n",
      counts.alerts, counts.messages, counts.wrong_signature, counts.changed);
  const bool well = counts.wrong_signature == 0 && counts.changed == 0;
  return well && counts.alerts >= options.count ? kExitWell : kExitFailed;
}

}  // namespace

RunCommand add_receive_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("receive", "Receive webhooks on this machine and show each alert (for trying things out)");
  auto options = std::make_shared<Options>();
  command->add_option("--listen", options->listen, "Where to listen, plain HTTP")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command
      ->add_option("--secret-file", options->secret_file,
                   "File with the endpoint's whsec_ secret; without it signatures are not checked")
      ->type_name("FILE");
  command->add_option("--out", options->out, "Append every message as a line of JSON")->type_name("FILE");
  command->add_option("--count", options->count, "End well after this many different alerts")->type_name("N");
  command->add_option("--seconds", options->seconds, "End after this long, well only if --count was reached")
      ->type_name("N");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
