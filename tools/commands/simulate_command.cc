// `straykey simulate`: options and output.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/base/terminal_text.h"
#include "tools/commands/commands.h"
#include "tools/simulate/simulate.h"
#include "tools/terminal/clock.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

struct Options {
  std::string out, end;
  std::uint64_t seed = 1, events = SimulateSettings{}.events_target;
  unsigned days = SimulateSettings{}.days;
  bool plain = false, json_lines = false;
};

// The tables that the summary ends with, as a file for conf.d beside a server's configuration.
Result<std::string> write_networks(const std::string& out, const std::string& said) {
  const std::string path = (std::filesystem::path(out) / "networks.toml").string();
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << "# Written by `straykey simulate`: the addresses of its organisation.\n"
         << said.substr(std::min(said.size(), said.find("[networks]\n")));
  if (!stream.flush()) return Error{path + ": it cannot be written"};
  return path;
}

int run(const Options& options) {
  SimulateSettings settings;
  settings.seed = options.seed;
  settings.days = options.days;
  settings.events_target = options.events;
  settings.out = options.out;
  settings.gzip = !options.plain;
  settings.json_lines = options.json_lines;
  settings.end = day_of(wall_clock()) - 1;  // today has hours that have not been yet
  if (!options.end.empty()) {
    const auto day = parse_day(options.end);
    if (!day) return fail(options.end + ": not a day such as 2026-11-22", kExitUsage);
    settings.end = *day;
  }
  Progress progress("simulating", settings.days);
  const auto summary = simulate(
      settings, [&](const SimulateProgress& at) { progress.show(at.days_done, with_commas(at.events) + " events"); });
  if (!summary) return fail(summary.error().message);
  const std::string said = summary_text(settings, summary.value());
  const auto networks = write_networks(options.out, said);
  if (!networks) return fail(networks.error().message);
  fmt::print("{}(that is in {}, too: copy it into conf.d/ beside the configuration)\n", said,
             terminal_text(networks.value()));
  return kExitWell;
}

}  // namespace

RunCommand add_simulate_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("simulate", "Write a synthetic organisation's CloudTrail with labelled thefts");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--out", options->out,
                   "Folder to write into: trail/, ip-ranges.json, asn.csv, networks.toml, labels.jsonl, stories.jsonl")
      ->type_name("DIR")
      ->required();
  command->add_option("--end", options->end, "The last day of the trail; yesterday without it")
      ->type_name("YYYY-MM-DD");
  command->add_option("--days", options->days, "How many days, 45 to 400")->type_name("N")->capture_default_str();
  command->add_option("--seed", options->seed, "The same seed writes the same bytes")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--events", options->events, "About how many events")->type_name("N")->capture_default_str();
  command->add_flag("--plain", options->plain, "Do not compress");
  command->add_flag("--json-lines", options->json_lines, "One record a line instead of {\"Records\":[...]}");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
