#include "tools/commands/completions.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "tools/commands/command_line.h"

namespace straykey {
namespace {

// Each flag by itself: "-h,--help" are two.
std::vector<std::string> flags_of(const ShownOption& option) {
  std::vector<std::string> flags;
  for (std::size_t at = 0; at < option.flags.size();) {
    const std::size_t end = std::min(option.flags.find(',', at), option.flags.size());
    flags.push_back(option.flags.substr(at, end - at));
    at = end + 1;
  }
  return flags;
}

enum class Value { none, any, file, directory, choices };

Value value_of(const ShownOption& option) {
  if (option.value.empty()) return Value::none;
  if (!option.choices.empty()) return Value::choices;
  for (const char* word : {"FILE", "PATH", "FROM", "LISTING"})
    if (option.value == word) return Value::file;
  for (const char* word : {"DIR", "TO"})
    if (option.value == word) return Value::directory;
  return Value::any;
}

std::string joined(const std::vector<std::string>& words, std::string_view with = " ") {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : with).append(word);
  return out;
}

// The first sentence, so that it fits beside the word; without what a shell would read.
std::string short_purpose(const std::string& purpose) {
  std::string out = purpose.substr(0, purpose.find_first_of(";:\n"));
  std::erase_if(out, [](char c) { return std::string_view("'\"\\`$[]").find(c) != std::string_view::npos; });
  return out;
}

struct Completed {
  NamedCommand command;
  std::vector<std::string> words;  // commands behind it, and flags
  std::vector<ShownOption> options;
};

std::vector<Completed> all_completed(const CLI::App& app) {
  std::vector<Completed> all;
  for (const NamedCommand& command : all_commands(app)) {
    Completed one{command, {}, shown_options(*command.app)};
    for (const CLI::App* below : command.app->get_subcommands({})) one.words.push_back(below->get_name());
    for (const ShownOption& option : one.options)
      for (std::string& flag : flags_of(option)) one.words.push_back(std::move(flag));
    all.push_back(std::move(one));
  }
  return all;
}

// The names of commands as patterns of a case: " alerts" | " alerts list".
std::string paths(const std::vector<Completed>& all) {
  std::vector<std::string> patterns;
  for (const Completed& one : all)
    if (!one.command.path.empty()) patterns.push_back("'" + one.command.path + "'");
  return joined(patterns, "|");
}

// Flags that take a value, of whichever command: the word behind one is no command.
std::string flags_with_value(const std::vector<Completed>& all) {
  std::vector<std::string> flags;
  for (const Completed& one : all)
    for (const ShownOption& option : one.options)
      if (!option.value.empty())
        for (std::string& flag : flags_of(option))
          if (std::ranges::find(flags, flag) == flags.end()) flags.push_back(std::move(flag));
  return joined(flags, "|");
}

std::string_view bash_words_of(Value value) {
  return value == Value::file ? "compgen -f -- \"$cur\"" : "compgen -d -- \"$cur\"";
}

// A branch of a case over "command:flag" for each flag that takes a value; `offer` says what the shell does there.
template <class Offer>
std::string value_cases(const Completed& one, const Offer& offer) {
  std::string out;
  for (const ShownOption& option : one.options) {
    const Value value = value_of(option);
    if (option.flags.empty() || value == Value::none) continue;
    std::vector<std::string> patterns;
    for (const std::string& flag : flags_of(option)) patterns.push_back(fmt::format("'{}:{}'", one.command.path, flag));
    out += fmt::format("    {})\n", joined(patterns, "|"));
    if (const std::string words = offer(option, value); !words.empty()) out += "      " + words + "\n";
    out += "      return ;;\n";
  }
  return out;
}

std::string bash_offer(const ShownOption& option, Value value) {
  if (value == Value::choices)
    return fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", joined(option.choices));
  if (value == Value::any) return {};
  return fmt::format("compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <({})", bash_words_of(value));
}

std::string zsh_offer(const ShownOption& option, Value value) {
  if (value == Value::choices) return "compadd -- " + joined(option.choices);
  if (value == Value::any) return {};
  return value == Value::directory ? "_files -/" : "_files";
}

std::string bash_words(const Completed& one) {
  // Where a word of one's own is due, flags are offered to whoever begins one: all begin with -, which bash would type.
  const bool takes_words = std::ranges::any_of(one.options, [](const ShownOption& each) { return each.flags.empty(); });
  std::string out = fmt::format("    '{}')\n      {}mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n",
                                one.command.path, takes_words ? "[[ $cur != -* ]] || " : "", joined(one.words));
  for (const ShownOption& option : one.options) {
    const Value value = value_of(option);
    if (!option.flags.empty()) continue;
    if (value == Value::choices)
      out += fmt::format("      mapfile -t -O ${{#COMPREPLY[@]}} COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n",
                         joined(option.choices));
    if (value == Value::file || value == Value::directory)
      out += fmt::format(
          "      [[ $cur == -* ]] || {{ compopt -o filenames 2>/dev/null; mapfile -t -O ${{#COMPREPLY[@]}} COMPREPLY < "
          "<({}); }}\n",
          bash_words_of(value));
  }
  return out + "      ;;\n";
}

std::string for_bash(const CLI::App& app) {
  const std::vector<Completed> all = all_completed(app);
  std::string values, words;
  for (const Completed& one : all) {
    values += value_cases(one, bash_offer);
    words += bash_words(one);
  }
  return fmt::format(R"(# bash completion for straykey: the output of `straykey completion bash`.
_straykey() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} at='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i-1]}} in {0}) continue ;; esac
    case "${{at:+$at }}${{COMP_WORDS[i]}}" in
      {1}) at="${{at:+$at }}${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$at:$prev" in
{2}  esac
  case "$at" in
{3}  esac
}}
complete -F _straykey straykey
)",
                     flags_with_value(all), paths(all), values, words);
}

// Words with what they mean, by the command before them.
std::string for_zsh(const CLI::App& app) {
  const std::vector<Completed> all = all_completed(app);
  std::string cases, values;
  for (const Completed& one : all) {
    values += value_cases(one, zsh_offer);
    cases += fmt::format("    '{}')\n      words_here=(\n", one.command.path);
    for (const CLI::App* below : one.command.app->get_subcommands({}))
      cases += fmt::format("        '{}:{}'\n", below->get_name(), short_purpose(below->get_description()));
    for (const ShownOption& option : one.options)
      for (const std::string& flag : flags_of(option))
        cases += fmt::format("        '{}:{}'\n", flag, short_purpose(option.purpose));
    cases += "      )\n";
    for (const ShownOption& option : one.options)
      if (option.flags.empty() && value_of(option) == Value::choices)
        cases += fmt::format("      {}\n", zsh_offer(option, Value::choices));
    cases += "      ;;\n";
  }
  return fmt::format(R"(#compdef straykey
# zsh completion for straykey: the output of `straykey completion zsh`.
_straykey() {{
  local at='' i
  local -a words_here
  for ((i = 2; i < CURRENT; i++)); do
    case ${{words[i-1]}} in {0}) continue ;; esac
    case "${{at:+$at }}${{words[i]}}" in
      {1}) at="${{at:+$at }}${{words[i]}}" ;;
    esac
  done
  case "$at:${{words[CURRENT-1]}}" in
{3}  esac
  case "$at" in
{2}  esac
  _describe straykey words_here
  [[ $PREFIX == -* ]] || _files
}}
_straykey "$@"
)",
                     flags_with_value(all), paths(all), cases, values);
}

std::string for_fish(const CLI::App& app) {
  const std::vector<Completed> all = all_completed(app);
  std::string lines;
  for (const Completed& one : all) {
    const std::string where = fmt::format("complete -c straykey -n '__straykey_at \"{}\"'", one.command.path);
    for (const CLI::App* below : one.command.app->get_subcommands({}))
      lines += fmt::format("{} -f -a {} -d '{}'\n", where, below->get_name(), short_purpose(below->get_description()));
    for (const ShownOption& option : one.options) {
      const Value value = value_of(option);
      std::string line = where;
      for (const std::string& flag : flags_of(option))
        line += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
      if (option.flags.empty()) {
        if (value == Value::choices) lines += fmt::format("{} -f -a '{}'\n", where, joined(option.choices));
        continue;
      }
      if (value == Value::choices) line += fmt::format(" -x -a '{}'", joined(option.choices));
      if (value == Value::file || value == Value::directory) line += " -r";
      if (value == Value::any) line += " -x";
      lines += fmt::format("{} -d '{}'\n", line, short_purpose(option.purpose));
    }
  }
  std::string flags = flags_with_value(all), names = paths(all);
  std::ranges::replace(flags, '|', ' ');
  std::ranges::replace(names, '|', ' ');
  return fmt::format(R"(# fish completion for straykey: the output of `straykey completion fish`.
function __straykey_at --description 'Whether the words so far name this command'
  set -l at ''
  set -l before ''
  for word in (commandline -opc)[2..-1]
    if not contains -- "$before" {0}
      set -l longer (string trim -- "$at $word")
      contains -- "$longer" {1}; and set at $longer
    end
    set before $word
  end
  test "$at" = "$argv[1]"
end
{2})",
                     flags, names, lines);
}

}  // namespace

std::optional<std::string> completions(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return for_bash(app);
  if (shell == "zsh") return for_zsh(app);
  if (shell == "fish") return for_fish(app);
  return std::nullopt;
}

}  // namespace straykey
