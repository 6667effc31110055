// `straykey alerts list|show|ack|dump`: the alert store of a stopped server.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "core/base/log.h"
#include "core/engine/merger.h"
#include "tools/commands/commands.h"
#include "tools/store/alert_listing.h"
#include "tools/store/open_directory.h"
#include "tools/store/operator_log.h"
#include "tools/store/store_dump.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

struct Options {
  std::string config, data_dir, id, note;
  bool json = false;
};

std::optional<Hash128> parse_id(std::string_view text) {
  if (text.starts_with("msg_")) text.remove_prefix(4);
  return Hash128::from_hex(text);
}

void print_line(const ListedAlert& alert) {
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(alert.document, error);
  if (error || !document.is_object()) return;
  const auto text = [&](const char* key) {
    const boost::json::value* value = document.as_object().if_contains(key);
    return value != nullptr && value->is_string() ? escape_for_log(std::string_view(value->as_string()))
                                                  : std::string();
  };
  fmt::print("{}  {}  {:<13}  {:<35}  {}  x{}  {}\n", alert.id.hex(), format_time(alert.state.first_seen),
             text("severity"), text("variation"), text("identity"), alert.state.occurrences, text("status"));
}

int list(const Options& options, DataDirectory& data) {
  const auto reader = data.alerts().read();
  const std::uint64_t count = for_each_alert(*reader, [&](const ListedAlert& alert) {
    if (options.json) {
      fmt::print("{}\n", alert.document);
    } else {
      print_line(alert);
    }
  });
  if (!reader->failure().empty()) return fail(std::string(reader->failure()));
  if (!options.json) fmt::print(stderr, "{} alerts\n", count);
  return kExitWell;
}

int show(Hash128 id, DataDirectory& data) {
  const auto reader = data.alerts().read();
  const auto alert = find_alert(*reader, id);
  if (!reader->failure().empty()) return fail(std::string(reader->failure()));
  if (!alert) return fail("no alert has the id " + id.hex());
  fmt::print("{}\n", alert->document);
  return kExitWell;
}

int acknowledge(Hash128 id, const Options& options, DataDirectory& data) {
  DetectionSettings detection;
  Metrics metrics;
  std::vector<BaselineStore*> partitions;
  for (const auto& partition : data.partitions()) partitions.push_back(partition.get());
  Merger merger(
      data.hash_key(), detection, partitions, data.alerts(), {}, [](Delivery) {}, metrics);
  if (!merger.acknowledge(id, wall_clock(), options.note)) return fail("no alert has the id " + id.hex());
  if (merger.commit() != CommitOutcome::committed)
    return fail("the acknowledgement could not be stored: " + merger.failure());
  const Status noted = note_operator_action(data.alerts(), wall_clock(),
                                            fmt::format("acknowledged alert {}: {}", id.hex(), options.note));
  if (!noted.ok()) return fail(noted.error().message);
  fmt::print("alert {} is acknowledged; what it was raised for counts as yours from now on\n", id.hex());
  return kExitWell;
}

int dump(const DataDirectory& data) {
  const Status done = dump_alerts(data, [](std::string_view line) { fmt::print("{}\n", line); });
  return done.ok() ? kExitWell : fail(done.error().message);
}

struct Commands {
  const CLI::App *list, *show, *dump;
};

int run(const Options& options, const Commands& commands) {
  auto path = data_directory_path(options.config, options.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  std::optional<Hash128> id;
  if (!commands.list->parsed() && !commands.dump->parsed()) {
    id = parse_id(options.id);
    if (!id)
      return fail(fmt::format("{}: an alert id has 32 hexadecimal digits", escape_for_log(options.id)), kExitUsage);
  }
  auto data = open_existing(*path);
  if (!data) return fail(data.error().message);
  if (commands.list->parsed()) return list(options, **data);
  if (commands.dump->parsed()) return dump(**data);
  return commands.show->parsed() ? show(*id, **data) : acknowledge(*id, options, **data);
}

}  // namespace

RunCommand add_alerts_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("alerts", "List, show and acknowledge the alerts of a stopped server");
  auto options = std::make_shared<Options>();
  command->require_subcommand(1);
  // Before the subcommands, which inherit it: `list --data-dir DIR` as well as `--data-dir DIR list`.
  command->fallthrough();
  command->add_option("--config", options->config, "Configuration that names the data directory")->type_name("FILE");
  command->add_option("--data-dir", options->data_dir, "The data directory")->type_name("DIR");
  CLI::App* list_command = command->add_subcommand("list", "All alerts, oldest first");
  list_command->add_flag("--json", options->json, "Whole documents, one a line");
  CLI::App* show_command = command->add_subcommand("show", "One alert as JSON");
  show_command->add_option("ID", options->id, "Alert id")->required();
  CLI::App* ack = command->add_subcommand("ack", "Say \"this is ours\": the pair counts as known from now on");
  ack->add_option("ID", options->id, "Alert id")->required();
  ack->add_option("--note", options->note, "Why; kept with the alert");
  const Commands commands{
      list_command, show_command,
      command->add_subcommand("dump", "Every webhook body with its state and its deliveries, one JSON object a line")};
  return [command, options, commands] { return command->parsed() ? run(*options, commands) : -1; };
}

}  // namespace straykey
