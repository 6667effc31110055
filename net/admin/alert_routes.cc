#include "net/admin/alert_routes.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/base/terminal_text.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

// In the order of the columns.
constexpr std::array<std::string_view, 21> kColumns{
    "id",      "severity", "status",  "title",      "name",      "analytic",    "variation",
    "account", "identity", "network", "asn",        "as_name",   "addresses",   "access_keys",
    "tool",    "platform", "region",  "first_seen", "last_seen", "occurrences", "note"};

std::string text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (!value.is_array()) return json::serialize(value);
  std::string out;
  for (const json::value& one : value.as_array()) out.append(out.empty() ? "" : " ").append(text_of(one));
  return out;
}

// A spreadsheet, or the terminal that shows the file, obeys neither a formula nor what turns or hides text.
void append_cell(std::string_view raw, std::string& out) {
  const std::string text = terminal_text(raw, std::string_view::npos);
  const bool formula = !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
  out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

HttpReply export_reply(const OperatorAnswer& answer, std::string_view request_id, bool csv) {
  if (answer.kind != Kind::done) return operator_reply(answer, request_id);
  HttpReply reply;
  if (csv) {
    reply.content_type = "text/csv; charset=utf-8";
    reply.body = alerts_as_csv(answer.items);
  } else {
    reply.content_type = "application/x-ndjson";
    for (const std::string& item : answer.items) reply.body.append(item).append("\n");
  }
  reply.headers.push_back(
      {"Content-Disposition", std::string("attachment; filename=\"alerts.") + (csv ? "csv\"" : "ndjson\"")});
  if (!answer.next.empty()) reply.headers.push_back({"X-Straykey-Next", answer.next});
  return reply;
}

std::optional<OperatorArguments> arguments_of(const HttpRequest& request) {
  const std::size_t mark = request.head.target.find('?');
  return mark == std::string_view::npos ? OperatorArguments()
                                        : arguments_of_query(request.head.target.substr(mark + 1));
}

void answer_export(const AskOperator& ask, const HttpRequest& request, const ReplyTo& reply) {
  auto arguments = arguments_of(request);
  std::string format;
  if (arguments) {
    if (auto node = arguments->extract("format")) format = node.mapped();
  }
  if (!arguments || (format != "csv" && format != "ndjson"))
    return reply(operator_reply({Kind::bad_request, "format: say csv or ndjson", {}, {}}, request.request_id));
  arguments->emplace("limit", "500");
  ask({"alerts/search", std::move(*arguments)},
      [reply, id = request.request_id, csv = format == "csv"](const OperatorAnswer& answer) {
        reply(export_reply(answer, id, csv));
      });
}

void answer_events(const WatchAlerts& watch, const HttpRequest& request, const ReplyTo& reply) {
  auto arguments = arguments_of(request);
  std::string after(request.head.field("Last-Event-ID"));
  if (after.empty() && arguments && arguments->contains("after")) after = arguments->at("after");
  watch(std::move(after), [reply, id = request.request_id](const OperatorAnswer& answer) {
    if (answer.kind != Kind::done) return reply(operator_reply(answer, id));
    reply({200, "text/event-stream", alerts_as_events(answer), {}});
  });
}

}  // namespace

std::string alerts_as_csv(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string_view column : kColumns) out.append(out.empty() ? "" : ",").append(column);
  out += "\r\n";
  for (const std::string& item : items) {
    json::error_code error;
    const json::value value = json::parse(item, error);
    if (error || !value.is_object()) continue;
    std::string line;
    for (const std::string_view column : kColumns) {
      if (column != kColumns.front()) line += ',';
      const json::value* cell = value.as_object().if_contains(column);
      append_cell(cell == nullptr ? std::string() : text_of(*cell), line);
    }
    out += line + "\r\n";
  }
  return out;
}

// An item is JSON on one line, so it cannot end its event.
std::string alerts_as_events(const OperatorAnswer& answer) {
  std::string out = "retry: 500\n\n";
  for (const std::string& item : answer.items) out.append("event: alert\ndata: ").append(item).append("\n\n");
  out.append("id: ").append(answer.next).append("\nevent: seen\ndata: {}\n\n");
  return out;
}

void add_alert_routes(HttpRouter& router, const AskOperator& ask, const WatchAlerts& watch,
                      const OperatorAccess& access) {
  Route exported;
  exported.method = HttpMethod::get;
  exported.path = "/api/v1/alerts/export";
  exported.purpose = "GET alerts as format=csv or format=ndjson.";
  access.guard(exported, TokenScope::read);
  exported.handle = [ask](const HttpRequest& request, const ReplyTo& reply) { answer_export(ask, request, reply); };
  router.add(std::move(exported));

  Route events;
  events.method = HttpMethod::get;
  events.path = "/api/v1/alerts/events";
  events.purpose = "GET what changes of alerts, as server-sent events.";
  access.guard(events, TokenScope::read);
  events.handle = [watch](const HttpRequest& request, const ReplyTo& reply) { answer_events(watch, request, reply); };
  router.add(std::move(events));
}

}  // namespace straykey
