#pragma once
// The subcommands of `straykey alerts` and `straykey baseline`, made from the table of operations (core/operate).
//
// Shape:  each operation of a room is a subcommand; its required arguments stand in their order, the others are
//         options. The answer is printed as JSON, one item a line, unless an OperationText says it in words; with
//         --json the items are printed all the same.
// Thread: main.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/operate/operations.h"
#include "tools/commands/commands.h"

namespace CLI {
class Option;
}

namespace straykey {

struct OperationText {
  std::string_view operation;                                              // "alerts/list"
  void (*print)(const std::string& item, const OperatorArguments& asked);  // on stdout
  void (*print_end)(std::size_t items) = nullptr;                          // on stderr, after the last item
  bool (*went_well)(const std::string& item) = nullptr;  // false for an item: the exit code says failure
  // Instead of `print`, for what is laid out by all items together: the text of them, on stdout.
  std::string (*text_of_all)(const std::vector<std::string>& items) = nullptr;
};

// An argument as an option: "--as-name" of as_name, with the values that it takes, where these are few.
CLI::Option* add_argument_option(CLI::App& command, const OperatorArgument& argument,
                                 std::function<void(const std::string& value)> keep);

// `room`: "alerts"; `purpose`: of the whole command.
RunCommand add_operator_commands(CLI::App& app, const std::string& room, const std::string& purpose,
                                 std::vector<OperationText> texts);

}  // namespace straykey
