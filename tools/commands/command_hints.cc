#include "tools/commands/command_hints.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/config/did_you_mean.h"

namespace straykey {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* command_named(const CLI::App& app, const std::string& word) {
  const auto commands = commands_of(app);
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const CLI::App* one) { return one->get_name() == word; });
  return found == commands.end() ? nullptr : *found;
}

// The program's own name is left out: "alerts search".
std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return {};
  const std::string above = path_of(*parent);
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

}  // namespace

std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    // Behind an option its value may stand, which names no command.
    if (at->get_require_subcommand_min() == 0 || word.empty() || word.front() == '-') return {};
    const CLI::App* const next = command_named(*at, word);
    if (next == nullptr) {
      std::vector<std::string> known;
      for (const CLI::App* command : commands_of(*at)) known.push_back(command->get_name());
      const std::string_view near = nearest_word(word, {known.begin(), known.end()});
      std::string said = word + ": there is no such command";
      if (!near.empty()) return said + fmt::format("; did you mean {}?", near);
      const std::string path = path_of(*at);
      return said + fmt::format("; `straykey {}--help` lists them", path.empty() ? "" : path + " ");
    }
    at = next;
  }
  return {};
}

std::string option_of_another_command(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words)
    if (const CLI::App* const next = command_named(*at, word); next != nullptr) at = next;
  const CLI::App* const room = at->get_parent();
  if (room == nullptr) return {};
  for (const std::string& word : words) {
    const std::string option = word.substr(0, word.find('='));
    if (!option.starts_with("--") || at->get_option_no_throw(option) != nullptr ||
        room->get_option_no_throw(option) != nullptr)
      continue;
    for (const CLI::App* other : commands_of(*room))
      if (other->get_option_no_throw(option) != nullptr)
        return fmt::format("{}: {} has no such option; {} has it", option, path_of(*at), path_of(*other));
  }
  return {};
}

}  // namespace straykey
