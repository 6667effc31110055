#include "core/operate/audit.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/operate/search_operations.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

constexpr std::string_view kAfter = "after";
constexpr std::string_view kSecret = "(a token)";
constexpr std::size_t kNameBytes = 64;  // of the name of an argument that does not exist
constexpr Seconds kSecondsPerMinute = 60;

// The argument `after`: the number of the last row of the page before; 0 if it is left out.
std::optional<std::uint64_t> before_of(const OperatorArguments& arguments) {
  const auto found = arguments.find(kAfter);
  if (found == arguments.end() || found->second.empty()) return 0;
  const std::string& text = found->second;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

OperatorAnswer list(const OperatorStores& stores, const OperatorArguments& arguments) {
  if (stores.audit == nullptr) return {};
  auto page = stores.audit->newest(before_of(arguments).value_or(0));
  if (!page) return {Kind::failed, page.error().message, {}, {}};
  OperatorAnswer answer;
  answer.items = std::move(page.value().lines);
  if (page.value().next != 0) answer.next = std::to_string(page.value().next);
  return answer;
}

// As it is, or in quotation marks if it could be taken for the end of a value or for the next argument.
std::string in_one_piece(std::string_view value) {
  if (!value.empty() && value.find_first_of(" \t\r\n\"=\\") == std::string_view::npos) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string audit_json(std::uint64_t number, const AuditEntry& entry) {
  const auto text = [](const std::string& value) { return json::string(terminal_text(value, kAuditTextMax)); };
  json::object out{{"number", number},
                   {"at", format_time(entry.at)},
                   {"who", text(entry.who)},
                   {"scope", text(entry.scope)},
                   {"address", text(entry.address)},
                   {"what", text(entry.what)},
                   {"object", text(entry.object)},
                   {"result", text(entry.result)},
                   {"reason", text(entry.reason)},
                   {"request_id", text(entry.request_id)}};
  return json::serialize(out);
}

std::string without_secrets(std::string_view text, const IsSecret& is_secret) {
  if (!is_secret) return std::string(text);
  if (is_secret(text)) return std::string(kSecret);
  constexpr std::string_view kSpace = " \t\r\n", kAround = "\"'`()[]{}<>,;:.";
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
    out += text.substr(0, begin);
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kSpace));
    text.remove_prefix(word.size());
    const std::size_t first = word.find_first_not_of(kAround);
    const std::size_t last = word.find_last_not_of(kAround);
    const std::string_view core = first == std::string_view::npos ? word : word.substr(first, last - first + 1);
    const std::string_view behind = core.substr(std::min(core.find_first_of("=:"), core.size() - 1) + 1);
    const bool secret = !word.empty() && (is_secret(word) || is_secret(core) || is_secret(behind));
    out += secret ? kSecret : word;
  }
  return out;
}

std::string audit_object(const OperatorRequest& request, const IsSecret& is_secret) {
  const Operation* const operation = find_operation(request.operation);
  std::string out;
  for (const auto& [name, value] : request.arguments) {
    const auto is_it = [&given = name](const OperatorArgument& one) { return one.name == given; };
    const bool known = operation != nullptr && std::ranges::any_of(operation->arguments, is_it);
    out.append(out.empty() ? "" : " ");
    if (known)
      out.append(name).append("=").append(in_one_piece(without_secrets(value, is_secret)));
    else
      out.append(in_one_piece(without_secrets(name.substr(0, kNameBytes), is_secret)));
  }
  return out;
}

void RefusedChanges::begin_minute_of(Seconds now) {
  if (now / kSecondsPerMinute == minute_) return;
  to_tell_ += left_out_;
  minute_ = now / kSecondsPerMinute;
  noted_ = left_out_ = 0;
}

bool RefusedChanges::take(Seconds now) {
  const std::lock_guard lock(mutex_);
  begin_minute_of(now);
  if (noted_ == kPerMinuteMax) {
    ++left_out_;
    return false;
  }
  ++noted_;
  return true;
}

std::uint64_t RefusedChanges::left_out(Seconds now) {
  const std::lock_guard lock(mutex_);
  begin_minute_of(now);
  return std::exchange(to_tell_, 0);
}

std::string_view audit_result(Kind kind) {
  switch (kind) {
    case Kind::done:
      return "done";
    case Kind::bad_request:
      return "bad_request";
    case Kind::not_found:
      return "not_found";
    case Kind::conflict:
      return "conflict";
    case Kind::failed:
      return "failed";
    case Kind::stopped:
      return "stopped";
  }
  return "failed";
}

std::vector<Operation> audit_operations() {
  const auto objection = [](const OperatorArguments& arguments) {
    return before_of(arguments) ? std::string() : "after: this is no place that a page before has named";
  };
  return {{"audit", "What operators changed, or tried to, newest first", {{kAfter}}, list, {}, objection}};
}

}  // namespace straykey
