// `straykey rejects`: the records that were rejected, and how to have them read once more.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <utility>

#include "core/base/base64.h"
#include "core/base/terminal_text.h"
#include "net/ingest/http_protocols.h"
#include "tools/commands/operator_commands.h"
#include "tools/store/admin_socket.h"
#include "tools/store/open_directory.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

json::object object_of(const std::string& item) {
  json::error_code error;
  json::value value = json::parse(item, error);
  return !error && value.is_object() ? std::move(value.as_object()) : json::object();
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

std::string record_of(const json::object& reject) {
  std::string bytes;
  if (!reject.contains("record_base64")) return text_of(reject, "record");
  return decode_base64(text_of(reject, "record_base64"), Base64Padding::required, bytes) ? bytes : std::string();
}

void print_reject(const std::string& item, const OperatorArguments&) {
  const json::object reject = object_of(item);
  fmt::print("{:>8}  {}  {:<18} {:>9}  {}\n", number_of(reject, "number"), text_of(reject, "at"),
             text_of(reject, "reason"), number_of(reject, "bytes"), terminal_text(text_of(reject, "source"), 200));
}

void print_count(std::size_t items) {
  fmt::print(stderr, "{} rejected {}\n", items, items == 1 ? "record" : "records");
}

// Into a file or a pipe it goes as it came, so that it can be mended and replayed.
void print_record(const std::string& item, const OperatorArguments&) {
  const json::object reject = object_of(item);
  const std::string record = record_of(reject);
  if (::isatty(STDOUT_FILENO) != 0) {
    fmt::print("{}\n", terminal_lines(record));
  } else {
    std::fwrite(record.data(), 1, record.size(), stdout);
  }
  if (reject.contains("cut"))
    fmt::print(stderr, "only the first {} of {} bytes were kept\n", record.size(), number_of(reject, "bytes"));
}

void print_dropped(const std::string&, const OperatorArguments& asked) {
  fmt::print("{} is dropped\n", asked.at("number"));
}

struct Replay {
  std::string config, data_dir, reason, source, from;
  std::vector<std::uint64_t> numbers;
  bool all = false, json = false;
};

// What one text came to.
struct Outcome {
  std::uint64_t number = 0;  // 0: it is none of the kept
  std::uint64_t accepted = 0, rejected = 0;
  std::string why;  // it was not taken
  [[nodiscard]] bool taken() const noexcept { return why.empty(); }
};

Outcome send(const AdminSocket& server, std::uint64_t number, std::string_view record) {
  Outcome outcome;
  outcome.number = number;
  const auto reply = server.post(kReplayPath, record);
  if (!reply) {
    outcome.why = reply.error().message;
    return outcome;
  }
  const json::object told = object_of(reply.value());
  outcome.accepted = number_of(told, "accepted");
  outcome.rejected = number_of(told, "rejected");
  if (outcome.rejected == 0 && outcome.accepted + number_of(told, "ignored") > 0) return outcome;
  const json::value* errors = told.if_contains("errors");
  outcome.why = errors != nullptr && errors->is_array() && !errors->as_array().empty()
                    ? text_of(errors->as_array().front().as_object(), "code")
                    : "nothing was taken of it";
  return outcome;
}

void report(const Outcome& outcome, bool as_json) {
  if (as_json) {
    json::object line{{"accepted", outcome.accepted}, {"rejected", outcome.rejected}, {"taken", outcome.taken()}};
    if (outcome.number != 0) line["number"] = outcome.number;
    if (!outcome.taken()) line["why"] = outcome.why;
    return fmt::print("{}\n", terminal_json(json::serialize(line)));
  }
  const std::string name = outcome.number == 0 ? "the record" : std::to_string(outcome.number);
  if (outcome.taken()) return fmt::print("{}: {} taken\n", name, outcome.accepted);
  fmt::print("{}: rejected again: {}\n", name, terminal_text(outcome.why));
}

// A page has no more than is looked at; replaying drops rows of it meanwhile, which does no harm.
Result<std::vector<std::uint64_t>> numbers_of(const AdminSocket& server, const Replay& asked) {
  std::vector<std::uint64_t> numbers;
  OperatorRequest request{"rejects/list", {}};
  if (!asked.reason.empty()) request.arguments["reason"] = asked.reason;
  if (!asked.source.empty()) request.arguments["source"] = asked.source;
  while (true) {
    const OperatorAnswer page = server.ask(request);
    if (page.kind != Kind::done) return Error{page.sentence};
    for (const std::string& item : page.items) numbers.push_back(number_of(object_of(item), "number"));
    if (page.next.empty()) return numbers;
    request.arguments["after"] = page.next;
  }
}

Outcome replay_kept(const AdminSocket& server, std::uint64_t number) {
  const OperatorAnswer shown = server.ask({"rejects/show", {{"number", std::to_string(number)}}});
  if (shown.kind != Kind::done || shown.items.empty()) return {number, 0, 0, shown.sentence};
  const json::object reject = object_of(shown.items.front());
  if (reject.contains("cut")) return {number, 0, 0, "only its beginning was kept: give the whole with --from"};
  return send(server, number, record_of(reject));
}

Result<std::string> text_from(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{terminal_text(path, kPathShownBytes) + ": it cannot be read"};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Says what became of it, and drops it if it was taken.
bool settle(const AdminSocket& server, const Outcome& outcome, bool as_json) {
  report(outcome, as_json);
  if (outcome.taken() && outcome.number != 0)
    (void)server.ask({"rejects/drop", {{"number", std::to_string(outcome.number)}}});
  return outcome.taken();
}

int run_replay(const Replay& asked) {
  auto path = data_directory_path(asked.config, asked.data_dir);
  if (!path) return fail(path.error().message, kExitConfig);
  const bool filters = asked.all || !asked.reason.empty() || !asked.source.empty();
  if (!asked.from.empty() && (filters || asked.numbers.size() > 1))
    return fail("--from: name one reject that the text stands for, or none", kExitUsage);
  if (asked.from.empty() && filters == !asked.numbers.empty())
    return fail("name the rejects by their numbers, or by --reason, --source or --all", kExitUsage);
  const AdminSocket server(*path);
  const auto served = server.is_served();
  if (!served) return fail(served.error().message);
  if (!served.value())
    return fail(*path + ": no server runs on it, and only a server takes records" +
                hint_at_data_directory(asked.config, asked.data_dir));
  if (!asked.from.empty()) {
    const auto text = text_from(asked.from);
    if (!text) return fail(text.error().message);
    const std::uint64_t number = asked.numbers.empty() ? 0 : asked.numbers.front();
    return settle(server, send(server, number, text.value()), asked.json) ? kExitWell : fail("it was not taken");
  }
  auto numbers = asked.numbers;
  if (filters) {
    auto found = numbers_of(server, asked);
    if (!found) return fail(found.error().message);
    numbers = std::move(found).value();
  }
  std::size_t taken = 0;
  for (const std::uint64_t number : numbers) taken += settle(server, replay_kept(server, number), asked.json) ? 1 : 0;
  if (taken == numbers.size()) return kExitWell;
  return fail(fmt::format("{} of {} were not taken", numbers.size() - taken, numbers.size()));
}

RunCommand add_replay(CLI::App& rejects) {
  auto asked = std::make_shared<Replay>();
  CLI::App* command =
      rejects.add_subcommand("replay", "Have a running server read them again; what it takes is dropped here");
  command->add_option("NUMBER", asked->numbers, "As in the list");
  command->add_flag("--all", asked->all, "All that are kept");
  command->add_option("--reason", asked->reason, "All with this reason");
  command->add_option("--source", asked->source, "All whose token, listener or sender has this in its name");
  command->add_option("--from", asked->from, "Instead of what was kept: this file (- is stdin)")->type_name("FILE");
  command->add_flag("--json", asked->json, "As JSON, one object a line");
  return [&rejects, command, asked] {
    if (!command->parsed()) return -1;
    asked->config = rejects.get_option("--config")->as<std::string>();
    asked->data_dir = rejects.get_option("--data-dir")->as<std::string>();
    return run_replay(*asked);
  };
}

}  // namespace

RunCommand add_rejects_command(CLI::App& app) {
  const RunCommand others = add_operator_commands(
      app, "rejects", "Show records that were rejected, and have them read once more",
      {{"rejects/list", print_reject, print_count}, {"rejects/show", print_record}, {"rejects/drop", print_dropped}});
  CLI::App& rejects = *app.get_subcommand("rejects");
  return [replay = add_replay(rejects), others] {
    const int code = replay();
    return code >= 0 ? code : others();
  };
}

}  // namespace straykey
