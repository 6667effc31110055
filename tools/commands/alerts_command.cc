// `straykey alerts`: what was raised, by a running server or in a stopped one's store; here is what is said of it in
// words.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "core/base/terminal_text.h"
#include "tools/commands/operator_commands.h"

namespace straykey {
namespace {

constexpr std::size_t kValueShownBytes = 200;

void print_line(const std::string& item, const OperatorArguments&) {
  boost::json::error_code error;
  const boost::json::value alert = boost::json::parse(item, error);
  if (error || !alert.is_object()) return;
  const auto text = [&](const char* key) {
    const boost::json::value* value = alert.as_object().if_contains(key);
    if (value == nullptr) return std::string();
    return value->is_string() ? terminal_text(std::string_view(value->as_string()), kValueShownBytes)
                              : terminal_text(boost::json::serialize(*value), kValueShownBytes);
  };
  fmt::print("{}  {}  {:<13}  {:<35}  {}  x{}  {}\n", text("id"), text("first_seen"), text("severity"),
             text("variation"), text("identity"), text("occurrences"), text("status"));
}

void print_count(std::size_t items) {
  fmt::print(stderr, "{} alerts\n", items);
}

std::string id_of(const OperatorArguments& asked) {
  const std::string& id = asked.at("id");
  return id.starts_with("msg_") ? id.substr(4) : id;
}

void print_acknowledged(const std::string&, const OperatorArguments& asked) {
  const auto until = asked.find("until"), campaign = asked.find("campaign");
  const std::string what = campaign == asked.end()
                               ? "alert " + id_of(asked) + " is acknowledged; what it was"
                               : "campaign " + campaign->second + " is acknowledged; what its alerts so far were";
  fmt::print("{} raised for counts as yours from now on{}\n", what,
             until == asked.end() ? "" : ", until the end of " + until->second);
}

void print_reopened(const std::string&, const OperatorArguments& asked) {
  fmt::print("alert {} is open again; what it was raised for counts as yours no more\n", id_of(asked));
}

}  // namespace

RunCommand add_alerts_command(CLI::App& app) {
  return add_operator_commands(app, "alerts", "List, show and acknowledge alerts, of a running server or a stopped one",
                               {{"alerts/list", print_line, print_count},
                                {"alerts/ack", print_acknowledged},
                                {"alerts/reopen", print_reopened}});
}

}  // namespace straykey
