// The command line as --help, the man page and completions show it.
#include "tools/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <sys/wait.h>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tools/commands/alerts_follow.h"
#include "tools/commands/completions.h"
#include "tools/commands/man_page.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct CommandLine {
  CLI::App app;
  std::vector<RunCommand> commands = add_commands(app);
};

bool is_leaf(const NamedCommand& command) {
  return !command.path.empty() && command.app->get_subcommands([](const CLI::App*) { return true; }).empty();
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What a shell's command prints on both outputs, and how it ends.
struct Shell {
  std::string printed;
  int code = -1;

  explicit Shell(const std::string& command) {
    FILE* const pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
    REQUIRE(pipe != nullptr);
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) printed += static_cast<char>(c);
    code = WEXITSTATUS(pclose(pipe));
  }
};

bool there_is(const std::string& program) {
  return Shell("command -v " + program).code == 0;
}

TEST_CASE("command line: every command that can be run says what it does, with an example") {
  const CommandLine line;
  for (const NamedCommand& command : all_commands(line.app)) {
    if (!is_leaf(command)) continue;
    CAPTURE(command.path);
    CHECK_FALSE(command.app->get_description().empty());
    CHECK(std::ranges::any_of(examples(), [&](const Example& one) { return one.command == command.path; }));
    CHECK(holds(command.app->help(), "Examples:\n  straykey " + command.path));
  }
}

TEST_CASE("command line: every example is taken") {
  for (const Example& example : examples()) {
    CAPTURE(example.line);
    CommandLine line;
    CHECK_NOTHROW(line.app.parse(std::string(example.line), false));
    CHECK(example.line.starts_with(example.command));
  }
}

TEST_CASE("command line: every option says what it is for") {
  const CommandLine line;
  for (const NamedCommand& command : all_commands(line.app))
    for (const ShownOption& option : shown_options(*command.app)) {
      CAPTURE(command.path);
      CAPTURE(option.flags);
      CHECK_FALSE(option.purpose.empty());
    }
}

TEST_CASE("command line: what asks a server or a store knows --data-dir, --config and --json") {
  const CommandLine line;
  for (const NamedCommand& command : all_commands(line.app)) {
    const bool asks = command.path == "status" ||
                      std::ranges::any_of(std::vector<std::string>{"alerts ", "baseline ", "webhook ", "rejects "},
                                          [&](const std::string& room) { return command.path.starts_with(room); });
    if (!asks) continue;
    CAPTURE(command.path);
    std::set<std::string> flags;
    for (const ShownOption& option : shown_options(*command.app)) flags.insert(option.flags);
    for (const char* flag : {"--data-dir", "--config", "--json"}) CHECK(flags.contains(flag));
  }
}

TEST_CASE("command line: an unknown word, a missing one and an empty one are wrong usage") {
  for (const char* text : {"", "nonsense", "alerts", "alerts show", "alerts nonsense", "scan", "scan --colour red x",
                           "completion tcsh", "alerts tail -n many", "init --days 0", "accounts"}) {
    CAPTURE(text);
    CommandLine line;
    CHECK_THROWS_AS(line.app.parse(std::string(text), false), CLI::ParseError);
  }
  CommandLine line;
  std::vector<std::string> empty{"", "show", "alerts"};  // from the last to the first
  CHECK_THROWS_AS(line.app.parse(empty), CLI::ParseError);
}

TEST_CASE("command line: exit codes are listed where people look") {
  const CommandLine line;
  for (const ExitCode& one : exit_codes()) {
    CHECK(holds(line.app.help(), std::to_string(one.code)));
    CHECK(holds(man_page(line.app), ".B " + std::to_string(one.code)));
  }
}

TEST_CASE("command line: no option has an underscore, and few values are named where the shell finds them") {
  const CommandLine line;
  for (const NamedCommand& command : all_commands(line.app))
    for (const ShownOption& option : shown_options(*command.app)) {
      CHECK_EQ(option.flags.find('_'), std::string::npos);
      if (option.flags == "--severity") CHECK_EQ(option.choices.size(), 4);
      if (option.flags == "--status") CHECK_EQ(option.choices.size(), 4);
      if (option.flags == "--analytic") CHECK_EQ(option.choices.size(), 3);
    }
  CommandLine several;
  CHECK_NOTHROW(several.app.parse("alerts search --severity high,low --as-name Example", false));
}

TEST_CASE("completions: where a word of one's own is due bash types no lone dash") {
  const std::string script = completions(CommandLine().app, "bash").value_or("");
  CHECK(holds(script, "'alerts show')\n      [[ $cur != -* ]] || mapfile"));
  CHECK(holds(script, "'alerts list')\n      mapfile"));
}

TEST_CASE("man page: it names every command and option, and the formatter has nothing to say of it") {
  const CommandLine line;
  const std::string page = man_page(line.app);
  for (const NamedCommand& command : all_commands(line.app)) {
    if (command.path.empty()) continue;
    std::string path;
    for (const char c : command.path) path += c == '-' ? std::string("\\-") : std::string(1, c);
    CHECK(holds(page, ".SS straykey " + path + "\n"));
  }
  if (!there_is("groff")) return;
  const TemporaryDirectory directory;
  write_file(directory.path() + "/straykey.1", page, 0644);
  const Shell groff("groff -man -Tutf8 -ww -z " + directory.path() + "/straykey.1");
  CHECK_EQ(groff.printed, "");
  CHECK_EQ(groff.code, 0);
  const Shell shown("groff -man -Tascii " + directory.path() + "/straykey.1 | col -b");
  CHECK(holds(shown.printed, "--severity"));
  CHECK(holds(shown.printed, "straykey alerts ack"));
}

// What bash offers for the last of these words.
std::string offered(const std::string& script, const std::string& words, int last) {
  return Shell("bash --norc -c 'source " + script + "; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(last) +
               "; _straykey; echo \"${COMPREPLY[*]}\"'")
      .printed;
}

TEST_CASE("completions: bash offers commands, options, and the values of those that have few") {
  const CommandLine line;
  const TemporaryDirectory directory;
  const std::string script = directory.path() + "/straykey.bash";
  write_file(script, completions(line.app, "bash").value(), 0644);
  CHECK_EQ(offered(script, "straykey al", 1), "alerts\n");
  CHECK_EQ(offered(script, "straykey alerts red", 2), "redeliver\n");
  CHECK_EQ(offered(script, "straykey alerts ack --camp", 3), "--campaign\n");
  CHECK_EQ(offered(script, "straykey alerts --data-dir list sh", 4), "show\n");  // a directory may be called list
  CHECK_EQ(offered(script, "straykey alerts export --format c", 4), "csv\n");
  CHECK_EQ(offered(script, "straykey completion z", 2), "zsh\n");
  CHECK_EQ(offered(script, "straykey check-config --js", 2), "--json\n");
  CHECK_EQ(offered(script, "straykey alerts search --severity x", 4), "\n");  // anything may stand there
  write_file(directory.path() + "/some.toml", "", 0644);
  CHECK_EQ(offered(script, "straykey check-config --config " + directory.path() + "/so", 3),
           directory.path() + "/some.toml\n");
}

TEST_CASE("completions: the scripts are good ones for their shells, where those are") {
  const CommandLine line;
  const TemporaryDirectory directory;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = directory.path() + "/" + shell;
    const std::string text = completions(line.app, shell).value();
    CHECK(holds(text, "alerts"));
    if (!there_is(shell)) continue;
    write_file(script, text, 0644);
    const Shell checked(shell + " -n " + script);
    CHECK_EQ(checked.printed, "");
    CHECK_EQ(checked.code, 0);
  }
  CHECK_FALSE(completions(line.app, "tcsh"));
}

TEST_CASE("alerts tail: events are read as they are written") {
  const ToldEvents told = read_events(
      "retry: 500\n\nevent: alert\ndata: {\"id\":\"1\"}\n\nevent: alert\ndata: {\"id\":\"2\"}\n\nid: run-7\nevent: "
      "seen\ndata: {}\n\n");
  CHECK_EQ(told.alerts, std::vector<std::string>{"{\"id\":\"1\"}", "{\"id\":\"2\"}"});
  CHECK_EQ(told.last, "run-7");
  CHECK_FALSE(told.everything);
  CHECK(read_events("event: alert\ndata: {\"everything\":true}\n\nid: run-9\n").everything);
  CHECK(read_events("").last.empty());
}

TEST_CASE("alerts: a line shows what others wrote as text, and which entry covers the alert") {
  CHECK_EQ(summary_line("{\"id\":\"1\",\"identity\":\"a\\u001b[31m\",\"status\":\"open\"}").find('\x1b'),
           std::string::npos);
  CHECK(holds(summary_line("{\"id\":\"1\",\"known\":[\"office\"]}"), "known [\"office\"]"));
  CHECK_EQ(summary_line("nonsense"), "");
}

}  // namespace
}  // namespace straykey
