#include "tools/store/admin_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/special_file.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

constexpr std::string_view kItems = "{\"items\":[";
constexpr int kBusyPauseMs = 100;

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Of an operation that the table has, as net/API.md says.
std::string request_text(const OperatorRequest& request) {
  const Operation* operation = find_operation(request.operation);
  std::string target = "/api/v1/" + request.operation, body;
  const bool changes = operation != nullptr && operation->posts();
  if (changes) {
    json::object arguments;
    for (const auto& [name, value] : request.arguments) arguments[name] = value;
    body = json::serialize(arguments);
  } else {
    char separator = '?';
    for (const auto& [name, value] : request.arguments) {
      target += separator + percent_encoded(name) + '=' + percent_encoded(value);
      separator = '&';
    }
  }
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
                     changes ? "POST" : "GET", target, body.size(), body);
}

bool is_refused_as_one_too_many(const Result<std::string>& reply) {
  return reply.ok() && reply.value().find("\"too_many_connections\"") != std::string::npos;
}

Kind kind_of(unsigned status) {
  if (status == 404) return Kind::not_found;
  if (status == 409) return Kind::conflict;
  if (status == 503) return Kind::stopped;
  return status >= 400 && status < 500 ? Kind::bad_request : Kind::failed;
}

std::optional<OperatorAnswer> read_failure(unsigned status, std::string_view body) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  const json::object* whole = error ? nullptr : value.if_object();
  const json::value* inner = whole == nullptr ? nullptr : whole->if_contains("error");
  const json::object* told = inner == nullptr ? nullptr : inner->if_object();
  const json::value* message = told == nullptr ? nullptr : told->if_contains("message");
  if (message == nullptr || !message->is_string()) return std::nullopt;
  return OperatorAnswer{kind_of(status), std::string(message->as_string()), {}, {}};
}

// Items are told apart by their lines, so that each is byte for byte what the server wrote.
std::optional<OperatorAnswer> read_items(std::string_view body) {
  if (!body.starts_with(kItems)) return std::nullopt;
  body.remove_prefix(body.find('\n') == std::string_view::npos ? body.size() : body.find('\n') + 1);
  OperatorAnswer answer;
  while (!body.empty()) {
    std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    if (line.starts_with(']')) {
      json::error_code error;
      const json::value end = json::parse(std::string(kItems) + std::string(line), error);
      if (error) return std::nullopt;
      if (const json::value* next = end.as_object().if_contains("next"); next != nullptr && next->is_string())
        answer.next = next->as_string();
      return answer;
    }
    if (line.ends_with(',')) line.remove_suffix(1);
    if (!line.empty()) answer.items.emplace_back(line);
  }
  return std::nullopt;  // cut short
}

}  // namespace

std::string admin_socket_path(const std::string& data_dir) {
  return data_dir + "/" + std::string(kAdminSocketName);
}

std::optional<OperatorAnswer> read_operator_reply(std::string_view reply) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  const std::size_t head = reply.find("\r\n\r\n");
  if (!reply.starts_with(kStart) || head == std::string_view::npos) return std::nullopt;
  unsigned status = 0;
  for (const char c : reply.substr(kStart.size(), 3)) {
    if (c < '0' || c > '9') return std::nullopt;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  const std::string_view body = reply.substr(head + 4);
  return status == 200 ? read_items(body) : read_failure(status, body);
}

Result<Descriptor> AdminSocket::connect() const {
  sockaddr_un address{};
  // A server cannot listen at such a path either.
  if (path_.size() >= sizeof address.sun_path) return Descriptor();
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error{path_ + ": " + std::strerror(errno)};
  const timeval patience{kAnswerSeconds, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return Descriptor();
  return Error{path_ + ": " + std::strerror(errno)};
}

Result<bool> AdminSocket::is_served() const {
  const auto socket = connect();
  if (!socket) return socket.error();
  return socket.value().is_open();
}

Result<std::string> AdminSocket::exchange(const std::string& request) const {
  const auto socket = connect();
  if (!socket) return socket.error();
  if (!socket.value().is_open()) return Error{path_ + ": the server has ended"};
  const int number = socket.value().number();
  for (std::size_t sent = 0; sent < request.size();) {
    const auto size = ::send(number, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    // A server that has closed the connection may have said why.
    if (size < 0 && (errno == EPIPE || errno == ECONNRESET)) break;
    if (size < 0) return Error{path_ + ": " + std::strerror(errno)};
    sent += static_cast<std::size_t>(size);
  }
  std::string reply;
  std::vector<char> buffer(64 * 1024);
  while (true) {
    const auto size = ::recv(number, buffer.data(), buffer.size(), 0);
    if (size == 0 || (size < 0 && errno == ECONNRESET)) return reply;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return Error{fmt::format("{}: the server has not answered for {} seconds", path_, kAnswerSeconds)};
    if (size < 0) return Error{path_ + ": " + std::strerror(errno)};
    reply.append(buffer.data(), static_cast<std::size_t>(size));
    if (reply.size() > kAnswerBytesMax) return Error{path_ + ": the answer is too long"};
  }
}

Result<std::string> AdminSocket::exchange_patiently(const std::string& request) const {
  auto reply = exchange(request);
  for (int waited = 0; is_refused_as_one_too_many(reply) && waited < kBusyPatienceMs; waited += kBusyPauseMs) {
    ::poll(nullptr, 0, kBusyPauseMs);
    reply = exchange(request);
  }
  return reply;
}

OperatorAnswer AdminSocket::ask(const OperatorRequest& request) const {
  const auto reply = exchange_patiently(request_text(request));
  if (is_refused_as_one_too_many(reply))
    return {Kind::stopped,
            path_ + ": the server is busy: too many connections to it are open. Asking again does no harm",
            {},
            {}};
  if (!reply) return {Kind::failed, reply.error().message, {}, {}};
  if (auto answer = read_operator_reply(reply.value())) return std::move(*answer);
  return {Kind::failed,
          reply.value().empty() ? path_ + ": the server ended before it answered; asking again does no harm"
                                : path_ + ": what answers there is no straykey of this version",
          {},
          {}};
}

Result<std::string> AdminSocket::get(std::string_view target) const {
  return body_of(
      exchange_patiently(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target)));
}

Result<std::string> AdminSocket::post(std::string_view target, std::string_view body) const {
  return body_of(exchange_patiently(
      fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", target,
                  body.size(), body)));
}

Result<std::string> AdminSocket::body_of(const Result<std::string>& reply) const {
  if (!reply) return reply.error();
  const std::size_t head = reply.value().find("\r\n\r\n");
  if (reply.value().starts_with("HTTP/1.1 200 ") && head != std::string::npos) return reply.value().substr(head + 4);
  const auto failure = read_operator_reply(reply.value());
  return Error{failure ? failure->sentence : path_ + ": what answers there is no straykey of this version"};
}

}  // namespace straykey
