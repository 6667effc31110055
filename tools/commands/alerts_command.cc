// `straykey alerts list|show|ack|dump`: what was raised, of a running server or a stopped one's store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "core/base/log.h"
#include "tools/commands/commands.h"
#include "tools/commands/operator_session.h"
#include "tools/store/open_directory.h"

namespace straykey {
namespace {

struct Options {
  std::string config, data_dir, id, note;
  bool json = false;
};

void print_json(const std::string& item) {
  fmt::print("{}\n", item);
}

void print_line(const std::string& item) {
  boost::json::error_code error;
  const boost::json::value alert = boost::json::parse(item, error);
  if (error || !alert.is_object()) return;
  const auto text = [&](const char* key) {
    const boost::json::value* value = alert.as_object().if_contains(key);
    return value != nullptr && value->is_string() ? escape_for_log(std::string_view(value->as_string()))
                                                  : std::string();
  };
  const boost::json::value* occurrences = alert.as_object().if_contains("occurrences");
  fmt::print("{}  {}  {:<13}  {:<35}  {}  x{}  {}\n", text("id"), text("first_seen"), text("severity"),
             text("variation"), text("identity"),
             occurrences != nullptr ? boost::json::serialize(*occurrences) : std::string(), text("status"));
}

int list(OperatorSession& session, const Options& options) {
  std::uint64_t count = 0;
  const OperatorAnswer answer = session.ask({"alerts/list", {}}, [&](const std::string& item) {
    ++count;
    options.json ? print_json(item) : print_line(item);
  });
  if (answer.kind == OperatorAnswer::Kind::done && !options.json) fmt::print(stderr, "{} alerts\n", count);
  return exit_code_of(answer);
}

int acknowledge(OperatorSession& session, const Options& options) {
  const OperatorAnswer answer =
      session.ask({"alerts/ack", {{"id", options.id}, {"note", options.note}}}, [](const std::string&) {});
  if (answer.kind == OperatorAnswer::Kind::done)
    fmt::print("alert {} is acknowledged; what it was raised for counts as yours from now on\n",
               options.id.starts_with("msg_") ? options.id.substr(4) : options.id);
  return exit_code_of(answer);
}

using Run = int (*)(OperatorSession& session, const Options& options);

int show(OperatorSession& session, const Options& options) {
  return exit_code_of(session.ask({"alerts/show", {{"id", options.id}}}, print_json));
}

int dump(OperatorSession& session, const Options&) {
  return exit_code_of(session.ask({"alerts/dump", {}}, print_json));
}

int run(const Options& options, Run chosen) {
  auto path = data_directory_path(options.config, options.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  auto session = OperatorSession::open(*path);
  if (!session) return fail(session.error().message);
  return chosen(**session, options);
}

}  // namespace

RunCommand add_alerts_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("alerts", "List, show and acknowledge alerts, of a running server or a stopped one");
  auto options = std::make_shared<Options>();
  auto chosen = std::make_shared<Run>(nullptr);
  command->require_subcommand(1);
  // Before the subcommands, which inherit it: `list --data-dir DIR` as well as `--data-dir DIR list`.
  command->fallthrough();
  command->add_option("--config", options->config, "Configuration that names the data directory")->type_name("FILE");
  command->add_option("--data-dir", options->data_dir, "The data directory")->type_name("DIR");
  const auto add = [&](const char* name, const char* purpose, Run function) {
    return command->add_subcommand(name, purpose)->callback([chosen, function] { *chosen = function; });
  };
  add("list", "All alerts, oldest first", list)->add_flag("--json", options->json, "Whole documents, one a line");
  add("show", "One alert as JSON", show)->add_option("ID", options->id, "Alert id")->required();
  CLI::App* ack = add("ack", "Say \"this is ours\": the pair counts as known from now on", acknowledge);
  ack->add_option("ID", options->id, "Alert id")->required();
  ack->add_option("--note", options->note, "Why; kept with the alert");
  add("dump", "Every webhook body with its state and its deliveries, one JSON object a line", dump);
  return [command, options, chosen] { return command->parsed() ? run(*options, *chosen) : -1; };
}

}  // namespace straykey
