#pragma once
// What to say of a command line that CLI11 refuses: it says that a subcommand is missing, or that an option was not
// expected, and neither word that would be right.
//
// Thread: start-up.
// Errors: empty where there is nothing better to say than CLI11 does.
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace straykey {

// `words`: the arguments of the program. Follows those that name commands. Of the first one that does not, though a
// command is needed there, it says so, and which command is near it:
// `alert: there is no such command; did you mean alerts?`
[[nodiscard]] std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words);

// After `app` refused an option because its command has none of that name: which command beside it has it.
// `--severity: alerts list has no such option; alerts search has it`
[[nodiscard]] std::string option_of_another_command(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace straykey
