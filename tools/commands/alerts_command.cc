// `straykey alerts`: what was raised, by a running server or in a stopped one's store; here is what is said of it in
// words.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <cstdio>

#include "core/base/terminal_text.h"
#include "core/base/time.h"
#include "tools/commands/alert_text.h"
#include "tools/commands/alerts_follow.h"
#include "tools/commands/operator_commands.h"

namespace straykey {
namespace {

namespace json = boost::json;

void print_line(const std::string& item, const OperatorArguments&) {
  fmt::print("{}\n", summary_line(item));
}

void print_json(const std::string& item, const OperatorArguments&) {
  fmt::print("{}\n", terminal_json(item));
}

// "soc   3 attempts, the next at 2026-11-27T12:00:00Z  it answered with status 401"
void print_delivery(const std::string& item, const OperatorArguments&) {
  json::error_code error;
  const json::value parsed = json::parse(item, error);
  const json::object* delivery = error ? nullptr : parsed.if_object();
  if (delivery == nullptr) return;
  const auto text = [&](std::string_view key) {
    const json::value* value = delivery->if_contains(key);
    return value != nullptr && value->is_string() ? terminal_text(std::string_view(value->as_string())) : std::string();
  };
  const auto number = [&](std::string_view key) {
    const json::value* value = delivery->if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
  };
  const json::value* dead = delivery->if_contains("dead");
  const Seconds next = number("next_attempt");
  fmt::print("{:<24} {} attempts, {}  {}\n", text("endpoint"), number("attempts"),
             dead != nullptr && dead->is_bool() && dead->as_bool() ? "refused for good"
             : next == 0                                           ? "the next at once"
                                                                   : "the next at " + format_time(next),
             text("last_error"));
}

void say_if_all_arrived(std::size_t items) {
  if (items == 0) fmt::print(stderr, "nothing of it waits or was refused for good\n");
}

void print_count(std::size_t items) {
  fmt::print(stderr, "{} {}\n", items, items == 1 ? "alert" : "alerts");
}

// As text for whoever reads it; for a program, which has no terminal, as it was.
void print_alert(const std::string& item, const OperatorArguments& asked) {
  if (::isatty(STDOUT_FILENO) == 0) return print_json(item, asked);
  std::fputs(alert_text(item).c_str(), stdout);
}

// "alert 0123..." or "campaign 0123...".
std::string named(const OperatorArguments& asked) {
  if (const auto campaign = asked.find("campaign"); campaign != asked.end()) return "campaign " + campaign->second;
  const std::string& id = asked.at("id");
  return "alert " + (id.starts_with("msg_") ? id.substr(4) : id);
}

// "alert 0123... is acknowledged; what it was": of a campaign, what its alerts so far were.
std::string said_of(const OperatorArguments& asked, std::string_view status) {
  return fmt::format("{} is {}; what {}", named(asked), status,
                     asked.contains("campaign") ? "its alerts so far were" : "it was");
}

void print_known(const OperatorArguments& asked, std::string_view status) {
  const auto until = asked.find("until");
  fmt::print("{} raised for counts as yours from now on{}\n", said_of(asked, status),
             until == asked.end() ? "" : ", until the end of " + until->second);
}

void print_acknowledged(const std::string&, const OperatorArguments& asked) {
  print_known(asked, "acknowledged");
}

void print_false_positive(const std::string&, const OperatorArguments& asked) {
  print_known(asked, "called a false positive");
}

void print_closed(const std::string&, const OperatorArguments& asked) {
  fmt::print("{} is closed; what happens again raises alerts as before\n", named(asked));
}

void print_reopened(const std::string&, const OperatorArguments& asked) {
  fmt::print("{} raised for counts as yours no more\n", said_of(asked, "open again"));
}

void print_redelivered(const std::string&, const OperatorArguments& asked) {
  const auto endpoint = asked.find("endpoint");
  fmt::print("{} is sent again{}\n", named(asked),
             endpoint == asked.end() ? ", where it was refused for good" : " to " + endpoint->second);
}

}  // namespace

RunCommand add_alerts_command(CLI::App& app) {
  const RunCommand others =
      add_operator_commands(app, "alerts", "List, show and answer alerts, of a running server or a stopped one",
                            {{"alerts/list", print_line, print_count},
                             {"alerts/search", print_line, print_count},
                             {"alerts/show", print_alert},
                             {"alerts/deliveries", print_delivery, say_if_all_arrived},
                             {"alerts/ack", print_acknowledged},
                             {"alerts/false-positive", print_false_positive},
                             {"alerts/close", print_closed},
                             {"alerts/reopen", print_reopened},
                             {"alerts/redeliver", print_redelivered}});
  CLI::App& alerts = *app.get_subcommand("alerts");
  return [others, tail = add_tail(alerts), exported = add_export(alerts)] {
    for (const RunCommand& command : {tail, exported})
      if (const int code = command(); code >= 0) return code;
    return others();
  };
}

}  // namespace straykey
