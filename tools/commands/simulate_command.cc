// `straykey simulate`: options and output.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

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
  fmt::print("{}\n", summary_text(settings, summary.value()));
  return kExitWell;
}

}  // namespace

RunCommand add_simulate_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("simulate", "Write a synthetic organisation's CloudTrail with labelled thefts");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--out", options->out,
                   "Folder to write into: trail/, ip-ranges.json, asn.csv, labels.jsonl, stories.jsonl")
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
