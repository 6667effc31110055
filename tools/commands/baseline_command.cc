// `straykey baseline`: what is known of an identity, by a running server or in a stopped one's store; here is what is
// said of it in words.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "core/base/terminal_text.h"
#include "tools/commands/baseline_text.h"
#include "tools/commands/operator_commands.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kValueShownBytes = 200;

// As it is shown.
std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? terminal_text(std::string_view(value->as_string()), kValueShownBytes)
                                                : std::string();
}

json::object object_of(const std::string& item) {
  json::error_code error;
  json::value value = json::parse(item, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

// What the activation report would say today.
void print_report(const std::string& item, const OperatorArguments&) {
  const json::object report = object_of(item);
  const json::value* pairs = report.if_contains("pairs");
  if (pairs == nullptr || !pairs->is_array()) return;
  fmt::print("account {}: seen from {} to {}; {} uses of networks outside AWS in the last 30 days of it\n",
             text_of(report, "account"), text_of(report, "first_day"), text_of(report, "last_day"),
             pairs->as_array().size());
  for (const json::value& value : pairs->as_array()) {
    const json::object& pair = value.as_object();
    fmt::print("{:<48} {:<24} {:>2} days  first {}  last {}\n", text_of(pair, "identity"), text_of(pair, "network"),
               json::serialize(pair.at("days")), text_of(pair, "first_day"), text_of(pair, "last_day"));
  }
}

void print_forgotten(const std::string& item, const OperatorArguments& asked) {
  const json::object done = object_of(item);
  const json::value* rows = done.if_contains("changed");
  fmt::print("{} facts of {} are forgotten\n", rows == nullptr ? std::string() : json::serialize(*rows),
             terminal_text(asked.at("identity"), kValueShownBytes));
}

}  // namespace

RunCommand add_baseline_command(CLI::App& app) {
  return add_operator_commands(app, "baseline",
                               "Show and forget what was learned of an identity, by a running server or a stopped one",
                               {{"baseline/show", nullptr, nullptr, nullptr, baseline_text},
                                {"baseline/report", print_report},
                                {"baseline/forget", print_forgotten}});
}

}  // namespace straykey
