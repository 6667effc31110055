#include "net/client/client_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace straykey {
namespace {

// Up to this size, head and body go out together, as one TLS record and one packet.
constexpr std::size_t kJoinedBytesMax = 16 * 1024;

void set_timeout(int socket, int which, int milliseconds) {
  const timeval time{milliseconds / 1'000, (milliseconds % 1'000) * 1'000};
  ::setsockopt(socket, SOL_SOCKET, which, &time, sizeof time);
}

void set_timeouts(int socket, int milliseconds) {
  set_timeout(socket, SO_SNDTIMEO, milliseconds);
  set_timeout(socket, SO_RCVTIMEO, milliseconds);
}

std::optional<IpAddress> address_of(const addrinfo& found) {
  if (found.ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, found.ai_addr, sizeof v4);
    return IpAddress::from_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (found.ai_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, found.ai_addr, sizeof v6);
  IpAddress result;
  std::memcpy(result.bytes.data(), &v6.sin6_addr, result.bytes.size());
  return result;
}

using std::chrono::steady_clock;

// Whether a call over TLS only waits for the network.
bool is_wait(int error) {
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool timed_out(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS;
}

}  // namespace

Result<Descriptor> connect_socket(const std::string& host, std::uint16_t port, int socket_type,
                                  const ClientSocket::Limits& limits) {
  addrinfo hints{};
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return Error{"the server's name has no address"};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const auto address = address_of(*at);
    if (limits.permits != nullptr && (!address || !limits.permits(*address)))
      return Error{"the server's name leads to an address that is not allowed"};
    Descriptor socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    if (socket.is_open()) {
      set_timeouts(socket.number(), limits.connect_ms);
      if (::connect(socket.number(), at->ai_addr, at->ai_addrlen) == 0) return socket;
    }
    error = errno;
  }
  if (timed_out(error)) return Error{"connecting took too long"};
  return Error{std::string("could not connect: ") + std::strerror(error)};
}

ClientSocket::ClientSocket(Limits limits, std::shared_ptr<const TlsTrust> tls)
    : limits_(std::move(limits)), tls_(std::move(tls)) {}

ClientSocket::~ClientSocket() {
  close();
}

void ClientSocket::close() {
  if (session_ && SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
  session_.reset();
  socket_ = Descriptor();
}

Error ClientSocket::fail(const std::string& what) {
  // On a session that failed nothing more may be sent, not even close_notify.
  if (session_) SSL_set_quiet_shutdown(session_.get(), 1);
  close();
  return Error{what};
}

Status ClientSocket::connect(const std::string& host, std::uint16_t port) {
  INVARIANT(!is_open());
  auto socket = connect_socket(host, port, SOCK_STREAM, limits_);
  if (!socket) return socket.error();
  socket_ = std::move(socket).value();
  const int on = 1;
  ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_)
    if (Status status = handshake(host); !status.ok()) return status;
  set_timeouts(socket_.number(), limits_.io_ms);
  if (limits_.stopped) set_timeout(socket_.number(), SO_RCVTIMEO, std::min(kLookMs, limits_.io_ms));
  return {};
}

Status ClientSocket::handshake(const std::string& host) {
  session_ = tls_->session_with(host);
  SSL* const ssl = session_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, socket_.number()) != 1) return fail("TLS could not be set up");
  // A blocking socket would be read until a record is whole, however slowly its bytes come.
  ::fcntl(socket_.number(), F_SETFL, ::fcntl(socket_.number(), F_GETFL) | O_NONBLOCK);
  SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
  const Deadline deadline = steady_clock::now() + std::chrono::milliseconds(limits_.connect_ms);
  look_ = Deadline::max();
  while (true) {
    ERR_clear_error();
    const int done = SSL_connect(ssl);
    if (done == 1) return {};
    const int error = SSL_get_error(ssl, done);
    if (!is_wait(error)) return fail(handshake_failure(ssl));
    if (!waits_for_tls(error, deadline)) return fail("the TLS handshake took too long");
  }
}

Status ClientSocket::write(std::string_view first, std::string_view second) {
  INVARIANT(is_open());
  has_read_ = false;
  if (!session_) return write_plain(first, second);
  if (first.size() + second.size() <= kJoinedBytesMax) {
    joined_.assign(first).append(second);
    return write_tls(joined_);
  }
  if (Status status = write_tls(first); !status.ok()) return status;
  return write_tls(second);
}

Status ClientSocket::write_plain(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                               iovec{const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(timed_out(errno) ? "the server took nothing more" : std::strerror(errno));
    const std::size_t of_first = std::min(first.size(), static_cast<std::size_t>(sent));
    first.remove_prefix(of_first);
    second.remove_prefix(static_cast<std::size_t>(sent) - of_first);
  }
  return {};
}

Status ClientSocket::write_tls(std::string_view bytes) {
  const auto limit = std::chrono::milliseconds(limits_.io_ms);
  look_ = Deadline::max();
  for (Deadline deadline = steady_clock::now() + limit; !bytes.empty();) {
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written) == 1) {
      bytes.remove_prefix(written);
      deadline = steady_clock::now() + limit;
      continue;
    }
    const int error = SSL_get_error(session_.get(), 0);
    if (!is_wait(error)) return fail("the TLS connection broke while it was written to");
    if (!waits_for_tls(error, deadline)) return fail("the server took nothing more");
  }
  return {};
}

bool ClientSocket::waits_on(int waited) const {
  return limits_.stopped && waited * kLookMs < limits_.io_ms && !limits_.stopped();
}

Result<std::size_t> ClientSocket::read(char* bytes, std::size_t size) {
  INVARIANT(is_open());
  // A peer that sends a byte now and then never lets a read wait for kLookMs.
  if (has_read_ && limits_.stopped && limits_.stopped()) return fail("the connection was given up to stop");
  auto count = session_ ? read_tls(bytes, size) : read_plain(bytes, size);
  has_read_ = count.ok();
  return count;
}

Result<std::size_t> ClientSocket::read_plain(char* bytes, std::size_t size) {
  for (int waited = 1;;) {
    const ssize_t count = ::recv(socket_.number(), bytes, size, 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (!timed_out(errno)) return fail(std::strerror(errno));
    if (!waits_on(waited++)) return fail("no answer within the time limit");
  }
}

Result<std::size_t> ClientSocket::read_tls(char* bytes, std::size_t size) {
  const Deadline began = steady_clock::now(), deadline = began + std::chrono::milliseconds(limits_.io_ms);
  look_ = limits_.stopped ? began + std::chrono::milliseconds(kLookMs) : Deadline::max();
  while (true) {
    std::size_t count = 0;
    ERR_clear_error();
    if (SSL_read_ex(session_.get(), bytes, size, &count) == 1) return count;
    const int error = SSL_get_error(session_.get(), 0);
    if (error == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    if (!is_wait(error)) return fail("the TLS connection broke");
    if (!waits_for_tls(error, deadline)) return fail("no answer within the time limit");
  }
}

bool ClientSocket::waits_for_tls(int error, Deadline deadline) {
  const auto wanted = static_cast<short>(error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN);
  for (Deadline now = steady_clock::now(); now < deadline; now = steady_clock::now()) {
    if (limits_.stopped && now >= look_) {
      if (limits_.stopped()) return false;
      look_ = now + std::chrono::milliseconds(kLookMs);
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(deadline, look_) - now);
    pollfd waiting{socket_.number(), wanted, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

}  // namespace straykey
