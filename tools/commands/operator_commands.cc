#include "tools/commands/operator_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <utility>

#include "core/base/terminal_text.h"
#include "tools/commands/operator_session.h"
#include "tools/store/open_directory.h"

namespace straykey {
namespace {

struct Asked {
  std::string config, data_dir;
  bool json = false;
  OperatorRequest request;
};

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

// Shown by --help and offered by the shell's completions; some of them take several, with commas between.
std::string_view values_of(std::string_view argument) {
  if (argument == "severity") return "informational,low,medium,high";
  if (argument == "status") return "open,acknowledged,false_positive,closed";
  if (argument == "analytic") return "remote_service_token,serverless_cli,misused_service_token";
  return {};
}

// Who answers a command wants so many, not pages of so many.
constexpr std::string_view kLimitPurpose = "At most so many: 1 to 500; all of them without it";

void add_arguments(CLI::App& command, const Operation& operation, const std::shared_ptr<Asked>& asked) {
  for (const OperatorArgument& argument : operation.arguments) {
    if (argument.purpose.empty()) continue;  // not for people
    const std::string name(argument.name);
    const auto keep = [asked, name](const std::string& value) { asked->request.arguments[name] = value; };
    const bool by_place = argument.required || argument.by_place;
    CLI::Option* option =
        by_place ? command.add_option_function<std::string>(upper(name), keep, std::string(argument.purpose))
                 : add_argument_option(command, argument, keep);
    if (argument.required) option->required();
  }
}

int run(const Asked& asked, const std::vector<OperationText>& texts) {
  auto path = data_directory_path(asked.config, asked.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  if (const std::string objection = objection_to(asked.request); !objection.empty()) return fail(objection, kExitUsage);
  auto session = OperatorSession::open(*path);
  if (!session) return fail(session.error().message + hint_at_data_directory(asked.config, asked.data_dir));
  const auto known = std::find_if(texts.begin(), texts.end(),
                                  [&](const OperationText& one) { return one.operation == asked.request.operation; });
  const auto text = asked.json ? texts.end() : known;
  std::size_t items = 0;
  std::vector<std::string> together;
  bool well = true;
  const auto pages =
      asked.request.arguments.contains("limit") ? OperatorSession::Pages::first : OperatorSession::Pages::all;
  const auto show = [&](const std::string& item) {
    ++items;
    if (known != texts.end() && known->went_well != nullptr) well = well && known->went_well(item);
    if (text == texts.end()) {
      fmt::print("{}\n", terminal_json(item));
    } else if (text->text_of_all != nullptr) {
      together.push_back(item);
    } else {
      text->print(item, asked.request.arguments);
    }
  };
  const OperatorAnswer answer = (*session)->ask(asked.request, show, pages);
  if (!together.empty()) std::fputs(text->text_of_all(together).c_str(), stdout);
  std::fflush(stdout);  // before what stderr says, where both are one
  if (answer.kind == OperatorAnswer::Kind::done && text != texts.end() && text->print_end != nullptr)
    text->print_end(items);
  const int code = exit_code_of(answer);
  return code == kExitWell && !well ? kExitFailed : code;
}

}  // namespace

CLI::Option* add_argument_option(CLI::App& command, const OperatorArgument& argument,
                                 std::function<void(const std::string& value)> keep) {
  std::string flag = "--" + std::string(argument.name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  CLI::Option* option = command.add_option_function<std::string>(
      flag, std::move(keep), std::string(argument.name == "limit" ? kLimitPurpose : argument.purpose));
  if (const std::string_view values = values_of(argument.name); !values.empty())
    option->type_name(fmt::format("TEXT:{{{}}}", values));
  return option;
}

RunCommand add_operator_commands(CLI::App& app, const std::string& room, const std::string& purpose,
                                 std::vector<OperationText> texts) {
  CLI::App* command = app.add_subcommand(room, purpose);
  auto asked = std::make_shared<Asked>();
  command->require_subcommand(1);
  // Before the subcommands, which inherit it: `list --data-dir DIR` as well as `--data-dir DIR list`.
  command->fallthrough();
  command->add_option("--config", asked->config, "Configuration that names the data directory")->type_name("FILE");
  command->add_option("--data-dir", asked->data_dir, "The data directory")->type_name("DIR");
  for (const Operation& operation : operations()) {
    if (!operation.name.starts_with(room + '/')) continue;
    CLI::App* one =
        command->add_subcommand(std::string(operation.name.substr(room.size() + 1)), std::string(operation.purpose));
    add_arguments(*one, operation, asked);
    const bool has_text = std::any_of(texts.begin(), texts.end(),
                                      [&](const OperationText& text) { return text.operation == operation.name; });
    one->add_flag("--json", asked->json,
                  has_text ? "As JSON, one object a line" : "As JSON, one object a line: as it is without");
    one->callback([asked, name = std::string(operation.name)] { asked->request.operation = name; });
  }
  return [command, asked, texts = std::move(texts)] { return command->parsed() ? run(*asked, texts) : -1; };
}

}  // namespace straykey
