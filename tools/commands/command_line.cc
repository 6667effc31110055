#include "tools/commands/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

namespace straykey {
namespace {

constexpr Example kExamples[] = {
    {"init", "init --dir /etc/straykey --data-dir /var/lib/straykey",
     "Write a configuration, tokens and a certificate, and say how to go on"},
    {"serve", "serve --config /etc/straykey/straykey.toml", "Run the server"},
    {"status", "status", "See on one screen what comes in, what waits and what is wrong"},
    {"status", "status --json", "The same for a program"},
    {"scan", "scan --activation-days 0 ./cloudtrail", "Judge files, each account from its first day on"},
    {"scan", "scan --config /etc/straykey/straykey.toml --backfill /var/lib/straykey ./cloudtrail",
     "Teach a stopped server a month of old logs"},
    {"simulate", "simulate --out sample", "Make up an organisation with labelled thefts"},
    {"replay",
     "replay --url https://localhost:8443 --ca-file tls/certificate.pem --token-file tokens/forwarder sample/trail",
     "Send files to a server at full speed, and check that all numbers agree"},
    {"alerts list", "alerts list --json", "Every alert, one a line"},
    {"alerts search", "alerts search --severity high,medium --status open", "Open alerts that matter, newest first"},
    {"alerts counts", "alerts counts --from 2026-11-01", "How many since a day, by their fields"},
    {"alerts show", "alerts show 0123456789abcdef0123456789abcdef", "One alert, with why and what to do now"},
    {"alerts investigate", "alerts investigate 0123456789abcdef0123456789abcdef", "What its key did before and since"},
    {"alerts deliveries", "alerts deliveries 0123456789abcdef0123456789abcdef", "Which webhooks have not got it"},
    {"alerts tail", "alerts tail", "The newest ten, and what comes from now on"},
    {"alerts export", "alerts export --format csv --from 2026-11-01", "A table for a spreadsheet"},
    {"alerts ack", "alerts ack 0123456789abcdef0123456789abcdef --note 'the new office' --until 2026-12-31",
     "It is ours until the end of the year"},
    {"alerts ack", "alerts ack --campaign 0123456789abcdef0123456789abcdef --note roll-out",
     "All alerts of a roll-out at once"},
    {"alerts false-positive", "alerts false-positive 0123456789abcdef0123456789abcdef --note 'no theft'",
     "It was no theft"},
    {"alerts close", "alerts close 0123456789abcdef0123456789abcdef --note 'role revoked'", "It is done with"},
    {"alerts reopen", "alerts reopen 0123456789abcdef0123456789abcdef", "It is open again"},
    {"alerts redeliver", "alerts redeliver 0123456789abcdef0123456789abcdef --endpoint soc", "Send it once more"},
    {"alerts dump", "alerts dump", "Everything that was or will be sent, one a line"},
    {"baseline show", "baseline show 111122223333/orders/orders-fn", "What is known of a function, day by day"},
    {"baseline quarantine", "baseline quarantine 111122223333/orders", "What of a role took part in alerts"},
    {"baseline report", "baseline report 111122223333", "Networks outside AWS that an account's workloads use"},
    {"baseline forget", "baseline forget 111122223333/orders --tool aws-cli", "A tool is new again for a role"},
    {"baseline dump", "baseline dump", "Everything that was learned, one fact a line"},
    {"rejects list", "rejects list --reason bad_json", "What was rejected for a reason"},
    {"rejects show", "rejects show 17", "One of them, as it was sent"},
    {"rejects drop", "rejects drop 17", "Forget it"},
    {"rejects replay", "rejects replay 17 --from mended.json", "Have a mended record read"},
    {"webhook list", "webhook list", "What waits for each webhook"},
    {"webhook test", "webhook test soc", "Send it a test, and hear what became of it"},
    {"webhook pause", "webhook pause soc", "Send it nothing for now"},
    {"webhook resume", "webhook resume soc", "Send it what waits"},
    {"accounts import", "accounts import listing.json --out /etc/straykey/conf.d/accounts.toml",
     "Make your organisation's accounts known: aws organizations list-accounts > listing.json"},
    {"ranges update", "ranges update --config /etc/straykey/straykey.toml", "Fetch AWS's address ranges now"},
    {"ranges show", "ranges show 192.0.2.7", "Whether an address is AWS's"},
    {"receive", "receive --listen 127.0.0.1:8080", "Show webhooks as they come"},
    {"check", "check /var/lib/straykey", "Look for damage in a stopped server's store"},
    {"backup", "backup --data-dir /var/lib/straykey /backup/straykey", "Copy the store while the server runs"},
    {"restore", "restore --data-dir /var/lib/straykey /backup/straykey", "Put a copy back while it is stopped"},
    {"check-config", "check-config --config /etc/straykey/straykey.toml", "All errors at once"},
    {"check-config", "check-config --json", "The same for a program"},
    {"config show", "config show --config /etc/straykey/straykey.toml", "What is in effect, secrets left out"},
    {"config example", "config example", "Every setting, explained"},
    {"completion", "completion bash", "Into /usr/share/bash-completion/completions/straykey"},
    {"version", "version", "Which one this is"},
    {"man", "man", "The manual page: straykey man | man -l -"},
};

constexpr ExitCode kExitCodes[] = {
    {kExitWell, "success"},
    {kExitFailed, "failure: what was asked for does not exist, could not be done, or was found wrong"},
    {kExitUsage, "wrong usage: an unknown command, option or value"},
    {kExitRestart, "of serve: restart it"},
    {kExitConfig, "error in the configuration"},
};

// An unset variable of a script gives an empty argument. Nobody means that, and it must not mean the default.
void refuse_empty_arguments(CLI::App& app) {
  for (CLI::Option* option : app.get_options({})) {
    if (option->get_items_expected_max() > 0)
      option->check([](const std::string& text) { return text.empty() ? "it is empty" : std::string(); });
  }
  for (CLI::App* command : app.get_subcommands({})) refuse_empty_arguments(*command);
}

// What the command takes of the one around it, which its own --help would not show.
std::string inherited_options(const CLI::App& app) {
  const CLI::App* const around = app.get_parent();
  if (around == nullptr || around->get_parent() == nullptr || !around->get_fallthrough()) return {};
  std::string text = fmt::format("Options of `straykey {}`, which are taken here too:", around->get_name());
  for (const ShownOption& option : shown_options(*around, false))
    if (option.flags != "-h,--help") text += fmt::format("\n  {} {}  {}", option.flags, option.value, option.purpose);
  return text;
}

void append_paragraph(std::string& text, const std::string& more) {
  if (!text.empty() && !more.empty()) text += "\n\n";
  text += more;
}

std::string examples_of(const std::string& path) {
  std::string text;
  for (const Example& example : kExamples)
    if (example.command == path)
      text +=
          fmt::format("{}\n  straykey {}\n      {}", text.empty() ? "Examples:" : "", example.line, example.purpose);
  return text;
}

void append_to_help(CLI::App& app, const std::string& path) {
  std::string footer = app.get_footer();
  append_paragraph(footer, inherited_options(app));
  append_paragraph(footer, examples_of(path));
  app.footer(footer);
  for (CLI::App* command : app.get_subcommands({}))
    append_to_help(*command, path.empty() ? command->get_name() : path + " " + command->get_name());
}

std::string footer_of_all() {
  std::string text =
      "Begin with `straykey init` for a server, or `straykey scan FOLDER` on CloudTrail files that you have.\n"
      "`straykey COMMAND --help` explains each command, with examples.\n\n"
      "Commands about alerts, baselines, webhooks and status ask the server that runs on the data directory, through\n"
      "its local socket there, which needs no token: whoever may read that directory is an operator. --data-dir names\n"
      "the directory, or --config the configuration that does; without either it is /var/lib/straykey. All but those\n"
      "of webhooks and status answer from the store itself while no server runs.\n\n"
      "Exit codes:";
  for (const ExitCode& one : kExitCodes) text += fmt::format("\n  {:<3} {}", one.code, one.meaning);
  return text;
}

void collect(const CLI::App& app, const std::string& path, std::vector<NamedCommand>& to) {
  to.push_back({path, &app});
  for (const CLI::App* command : app.get_subcommands({}))
    collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), to);
}

// "{a,b}" of "TEXT:{a,b}".
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}', open == std::string::npos ? 0 : open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

ShownOption shown(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  ShownOption out;
  out.choices = choices_in(type);
  out.purpose = option.get_description();
  out.required = option.get_required();
  const auto add = [&out](const std::string& flag) { out.flags += (out.flags.empty() ? "" : ",") + flag; };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (out.flags.empty()) {
    out.value = option.get_name(true);
  } else if (option.get_items_expected_max() > 0) {
    const std::string word = type.substr(0, type.find_first_of(": "));
    out.value = word.empty() || !out.choices.empty() ? "WORD" : word;
  }
  return out;
}

}  // namespace

std::vector<RunCommand> add_commands(CLI::App& app) {
  app.description("straykey catches AWS service credentials that have strayed: CloudTrail in, alerts out.");
  app.name("straykey");
  app.set_version_flag("--version", std::string("straykey ") + STRAYKEY_VERSION);
  app.require_subcommand(1);
  std::vector<RunCommand> commands{add_init_command(app),     add_serve_command(app),   add_status_command(app),
                                   add_scan_command(app),     add_alerts_command(app),  add_baseline_command(app),
                                   add_webhook_command(app),  add_rejects_command(app), add_config_commands(app),
                                   add_accounts_command(app), add_ranges_command(app),  add_simulate_command(app),
                                   add_replay_command(app),   add_receive_command(app), add_check_command(app),
                                   add_backup_command(app),   add_restore_command(app), add_print_commands(app)};
  refuse_empty_arguments(app);
  append_to_help(app, "");
  app.footer(footer_of_all());
  return commands;
}

std::span<const Example> examples() {
  return kExamples;
}

std::span<const ExitCode> exit_codes() {
  return kExitCodes;
}

std::vector<NamedCommand> all_commands(const CLI::App& app) {
  std::vector<NamedCommand> commands;
  collect(app, "", commands);
  return commands;
}

std::vector<ShownOption> shown_options(const CLI::App& app, bool inherited) {
  std::vector<ShownOption> options;
  for (const CLI::App* at = &app; at != nullptr; at = inherited ? at->get_parent() : nullptr) {
    const bool inherits = at == &app || at->get_fallthrough();
    for (const CLI::Option* option : at->get_options({})) {
      if (!inherits || (at != &app && option->get_name(false, true).find("--help") != std::string::npos)) continue;
      options.push_back(shown(*option));
    }
    if (at->get_parent() != nullptr && at->get_parent()->get_parent() == nullptr) break;  // the program's own are apart
  }
  return options;
}

}  // namespace straykey
