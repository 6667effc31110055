#include "net/io/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <memory>
#include <new>

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});
// After so many bytes a peer whose data is always there must let others have the thread. A call counts as at least
// kCallBytes.
constexpr std::size_t kTurnBytes = 256 * 1024;
constexpr std::size_t kCallBytes = 4 * 1024;

// What OpenSSL reads from and writes to.
struct Transport {
  IoSocket& socket;
  std::size_t& turn_bytes;
  bool& peer_ended;
};

Transport& transport_of(BIO* bio) {
  BIO_clear_retry_flags(bio);
  return *static_cast<Transport*>(BIO_get_data(bio));
}

bool may_retry() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// When the turn is used up, nothing is received until wait() has let others have theirs.
int receive(BIO* bio, char* to, int size) {
  auto& [socket, turn_bytes, peer_ended] = transport_of(bio);
  if (turn_bytes == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const ssize_t received = ::recv(socket.native_handle(), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (received < 0 && may_retry()) BIO_set_retry_read(bio);
  if (received == 0) peer_ended = true;
  turn_bytes -= std::min(turn_bytes, std::max(static_cast<std::size_t>(std::max<ssize_t>(received, 0)), kCallBytes));
  return static_cast<int>(received);
}

int send(BIO* bio, const char* from, int size) {
  const int descriptor = transport_of(bio).socket.native_handle();
  const ssize_t sent = ::send(descriptor, from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && may_retry()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int destroy(BIO* bio) {
  delete static_cast<Transport*>(BIO_get_data(bio));
  return 1;
}

BIO_METHOD* make_transport_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "io socket");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(method, receive);
  BIO_meth_set_write(method, send);
  BIO_meth_set_ctrl(method, control);
  BIO_meth_set_destroy(method, destroy);
  return method;
}

// Unlike OpenSSL's own for sockets it raises no SIGPIPE. It also asks the socket object for the descriptor each time:
// after close() there is none, while the number may already belong to another file.
BIO* make_transport(IoSocket& socket, std::size_t& turn_bytes, bool& peer_ended) {
  static const BIO_METHOD* const method = make_transport_method();
  auto transport = std::make_unique<Transport>(Transport{socket, turn_bytes, peer_ended});
  BIO* const bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, transport.release());
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void TlsStream::Free::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

TlsStream::TlsStream(IoSocket& socket, const TlsContext& context)
    : socket_(socket), turn_bytes_(kTurnBytes), ssl_(SSL_new(context->native_handle())) {
  ERR_clear_error();
  if (!ssl_) throw std::bad_alloc();
  BIO* const transport = make_transport(socket, turn_bytes_, peer_ended_);
  SSL_set_bio(ssl_.get(), transport, transport);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

std::size_t TlsStream::waiting_bytes() noexcept {
  if (failed_) return 0;
  turn_bytes_ = kTurnBytes;
  char next = 0;
  std::size_t size = 0;
  ERR_clear_error();
  const int reason = SSL_get_error(ssl_.get(), SSL_peek_ex(ssl_.get(), &next, 1, &size));
  if (reason != SSL_ERROR_NONE) {
    keep_failure(reason);
    return 0;
  }
  IoError ignored;
  return static_cast<std::size_t>(SSL_pending(ssl_.get())) + socket_.available(ignored);
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
  while (!failed_) {
    ERR_clear_error();
    const int reason = SSL_get_error(ssl_.get(), call());
    if (reason == SSL_ERROR_NONE) co_return IoError{};
    const IoError error = co_await wait(reason);
    if (error) co_return error;
  }
  co_return failed_;
}

IoAwait<std::pair<IoError, std::size_t>> TlsStream::read_some(asio::mutable_buffer buffer) {
  while (!failed_) {
    const auto [reason, size] = read_now(buffer);
    if (size > 0 || reason == SSL_ERROR_NONE) co_return std::pair{IoError{}, size};
    const IoError error = co_await wait(reason);
    if (error) co_return std::pair{error, std::size_t{0}};
  }
  co_return std::pair{failed_, std::size_t{0}};
}

std::pair<int, std::size_t> TlsStream::read_now(asio::mutable_buffer buffer) noexcept {
  int reason = SSL_ERROR_NONE;
  std::size_t total = 0;
  while (total < buffer.size() && reason == SSL_ERROR_NONE) {
    std::size_t size = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(ssl_.get(), static_cast<char*>(buffer.data()) + total, buffer.size() - total, &size);
    reason = SSL_get_error(ssl_.get(), done);
    total += size;
  }
  keep_failure(reason);
  return {reason, total};
}

// OpenSSL reports a failure only once, so it is kept here. An end of what the peer sends is no failure, with
// close_notify or without: writing goes on. A sender that ends its side right behind a request waits for the answer.
void TlsStream::keep_failure(int reason) noexcept {
  if (reason == SSL_ERROR_SYSCALL && peer_ended_) return;
  const bool goes_on = reason == SSL_ERROR_NONE || reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ||
                       reason == SSL_ERROR_ZERO_RETURN;
  if (!goes_on && !failed_) failed_ = failure(reason);
}

IoAwait<IoError> TlsStream::wait(int reason) {
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
    keep_failure(reason);
    co_return failed_ ? failed_ : failure(reason);
  }
  turn_bytes_ = kTurnBytes;
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

void TlsStream::answer_end() noexcept {
  if (failed_ || !socket_.is_open()) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

}  // namespace straykey
