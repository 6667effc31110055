// `straykey status`: how the running server does, on one screen.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/terminal_text.h"
#include "core/detect/respond.h"
#include "tools/commands/commands.h"
#include "tools/commands/status_screen.h"
#include "tools/config/config_validate.h"
#include "tools/store/admin_socket.h"
#include "tools/store/open_directory.h"
#include "tools/terminal/clock.h"
#include "tools/terminal/color.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr int kBetweenMs = 1'000;

struct Options {
  std::string config, data_dir;
  bool json = false;
};

json::object object_of(const std::string& text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

// The one item of an answer.
Result<json::object> status_of(const AdminSocket& server) {
  const auto body = server.get("/api/v1/status");
  if (!body) return body.error();
  json::object whole = object_of(body.value());
  json::value* items = whole.if_contains("items");
  if (items == nullptr || !items->is_array() || items->as_array().empty() || !items->as_array()[0].is_object())
    return Error{server.path() + ": what answers there is no straykey of this version"};
  return std::move(items->as_array()[0].as_object());
}

std::vector<json::object> items_of(const AdminSocket& server, const OperatorRequest& request) {
  std::vector<json::object> items;
  for (const std::string& item : server.ask(request).items) items.push_back(object_of(item));
  return items;
}

// The configuration's own warnings, if it can be found.
std::vector<std::string> warnings_of(const Options& options) {
  std::error_code error;
  const std::string path = options.config.empty() ? kConfigPath : options.config;
  if (options.config.empty() && (!options.data_dir.empty() || !std::filesystem::exists(path, error))) return {};
  const ConfigResult config = read_config(path);
  return config.ok() ? config_warnings(config.config, wall_clock()) : std::vector<std::string>{};
}

json::object as_json(const StatusAnswers& answers) {
  json::object out = answers.status;
  json::array webhooks, troubles;
  for (const json::object& one : answers.webhooks) webhooks.push_back(one);
  for (const Trouble& one : troubles_of(answers))
    troubles.push_back(json::object{{"grave", one.grave}, {"what", one.what}, {"remedy", one.remedy}});
  out["webhooks"] = std::move(webhooks);
  out["open_alerts"] = answers.open_alerts;
  out["troubles"] = std::move(troubles);
  return out;
}

int run(const Options& options) {
  const auto path = data_directory_path(options.config, options.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  const AdminSocket server(path.value());
  const auto served = server.is_served();
  if (!served) return fail(served.error().message);
  if (!served.value())
    return fail(path.value() + ": no server runs on it; start one with `straykey serve`" +
                hint_at_data_directory(options.config, options.data_dir));
  StatusAnswers answers;
  const double began = uptime();
  auto status = status_of(server);
  if (!status) return fail(status.error().message);
  if (!options.json) {  // a rate needs two looks
    ::poll(nullptr, 0, kBetweenMs);
    answers.earlier = std::move(status).value();
    status = status_of(server);
    if (!status) return fail(status.error().message);
    answers.seconds_between = uptime() - began;
  }
  answers.status = std::move(status).value();
  answers.webhooks = items_of(server, {"webhook/list", {}});
  const auto counts = items_of(server, {"alerts/counts", {{"status", "open"}}});
  if (!counts.empty()) answers.open_alerts = counts.front();
  const OperatorAnswer rejects = server.ask({"rejects/list", {}});
  answers.rejects_kept = rejects.items.size();
  answers.rejects_more = !rejects.next.empty();
  answers.warnings = warnings_of(options);
  if (!options.config.empty()) answers.config_option = " --config " + shell_word(options.config);
  if (!options.data_dir.empty()) answers.data_dir_option = " --data-dir " + shell_word(options.data_dir);
  if (options.json)
    fmt::print("{}\n", terminal_json(json::serialize(as_json(answers))));
  else
    std::fputs(status_screen(answers, path.value(), colors_wanted()).c_str(), stdout);
  const json::value* ready = answers.status.if_contains("ready");
  return ready != nullptr && ready->is_bool() && ready->as_bool() ? kExitWell : kExitFailed;
}

}  // namespace

RunCommand add_status_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("status", "What comes in, what waits, what is wrong and what to do");
  auto options = std::make_shared<Options>();
  command->add_option("--config", options->config, "Configuration that names the data directory")->type_name("FILE");
  command->add_option("--data-dir", options->data_dir, "The data directory")->type_name("DIR");
  command->add_flag("--json", options->json, "As one JSON object, with every counter");
  command->footer("Exit code 0: the server is ready. 1: it is not, or none runs.");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
