#include "tools/commands/alerts_follow.h"

#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/operate/search_operations.h"
#include "net/admin/alert_routes.h"
#include "tools/commands/operator_commands.h"
#include "tools/commands/operator_session.h"
#include "tools/store/admin_socket.h"
#include "tools/store/open_directory.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

constexpr std::size_t kValueShownBytes = 200;
constexpr int kPauseMs = 500;  // between two questions that were answered at once

struct Place {
  std::string config, data_dir;
};

Place place_of(CLI::App& alerts) {
  return {alerts.get_option("--config")->as<std::string>(), alerts.get_option("--data-dir")->as<std::string>()};
}

void print(const std::string& item, bool as_json) {
  fmt::print("{}\n", as_json ? terminal_json(item) : summary_line(item));
}

struct Tail {
  std::size_t lines = 10, count = 0;
  bool json = false;
};

// The newest alerts, the oldest of them first.
Status print_newest(const AdminSocket& server, const Tail& options) {
  if (options.lines == 0) return {};
  const OperatorAnswer newest = server.ask({"alerts/search", {{"limit", std::to_string(options.lines)}}});
  if (newest.kind != Kind::done) return Error{newest.sentence};
  for (auto item = newest.items.rbegin(); item != newest.items.rend(); ++item) print(*item, options.json);
  return {};
}

int follow(const AdminSocket& server, const Tail& options) {
  std::string after;
  std::size_t printed = 0;
  bool first = true;
  while (true) {
    const auto told = server.get("/api/v1/alerts/events" + (after.empty() ? std::string() : "?after=" + after));
    if (!told) return fail(told.error().message);
    const ToldEvents events = read_events(told.value());
    if (events.last.empty()) return fail(server.path() + ": the server has ended");
    after = events.last;
    if (std::exchange(first, false))  // from here on nothing is missed
      if (const Status status = print_newest(server, options); !status) return fail(status.error().message);
    for (const std::string& item : events.alerts) {
      print(item, options.json);
      if (++printed == options.count) return kExitWell;
    }
    if (events.everything)
      fmt::print(stderr, "straykey: more came than is told one by one; see `straykey alerts list`\n");
    if (std::fflush(stdout) != 0) return kExitFailed;  // whoever read it has gone
    if (events.alerts.empty()) ::poll(nullptr, 0, kPauseMs);
  }
}

int run_tail(const Place& place, const Tail& options) {
  const auto path = data_directory_path(place.config, place.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  const AdminSocket server(path.value());
  const auto served = server.is_served();
  if (!served) return fail(served.error().message);
  if (!served.value())
    return fail(path.value() + ": no server runs on it, so nothing will come" +
                hint_at_data_directory(place.config, place.data_dir));
  return follow(server, options);
}

struct Export {
  std::string format = "ndjson";
  OperatorArguments filter;
};

int run_export(const Place& place, const Export& options) {
  const auto path = data_directory_path(place.config, place.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  OperatorRequest request{"alerts/search", options.filter};
  request.arguments["limit"] = "500";
  if (const std::string objection = objection_to(request); !objection.empty()) return fail(objection, kExitUsage);
  auto session = OperatorSession::open(path.value());
  if (!session) return fail(session.error().message + hint_at_data_directory(place.config, place.data_dir));
  const bool csv = options.format == "csv";
  if (csv) std::fputs(alerts_as_csv({}).c_str(), stdout);
  Progress progress("exporting", 0);
  std::size_t alerts = 0;
  const OperatorAnswer answer = (*session)->ask(request, [&](const std::string& item) {
    if (csv) {
      const std::string table = alerts_as_csv({item});
      std::fputs(table.c_str() + table.find('\n') + 1, stdout);
    } else {
      fmt::print("{}\n", terminal_json(item));
    }
    ++alerts;
    progress.show(alerts, with_commas(alerts) + " alerts");
  });
  return exit_code_of(answer);
}

}  // namespace

ToldEvents read_events(std::string_view text) {
  constexpr std::string_view kData = "data: ", kId = "id: ";
  ToldEvents told;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kId)) told.last = line.substr(kId.size());
    if (!line.starts_with(kData) || line.size() <= kData.size() + 2) continue;  // {} says that this was all
    if (line.substr(kData.size()).starts_with("{\"everything\""))
      told.everything = true;
    else
      told.alerts.emplace_back(line.substr(kData.size()));
  }
  return told;
}

std::string summary_line(const std::string& item) {
  json::error_code error;
  const json::value value = json::parse(item, error);
  if (error || !value.is_object()) return {};
  const auto text = [&](const char* key) {
    const json::value* one = value.as_object().if_contains(key);
    if (one == nullptr) return std::string();
    return terminal_text(one->is_string() ? std::string(one->as_string()) : json::serialize(*one), kValueShownBytes);
  };
  return fmt::format("{}  {}  {:<13}  {:<35}  {}  x{}  {}{}", text("id"), text("first_seen"), text("severity"),
                     text("variation"), text("identity"), text("occurrences"), text("status"),
                     text("known").empty() ? "" : "  known " + text("known"));
}

RunCommand add_tail(CLI::App& alerts) {
  auto options = std::make_shared<Tail>();
  CLI::App* command =
      alerts.add_subcommand("tail", "The newest alerts, then each that is raised or changed, as it happens");
  command->add_option("-n,--lines", options->lines, "How many of the newest to begin with")
      ->type_name("N")
      ->check(CLI::Range(0, 500))
      ->capture_default_str();
  command->add_option("--count", options->count, "End well after so many that came; 0: never")->type_name("N");
  command->add_flag("--json", options->json, "As JSON, one object a line");
  return [&alerts, command, options] { return command->parsed() ? run_tail(place_of(alerts), *options) : -1; };
}

RunCommand add_export(CLI::App& alerts) {
  auto options = std::make_shared<Export>();
  CLI::App* command = alerts.add_subcommand("export", "Alerts by what they say, newest first, as a table or as JSON");
  command->add_option("--format", options->format, "How they are written; JSON lines without it")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  command->add_flag_callback(
      "--json", [options] { options->format = "ndjson"; }, "The same as --format ndjson");
  for (const OperatorArgument& argument : filter_arguments()) {
    const std::string name(argument.name);
    add_argument_option(*command, argument,
                        [options, name](const std::string& value) { options->filter[name] = value; });
  }
  return [&alerts, command, options] { return command->parsed() ? run_export(place_of(alerts), *options) : -1; };
}

}  // namespace straykey
