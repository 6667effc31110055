#include "net/io/peer_stream.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

}  // namespace

PeerStream::PeerStream(IoSocket socket, const TlsContext& tls) : socket_(std::move(socket)) {
  IoError ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (tls != nullptr) tls_.emplace(socket_, tls);
}

IoAwait<IoError> PeerStream::handshake() {
  return tls_->handshake();
}

IoAwait<std::pair<IoError, std::size_t>> PeerStream::read_some(asio::mutable_buffer buffer) {
  if (tls_) return tls_->read_some(buffer);
  return read_plain(buffer);
}

IoAwait<IoError> PeerStream::write(std::string_view bytes) {
  if (tls_) return tls_->write(bytes);
  return write_plain(bytes);
}

IoAwait<std::pair<IoError, std::size_t>> PeerStream::read_plain(asio::mutable_buffer buffer) {
  const auto [error, size] = co_await socket_.async_read_some(buffer, kAwait);
  co_return std::pair{error, size};
}

IoAwait<IoError> PeerStream::write_plain(std::string_view bytes) {
  const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(bytes), kAwait);
  co_return error;
}

IoAwait<void> PeerStream::shut_down() {
  if (tls_) co_await tls_->shut_down();
  IoError ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  close();
}

IoAwait<void> PeerStream::drain_and_shut_down(std::size_t bytes_max) {
  if (tls_) tls_->answer_end();
  IoError ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> dropped;  // NOLINT: written by the read
  for (std::size_t total = 0; total < bytes_max;) {
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(dropped), kAwait);
    if (error) break;
    total += size;
  }
  close();
}

void PeerStream::answer_end() noexcept {
  if (tls_) tls_->answer_end();
}

void PeerStream::end_sending() noexcept {
  answer_end();
  IoError ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

std::size_t PeerStream::waiting_bytes() noexcept {
  IoError ignored;
  return tls_ ? tls_->waiting_bytes() : socket_.available(ignored);
}

void PeerStream::close() noexcept {
  IoError ignored;
  socket_.close(ignored);
}

}  // namespace straykey
