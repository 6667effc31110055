#include "core/operate/audit.h"

#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "core/base/terminal_text.h"
#include "core/operate/search_operations.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

constexpr std::string_view kAfter = "after";

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

std::string audit_object(const OperatorArguments& arguments) {
  std::string out;
  for (const auto& [name, value] : arguments) out.append(out.empty() ? "" : " ").append(name + "=").append(value);
  return out;
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
