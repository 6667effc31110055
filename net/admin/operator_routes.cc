#include "net/admin/operator_routes.h"

#include <boost/json.hpp>
#include <utility>

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

struct Failure {
  unsigned status;
  std::string_view code;
};

Failure failure_of(Kind kind) {
  switch (kind) {
    case Kind::bad_request:
      return {400, "bad_request"};
    case Kind::not_found:
      return {404, "not_found"};
    case Kind::conflict:
      return {409, "conflict"};
    case Kind::stopped:
      return {503, "stopped"};
    case Kind::failed:
    case Kind::done:
      break;
  }
  return {500, "failed"};
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The request guard has checked that two digits follow each '%'.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size();
    out += escaped ? static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2])) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

std::optional<OperatorArguments> arguments_of(const HttpRequest& request) {
  if (request.head.method == HttpMethod::post) return arguments_of_json(request.body);
  const std::size_t mark = request.head.target.find('?');
  return mark == std::string_view::npos ? OperatorArguments()
                                        : arguments_of_query(request.head.target.substr(mark + 1));
}

}  // namespace

std::optional<OperatorArguments> arguments_of_query(std::string_view query) {
  OperatorArguments arguments;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    if (!arguments.emplace(decoded(pair.substr(0, equals)), decoded(value)).second) return std::nullopt;
  }
  return arguments;
}

std::optional<OperatorArguments> arguments_of_json(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  OperatorArguments arguments;
  for (const auto& [name, argument] : value.as_object()) {
    if (!argument.is_string()) return std::nullopt;
    arguments.emplace(std::string(name), std::string(argument.as_string()));
  }
  return arguments;
}

HttpReply operator_reply(const OperatorAnswer& answer, std::string_view request_id) {
  HttpReply reply;
  if (answer.kind != Kind::done) {
    const Failure failure = failure_of(answer.kind);
    reply.status = failure.status;
    json::object error{{"code", json::string_view(failure.code.data(), failure.code.size())},
                       {"message", answer.sentence},
                       {"request_id", json::string_view(request_id.data(), request_id.size())}};
    reply.body = json::serialize(json::object{{"error", std::move(error)}}) + '\n';
    if (reply.status == 503) reply.headers.push_back({"Retry-After", "1"});
    return reply;
  }
  reply.body = "{\"items\":[";
  const char* separator = "\n";
  for (const std::string& item : answer.items) {
    reply.body.append(separator).append(item);
    separator = ",\n";
  }
  reply.body += "\n]";
  if (!answer.next.empty()) reply.body.append(",\"next\":").append(json::serialize(json::string(answer.next)));
  reply.body += "}\n";
  return reply;
}

void OperatorAccess::guard(Route& route, TokenScope needed) const {
  if (!required) return;
  route.scope = needed;
  route.refuse = refuse;
  if (admit) route.admit = [admit = admit, needed](const RequestHead& head) { return admit(head, needed); };
}

namespace {

using RefusedAs = OperatorAccess::RefusedAs;

// Whoever shows no token of ours is nobody known: his 401 is counted with those of the listener.
void note_refusals(Route& route, const std::string& operation, const OperatorAccess& access) {
  if (!access.refused || !access.who) return;
  route.refused = [operation, access](const Refusal& refusal, const RequestHead& head, const IpAddress& client,
                                      std::string_view request_id) {
    if (refusal.status != 403 && refusal.status != 413) return;
    OperatorCaller caller{access.who(head), {}, client.text(), std::string(request_id)};
    if (caller.name.empty()) return;
    const RefusedAs as = refusal.status == 403 ? RefusedAs::forbidden : RefusedAs::bad_request;
    access.refused({operation, {}, std::move(caller)}, as, refusal.message);
  };
}

}  // namespace

void add_operator_routes(HttpRouter& router, const AskOperator& ask, const OperatorAccess& access) {
  for (const Operation& operation : operations()) {
    Route route;
    route.method = operation.posts() ? HttpMethod::post : HttpMethod::get;
    route.path = "/api/v1/" + std::string(operation.name);
    access.guard(route, operation.posts() ? TokenScope::admin : TokenScope::read);
    route.purpose = std::string(operation.purpose) + ".";
    if (operation.posts()) {
      route.body_bytes_max = kOperatorBodyBytesMax;
      note_refusals(route, std::string(operation.name), access);
    }
    const auto refused = operation.posts() ? access.refused : nullptr;
    route.handle = [ask, name = std::string(operation.name), required = access.required, refused](
                       const HttpRequest& request, const ReplyTo& reply) {
      OperatorCaller caller{std::string(kAdminSocketCaller), {}, {}, request.request_id};
      if (required) caller = {request.source, "admin", request.peer.text(), request.request_id};
      auto arguments = arguments_of(request);
      if (!arguments) {
        constexpr std::string_view kWhy = "the arguments are a query with each name once, or a JSON object of texts";
        if (refused) refused({name, {}, std::move(caller)}, RefusedAs::bad_request, kWhy);
        return reply(operator_reply({Kind::bad_request, std::string(kWhy), {}, {}}, request.request_id));
      }
      ask({name, std::move(*arguments), std::move(caller)},
          [reply, id = request.request_id](const OperatorAnswer& answer) { reply(operator_reply(answer, id)); });
    };
    router.add(std::move(route));
  }
}

}  // namespace straykey
