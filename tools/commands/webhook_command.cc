// `straykey webhook`: the webhooks of the running server: what waits for each, a test, a pause.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "core/base/terminal_text.h"
#include "tools/commands/operator_commands.h"
#include "tools/commands/status_screen.h"

namespace straykey {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? terminal_text(std::string_view(value->as_string()), 200) : json::serialize(*value);
}

json::object object_of(const std::string& item) {
  json::error_code error;
  json::value value = json::parse(item, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

void print_webhook(const std::string& item, const OperatorArguments&) {
  const json::object webhook = object_of(item);
  fmt::print("{:<24} {:<18} from {:<14} {:>5} waiting  {}\n", text_of(webhook, "name"), text_of(webhook, "format"),
             text_of(webhook, "severity_min"), text_of(webhook, "waiting"), webhook_state(webhook));
}

void say_if_none(std::size_t items) {
  if (items == 0) fmt::print(stderr, "there is no webhook: alerts are stored, and told to nobody\n");
}

bool was_delivered(const std::string& item) {
  return text_of(object_of(item), "delivered") == "true";
}

void print_tested(const std::string& item, const OperatorArguments& asked) {
  const json::object test = object_of(item);
  const std::string status = text_of(test, "status"), error = text_of(test, "error");
  const bool delivered = was_delivered(item);
  fmt::print(delivered ? stdout : stderr, "{}: {}{}{}\n", asked.at("name"),
             delivered ? "the test was delivered" : "the test was not delivered",
             status.empty() ? "" : " (status " + status + ")", error.empty() ? "" : ": " + error);
}

void print_paused(const std::string&, const OperatorArguments& asked) {
  fmt::print("{} gets nothing until `straykey webhook resume {}` or the next start; what waits is kept\n",
             asked.at("name"), asked.at("name"));
}

void print_resumed(const std::string&, const OperatorArguments& asked) {
  fmt::print("{} gets what waits, and what comes\n", asked.at("name"));
}

}  // namespace

RunCommand add_webhook_command(CLI::App& app) {
  return add_operator_commands(app, "webhook", "Test, pause and resume the webhooks of the running server",
                               {{"webhook/list", print_webhook, say_if_none},
                                {"webhook/test", print_tested, nullptr, was_delivered},
                                {"webhook/pause", print_paused},
                                {"webhook/resume", print_resumed}});
}

}  // namespace straykey
