#include "net/io/proxied_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

}  // namespace

IoAwait<void> ProxiedSession::run() {
  const std::optional<ProxyHeader> header = co_await read_header();
  if (!header) {
    // Somebody who only looks whether the port is there sends nothing.
    if (!received_.empty()) callbacks_.on_bad_header(peer_.address);
    close();
    co_return;
  }
  received_ = {};
  if (header->client) peer_.address = *header->client;
  session_ = callbacks_.open(std::move(socket_), peer_);
  if (session_ != nullptr) co_await session_->run();
}

// Nothing beyond the header may be read: it is the client's. A line is read byte by byte to its end.
IoAwait<std::optional<ProxyHeader>> ProxiedSession::read_header() {
  bool whole = co_await receive(kProxyBeginBytes);
  if (!whole) co_return std::nullopt;
  if (begins_proxy_binary(received_)) {
    whole = co_await receive(kProxyBinaryBytes - kProxyBeginBytes);
    const auto rest = whole ? proxy_binary_rest(received_) : std::nullopt;
    if (!rest) co_return std::nullopt;
    whole = co_await receive(*rest);
    if (!whole) co_return std::nullopt;
    co_return read_proxy_binary(received_);
  }
  if (!begins_proxy_line(received_)) co_return std::nullopt;
  while (received_.back() != '\n' && received_.size() < kProxyLineBytesMax) {
    whole = co_await receive(1);
    if (!whole) co_return std::nullopt;
  }
  co_return read_proxy_line(received_);
}

IoAwait<bool> ProxiedSession::receive(std::size_t bytes) {
  const std::size_t before = received_.size();
  received_.resize(before + bytes);
  const auto [error, size] = co_await asio::async_read(socket_, asio::buffer(received_.data() + before, bytes), kAwait);
  received_.resize(before + size);
  co_return !error;
}

void ProxiedSession::sweep(TimePoint now) {
  if (session_ != nullptr) return session_->sweep(now);
  if (now >= until_ || draining_->begun.load()) close();
}

void ProxiedSession::give_way() {
  if (session_ != nullptr) return session_->give_way();
  close();
}

void ProxiedSession::close() noexcept {
  IoError ignored;
  socket_.close(ignored);
}

}  // namespace straykey
