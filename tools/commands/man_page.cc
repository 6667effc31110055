#include "tools/commands/man_page.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/commands/command_line.h"

namespace straykey {
namespace {

// A hyphen that is typed is \-, a backslash is \e, and a line that begins with . or ' would be a request.
std::string escaped(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    at_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

// One paragraph for each line.
std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty()) out += escaped(line) + "\n.br\n";
  }
  return out;
}

std::string option_text(const ShownOption& option) {
  std::string names;
  if (option.flags.empty()) {
    names = "\\fI" + escaped(option.value) + "\\fR";
  } else {
    names = "\\fB" + escaped(option.flags) + "\\fR";
    if (!option.value.empty()) names += " \\fI" + escaped(option.value) + "\\fR";
  }
  std::string purpose = option.purpose;
  if (!option.choices.empty()) {
    purpose += purpose.empty() ? "One of" : ": one of";
    for (const std::string& choice : option.choices) purpose += " " + choice;
  }
  if (option.required) purpose += purpose.empty() ? "Required" : " (required)";
  return fmt::format(".TP\n{}\n{}\n", names, escaped(purpose.empty() ? "See above" : purpose));
}

std::string command_text(const NamedCommand& command) {
  std::string out =
      fmt::format(".SS straykey {}\n{}\n", escaped(command.path), escaped(command.app->get_description()));
  for (const ShownOption& option : shown_options(*command.app, false))
    if (option.flags != "-h,--help") out += option_text(option);
  const std::string footer = command.app->get_footer();
  if (!footer.empty()) out += ".PP\n" + paragraphs(footer);
  return out;
}

}  // namespace

std::string man_page(const CLI::App& app) {
  std::string out = fmt::format(
      ".\\\" The output of `straykey man`.\n"
      ".TH STRAYKEY 1 \"\" \"straykey {}\" \"User Commands\"\n.nh\n.ad l\n"
      ".SH NAME\nstraykey \\- catches AWS service credentials that have strayed\n"
      ".SH SYNOPSIS\n.B straykey\n.I COMMAND\n.RI [ OPTIONS ]\n"
      ".SH DESCRIPTION\n{}\n.PP\n{}",
      STRAYKEY_VERSION, escaped(app.get_description()), paragraphs(app.get_footer()));
  out += ".SH COMMANDS\n";
  for (const NamedCommand& command : all_commands(app))
    if (!command.path.empty()) out += command_text(command);
  out += ".SH EXIT STATUS\n";
  for (const ExitCode& one : exit_codes()) out += fmt::format(".TP\n.B {}\n{}\n", one.code, escaped(one.meaning));
  out += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nIf it is set and not empty, nothing is written in colours.\n";
  out +=
      ".SH FILES\n.TP\n.I /etc/straykey/straykey.toml\nThe configuration, and conf.d/*.toml beside it.\n"
      ".TP\n.I /var/lib/straykey\nThe store, unless data_dir names another directory.\n";
  return out;
}

}  // namespace straykey
