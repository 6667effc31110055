// `straykey baseline show|forget|report|dump`: what is known of an identity, by a running server or in a stopped one's
// store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "core/base/log.h"
#include "core/baseline/presence.h"
#include "tools/commands/commands.h"
#include "tools/commands/operator_session.h"
#include "tools/store/open_directory.h"

namespace straykey {
namespace {

namespace json = boost::json;

struct Options {
  std::string config, data_dir, identity, network, tool, account;
  bool json = false;
};

// How the kinds of facts about an identity are called in the table.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTitles{
    {{"identity_network", "network"},
     {"identity_tool", "tool"},
     {"identity_runtime", "platform and exec-env"},
     {"role_service", "assumed by service"},
     {"role_principal", "assumed by"}}};

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

json::object object_of(const std::string& item) {
  json::error_code error;
  json::value value = json::parse(item, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

// The last 30 days up to the newest, newest at the right.
std::string grid(const Presence& presence) {
  std::string out;
  for (int back = 29; back >= 0; --back) out += (presence.days >> back & 1) != 0 ? '#' : '.';
  return out;
}

void print_json(const std::string& item) {
  fmt::print("{}\n", item);
}

void print_fact(const std::string& item) {
  const json::object fact = object_of(item);
  Presence presence;
  if (const json::value* days = fact.if_contains("days"); days != nullptr && days->is_array())
    for (const json::value& day : days->as_array())
      if (const auto seen = day.is_string() ? parse_day(std::string_view(day.as_string())) : std::nullopt)
        presence.seen(*seen);
  const auto title =
      std::find_if(kTitles.begin(), kTitles.end(), [&](const auto& one) { return one.first == text_of(fact, "kind"); });
  fmt::print("{:<22} {:<40} {}  first {}  last {}\n", title == kTitles.end() ? text_of(fact, "kind") : title->second,
             escape_for_log(text_of(fact, "value")), grid(presence), text_of(fact, "first_day"),
             format_day(presence.newest_day));
}

// What the activation report would say today.
void print_report(const std::string& item) {
  const json::object report = object_of(item);
  const json::value* pairs = report.if_contains("pairs");
  if (pairs == nullptr || !pairs->is_array()) return;
  fmt::print("account {}: seen from {} to {}; {} uses of networks outside AWS in the last 30 days of it\n",
             text_of(report, "account"), text_of(report, "first_day"), text_of(report, "last_day"),
             pairs->as_array().size());
  for (const json::value& value : pairs->as_array()) {
    const json::object& pair = value.as_object();
    fmt::print("{:<48} {:<24} {:>2} days  first {}  last {}\n", escape_for_log(text_of(pair, "identity")),
               escape_for_log(text_of(pair, "network")), json::serialize(pair.at("days")), text_of(pair, "first_day"),
               text_of(pair, "last_day"));
  }
}

using Run = int (*)(OperatorSession& session, const Options& options);

int show(OperatorSession& session, const Options& options) {
  return exit_code_of(
      session.ask({"baseline/show", {{"identity", options.identity}}}, options.json ? print_json : print_fact));
}

int forget(OperatorSession& session, const Options& options) {
  OperatorRequest request{"baseline/forget", {{"identity", options.identity}}};
  if (!options.network.empty()) request.arguments["network"] = options.network;
  if (!options.tool.empty()) request.arguments["tool"] = options.tool;
  std::string changed;
  const OperatorAnswer answer = session.ask(std::move(request), [&](const std::string& item) {
    const json::object done = object_of(item);
    if (const json::value* rows = done.if_contains("changed")) changed = json::serialize(*rows);
  });
  if (answer.kind == OperatorAnswer::Kind::done)
    fmt::print("{} facts of {} are forgotten\n", changed, escape_for_log(options.identity));
  return exit_code_of(answer);
}

int report(OperatorSession& session, const Options& options) {
  return exit_code_of(
      session.ask({"baseline/report", {{"account", options.account}}}, options.json ? print_json : print_report));
}

int dump(OperatorSession& session, const Options&) {
  return exit_code_of(session.ask({"baseline/dump", {}}, print_json));
}

int run(const Options& options, Run chosen) {
  auto path = data_directory_path(options.config, options.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  auto session = OperatorSession::open(*path);
  if (!session) return fail(session.error().message);
  return chosen(**session, options);
}

}  // namespace

RunCommand add_baseline_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "baseline", "Show and forget what was learned of an identity, by a running server or a stopped one");
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
  CLI::App* report_command = add("report",
                                 "Networks outside AWS that an account's service identities use: a thief who was there "
                                 "before the account became active would be among them",
                                 report);
  report_command->add_option("ACCOUNT", options->account, "Twelve digits")->required();
  report_command->add_flag("--json", options->json, "As one JSON object");
  CLI::App* show_command = add("show", "Networks, tools and platforms, as a grid of 30 days", show);
  show_command
      ->add_option("IDENTITY", options->identity, "As in an alert: 123456789012/role or 123456789012/role/function")
      ->required();
  show_command->add_flag("--json", options->json, "Every fact with its days, one JSON object a line");
  CLI::App* forget_command = add("forget", "Make an identity (or one network or tool of it) new again", forget);
  forget_command->add_option("IDENTITY", options->identity, "As in an alert")->required();
  forget_command->add_option("--network", options->network, "Only this network: AS64511, 198.51.100.0/24 ...");
  forget_command->add_option("--tool", options->tool, "Only this tool: aws-cli ...");
  add("dump", "Every fact with its days, one JSON object a line", dump);
  return [command, options, chosen] { return command->parsed() ? run(*options, *chosen) : -1; };
}

}  // namespace straykey
