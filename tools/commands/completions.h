#pragma once
// Completions of the command line for shells, made from the commands themselves.
//
// Shape:  a script in the shell's language. Names of files and directories are left to the shell.
// Thread: main.
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace straykey {

// `shell`: bash, zsh or fish; nullopt for any other.
[[nodiscard]] std::optional<std::string> completions(const CLI::App& app, std::string_view shell);

}  // namespace straykey
