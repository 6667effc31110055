// `straykey baseline show|forget|report|dump`: what a stopped server knows of an identity.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>

#include "core/base/log.h"
#include "core/baseline/fact.h"
#include "core/detect/settings.h"
#include "core/engine/activation_report.h"
#include "core/identity/principal.h"
#include "tools/commands/commands.h"
#include "tools/store/open_directory.h"
#include "tools/store/operator_log.h"
#include "tools/store/store_dump.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

struct Options {
  std::string config, data_dir, identity, network, tool, account;
};

struct Kind {
  FactKind kind;
  const char* title;
};
constexpr Kind kOfIdentity[] = {{FactKind::identity_network, "network"},
                                {FactKind::identity_tool, "tool"},
                                {FactKind::identity_runtime, "platform and exec-env"},
                                {FactKind::role_service, "assumed by service"},
                                {FactKind::role_principal, "assumed by"}};

// The last 30 days up to the newest, newest at the right.
std::string grid(const Presence& presence) {
  std::string out;
  for (int back = 29; back >= 0; --back) out += (presence.days >> back & 1) != 0 ? '#' : '.';
  return out;
}

int show(const Options& options, DataDirectory& data) {
  std::size_t rows = 0;
  for (const Kind& kind : kOfIdentity) {
    std::map<std::string, Fact> facts;
    const std::string prefix = fact_scope_prefix(data.hash_key(), kind.kind, options.identity);
    for (const auto& partition : data.partitions()) {
      const auto reader = partition->read();
      reader->scan(Table::facts, prefix, prefix, [&](std::string_view, std::string_view value) {
        if (const auto fact = decode_fact(value); fact && fact->scope == options.identity)
          facts[fact->value].merge(fact->fact);
        return true;
      });
      if (!reader->failure().empty()) return fail(std::string(reader->failure()));
    }
    for (const auto& [value, fact] : facts) {
      fmt::print("{:<22} {:<40} {}  first {}  last {}\n", kind.title, escape_for_log(value), grid(fact.presence),
                 format_day(fact.first_day), format_day(fact.presence.newest_day));
      ++rows;
    }
  }
  if (rows == 0) return fail(fmt::format("nothing is known of {}", escape_for_log(options.identity)));
  return kExitWell;
}

// Erases every row of `table` that starts with `prefix` and whose value text is `value` (or any, if that is empty).
std::size_t erase_rows(StoreWriter& writer, Table table, const std::string& prefix, std::string_view value) {
  std::vector<std::string> keys;
  writer.scan(table, prefix, prefix, [&](std::string_view key, std::string_view stored) {
    const auto fact = decode_fact(stored);
    if (value.empty() || (fact && fact->value == value)) keys.emplace_back(key);
    return true;
  });
  for (const std::string& key : keys) writer.erase(table, key);
  return keys.size();
}

int forget(const Options& options, DataDirectory& data) {
  const bool all = options.network.empty() && options.tool.empty();
  std::size_t rows = 0;
  const auto from = [&](StoreWriter& writer, Table table, FactKind network, FactKind tool, FactKind runtime) {
    const auto prefix = [&](FactKind kind) { return fact_scope_prefix(data.hash_key(), kind, options.identity); };
    if (all || !options.network.empty()) rows += erase_rows(writer, table, prefix(network), options.network);
    if (all || !options.tool.empty()) rows += erase_rows(writer, table, prefix(tool), options.tool);
    if (all && table == Table::facts) rows += erase_rows(writer, table, prefix(runtime), {});
  };
  for (const auto& partition : data.partitions()) {
    const auto writer = partition->write();
    from(*writer, Table::facts, FactKind::identity_network, FactKind::identity_tool, FactKind::identity_runtime);
    if (writer->commit() != CommitOutcome::committed)
      return fail("could not be forgotten: " + std::string(writer->failure()));
  }
  const auto writer = data.alerts().write();
  from(*writer, Table::quarantine, FactKind::quarantine_identity_network, FactKind::quarantine_identity_tool,
       FactKind::identity_runtime);
  if (writer->commit() != CommitOutcome::committed)
    return fail("could not be forgotten: " + std::string(writer->failure()));
  if (rows == 0) return fail(fmt::format("nothing of that is known of {}", escape_for_log(options.identity)));
  const Status noted = note_operator_action(
      data.alerts(), wall_clock(),
      fmt::format("forgot baseline of {} network={} tool={}", options.identity, options.network, options.tool));
  if (!noted.ok()) return fail(noted.error().message);
  fmt::print("{} facts of {} are forgotten\n", rows, escape_for_log(options.identity));
  return kExitWell;
}

// What the activation report would say today.
int report(const Options& options, DataDirectory& data) {
  if (!is_account_id(options.account))
    return fail(escape_for_log(options.account) + ": an account id has 12 digits", kExitUsage);
  std::vector<std::unique_ptr<StoreReader>> readers;
  for (const auto& partition : data.partitions()) readers.push_back(partition->read());
  const auto alerts = data.alerts().read();
  const BaselineView view(data.hash_key(), readers, *alerts);
  const Fact account = view.fact(FactKind::account, options.account, "");
  if (account.presence.days == 0) return fail("account " + options.account + " was never seen as a recipient");
  const ActivationReport found =
      activation_report(options.account, account.presence.newest_day + 1, DetectionSettings{}.training_days, view);
  if (view.failed()) return fail("the store could not be read");
  fmt::print("account {}: seen from {} to {}; {} uses of networks outside AWS in the last 30 days of it\n",
             options.account, format_day(account.first_day), format_day(account.presence.newest_day),
             found.pairs.size());
  for (const ActivationReport::Pair& pair : found.pairs)
    fmt::print("{:<48} {:<24} {:>2} days  first {}  last {}\n", escape_for_log(pair.identity),
               escape_for_log(pair.network), pair.days, format_day(pair.first_day), format_day(pair.last_day));
  return kExitWell;
}

int dump(const DataDirectory& data) {
  const Status done = dump_facts(data, [](std::string_view line) { fmt::print("{}\n", line); });
  return done.ok() ? kExitWell : fail(done.error().message);
}

struct Commands {
  const CLI::App *show, *report, *dump;
};

int run(const Options& options, const Commands& commands) {
  auto path = data_directory_path(options.config, options.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  auto data = open_existing(*path);
  if (!data) return fail(data.error().message);
  if (commands.dump->parsed()) return dump(**data);
  if (commands.report->parsed()) return report(options, **data);
  return commands.show->parsed() ? show(options, **data) : forget(options, **data);
}

}  // namespace

RunCommand add_baseline_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("baseline", "Show and forget what a stopped server learned of an identity");
  auto options = std::make_shared<Options>();
  command->require_subcommand(1);
  // Before the subcommands, which inherit it: `list --data-dir DIR` as well as `--data-dir DIR list`.
  command->fallthrough();
  CLI::App* report_command =
      command->add_subcommand("report",
                              "Networks outside AWS that an account's service identities use: a thief who was there "
                              "before the account became active would be among them");
  report_command->add_option("ACCOUNT", options->account, "Twelve digits")->required();
  command->add_option("--config", options->config, "Configuration that names the data directory")->type_name("FILE");
  command->add_option("--data-dir", options->data_dir, "The data directory")->type_name("DIR");
  CLI::App* show_command = command->add_subcommand("show", "Networks, tools and platforms, as a grid of 30 days");
  show_command
      ->add_option("IDENTITY", options->identity, "As in an alert: 123456789012/role or 123456789012/role/function")
      ->required();
  CLI::App* forget_command =
      command->add_subcommand("forget", "Make an identity (or one network or tool of it) new again");
  forget_command->add_option("IDENTITY", options->identity, "As in an alert")->required();
  forget_command->add_option("--network", options->network, "Only this network: AS64511, 198.51.100.0/24 ...");
  forget_command->add_option("--tool", options->tool, "Only this tool: aws-cli ...");
  const Commands commands{show_command, report_command,
                          command->add_subcommand("dump", "Every fact with its days, one JSON object a line")};
  return [command, options, commands] { return command->parsed() ? run(*options, commands) : -1; };
}

}  // namespace straykey
