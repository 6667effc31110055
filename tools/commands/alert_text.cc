#include "tools/commands/alert_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <vector>

#include "core/base/terminal_text.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kCommandBytesMax = 16'000;  // of a key's list and a policy; what is cut could not be pasted

std::string text_of(const json::object& object, std::string_view key, std::size_t bytes_max = kTerminalBytesMax) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? terminal_text(std::string_view(value->as_string()), bytes_max) : json::serialize(*value);
}

const json::object& object_in(const json::object& object, std::string_view key) {
  static const json::object kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->as_object() : kNone;
}

std::vector<std::string> texts_in(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const json::value& one : list->as_array())
    if (one.is_string()) texts.push_back(terminal_text(std::string_view(one.as_string())));
  return texts;
}

void add_list(std::string& out, std::string_view title, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out += fmt::format("\n{}\n", title);
  for (const std::string& text : texts) out += fmt::format("  - {}\n", text);
}

void add_command(std::string& out, std::string_view purpose, const std::string& command) {
  if (!command.empty()) out += fmt::format("  {}:\n    {}\n", purpose, command);
}

void add_response(std::string& out, const json::object& respond) {
  std::string commands;
  if (const json::value* revoke = respond.if_contains("revoke"); revoke != nullptr && revoke->is_array())
    for (const json::value& one : revoke->as_array())
      if (const json::object* step = one.if_object())
        add_command(
            commands,
            fmt::format("revoke the sessions of {} in account {}", text_of(*step, "role"), text_of(*step, "account")),
            text_of(*step, "command", kCommandBytesMax));
  if (!commands.empty() && respond.contains("revoke_caution"))
    commands += fmt::format("    {}\n", text_of(respond, "revoke_caution"));
  add_command(commands, "list what its keys did", text_of(respond, "cloudtrail_command", kCommandBytesMax));
  add_command(commands, "if it was yours", text_of(respond, "acknowledge_command", kCommandBytesMax));
  if (!commands.empty()) out += "\nWhat to do now\n" + commands;
}

}  // namespace

std::string alert_text(std::string_view document) {
  json::error_code error;
  const json::value value = json::parse(document, error);
  if (error || !value.is_object()) return {};
  const json::object& alert = value.as_object();
  std::string out = fmt::format("{}\n{}, {}: {}\n", text_of(alert, "title"), text_of(alert, "severity"),
                                text_of(alert, "status"), text_of(alert, "description"));
  const std::string occurrences = text_of(alert, "occurrences");
  out += fmt::format("{} to {}, {}, by {} from {}\n", text_of(alert, "first_seen"), text_of(alert, "last_seen"),
                     occurrences == "1" ? "once" : occurrences + " times", text_of(alert, "identity"),
                     text_of(alert, "network"));
  if (const std::string note = text_of(alert, "note"); !note.empty()) out += fmt::format("note: {}\n", note);
  add_list(out, "Why", texts_in(alert, "why"));
  add_list(out, "What may be otherwise", texts_in(alert, "limits"));
  if (const std::string sentence = text_of(object_in(alert, "campaign"), "sentence"); !sentence.empty())
    add_list(out, "Others", {sentence});
  add_list(out, "What to look at", texts_in(alert, "investigative_actions"));
  add_response(out, object_in(alert, "respond"));
  return out + "\n(--json shows all of it)\n";
}

}  // namespace straykey
