#include "net/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <new>

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});
// Until then a peer that is never waited for keeps its thread; a call counts as kCallBytes at least.
constexpr std::size_t kTurnBytes = 256 * 1024;
constexpr std::size_t kCallBytes = 4 * 1024;

int socket_of(BIO* bio) {
  BIO_clear_retry_flags(bio);
  return static_cast<IoSocket*>(BIO_get_data(bio))->native_handle();
}

bool may_retry() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int receive(BIO* bio, char* to, int size) {
  const ssize_t received = ::recv(socket_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (received < 0 && may_retry()) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

int send(BIO* bio, const char* from, int size) {
  const ssize_t sent = ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && may_retry()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_transport_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "io socket");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(method, receive);
  BIO_meth_set_write(method, send);
  BIO_meth_set_ctrl(method, control);
  return method;
}

// Unlike OpenSSL's own for sockets it raises no SIGPIPE, and it asks the socket object for the descriptor: after
// close() there is none, whoever has got its number by then.
BIO* make_transport(IoSocket& socket) {
  static const BIO_METHOD* const method = make_transport_method();
  BIO* const bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void TlsStream::Free::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

TlsStream::TlsStream(IoSocket& socket, const TlsContext& context)
    : socket_(socket), ssl_(SSL_new(context->native_handle())) {
  ERR_clear_error();
  if (!ssl_) throw std::bad_alloc();
  BIO* const transport = make_transport(socket);
  SSL_set_bio(ssl_.get(), transport, transport);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

std::size_t TlsStream::pending_bytes() const noexcept {
  return static_cast<std::size_t>(SSL_pending(ssl_.get()));
}

IoAwait<IoError> TlsStream::handshake() {
  return repeat([ssl = ssl_.get()] { return SSL_do_handshake(ssl); });
}

IoAwait<IoError> TlsStream::write(std::string_view bytes) {
  return repeat([ssl = ssl_.get(), bytes] {
    std::size_t written = 0;
    return bytes.empty() ? 1 : SSL_write_ex(ssl, bytes.data(), bytes.size(), &written);
  });
}

IoAwait<IoError> TlsStream::shut_down() {
  return repeat([ssl = ssl_.get()] {
    const int said = SSL_shutdown(ssl);
    return said == 0 ? SSL_shutdown(ssl) : said;  // the second waits for the peer's
  });
}

template <class Call>
IoAwait<IoError> TlsStream::repeat(Call call) {
  for (;;) {
    ERR_clear_error();
    const int reason = SSL_get_error(ssl_.get(), call());
    if (reason == SSL_ERROR_NONE) co_return IoError{};
    const IoError error = co_await wait(reason);
    if (error) co_return error;
  }
}

IoAwait<std::pair<IoError, std::size_t>> TlsStream::read_some(asio::mutable_buffer buffer) {
  if (since_turn_ >= kTurnBytes) {
    since_turn_ = 0;
    co_await asio::post(socket_.get_executor(), kAwait);
  }
  for (;;) {
    const auto [reason, size] = read_now(buffer);
    since_turn_ += std::max(size, kCallBytes);
    if (size > 0 || reason == SSL_ERROR_NONE) co_return std::pair{IoError{}, size};
    const IoError error = co_await wait(reason);
    if (error) co_return std::pair{error, std::size_t{0}};
  }
}

std::pair<int, std::size_t> TlsStream::read_now(asio::mutable_buffer buffer) noexcept {
  int reason = SSL_ERROR_NONE;
  std::size_t total = 0;
  const std::size_t room = std::min(buffer.size(), kTurnBytes);
  while (total < room && reason == SSL_ERROR_NONE) {
    std::size_t size = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(ssl_.get(), static_cast<char*>(buffer.data()) + total, room - total, &size);
    reason = SSL_get_error(ssl_.get(), done);
    total += size;
  }
  return {reason, total};
}

IoAwait<IoError> TlsStream::wait(int reason) {
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) co_return failure(reason);
  since_turn_ = 0;
  const auto [error] =
      co_await socket_.async_wait(reason == SSL_ERROR_WANT_READ ? IoSocket::wait_read : IoSocket::wait_write, kAwait);
  co_return error;
}

IoError TlsStream::failure(int reason) const {
  if (!socket_.is_open()) return asio::error::operation_aborted;
  if (reason == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  if (reason == SSL_ERROR_SSL) return {static_cast<int>(ERR_get_error()), asio::error::get_ssl_category()};
  return asio::ssl::error::stream_truncated;
}

}  // namespace straykey
