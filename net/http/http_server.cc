#include "net/http/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "net/http/http_session.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 91\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"code\":\"too_many_connections\",\"message\":\"Connection limit.\",\"request_id\":\"none\"}}";

// Logs what no coroutine of ours should throw but memory exhaustion can.
auto log_exception(std::shared_ptr<HttpListener> listener) {
  return [listener = std::move(listener)](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      listener->log.error("a connection ended by an exception", {{"what", error.what()}});
    } catch (...) {
      listener->log.error("a connection ended by something that is no exception");
    }
  };
}

}  // namespace

HttpServer::HttpServer(IoRuntime& runtime, HttpListenerSettings settings, HttpRouter router, HttpServices services)
    : runtime_(runtime),
      listener_(std::make_shared<HttpListener>(std::move(settings), std::move(router), std::move(services.auth),
                                               std::move(services.budget), runtime.threads(), services.metrics,
                                               services.log)),
      acceptor_(runtime, {listener_->settings.name, listener_->settings.address, listener_->settings.port},
                services.metrics, services.log) {
  if (listener_->settings.tls) tls_ = std::make_unique<TlsServer>(*listener_->settings.tls);
}

HttpServer::~HttpServer() {
  drain(std::chrono::milliseconds(0));
}

Status HttpServer::reload_tls(Seconds now) {
  return tls_ ? tls_->reload(now) : Status{};
}

Status HttpServer::start(Seconds now) {
  INVARIANT(!started_);
  if (auto status = reload_tls(now); !status) return status;
  // If the io thread is busy for longer than draining waits for it, `this` is no more; the listener is.
  auto on_socket = [this, listener = listener_](IoSocket socket, std::size_t io_thread) {
    if (!listener->draining.load()) take(std::move(socket), io_thread);
  };
  if (auto status = acceptor_.start(std::move(on_socket)); !status) return status;
  started_ = true;
  for (std::size_t i = 0; i < runtime_.threads(); ++i) {
    const IoExecutor executor = runtime_.context(i).get_executor();
    asio::co_spawn(executor, sweep(listener_, i, executor), log_exception(listener_));
  }
  return {};
}

void HttpServer::take(IoSocket socket, std::size_t io_thread) {
  IoError error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const IpAddress address = ip_address_of(remote.address());
  std::optional<ConnectionTable::Place> place = listener_->connections.enter(address);
  if (!place) {
    const bool full = listener_->connections.size() >= listener_->settings.connections.connections_max;
    (full ? listener_->counts.full : listener_->counts.full_address).add();
    socket.non_blocking(true, error);
    if (!tls_) socket.write_some(asio::buffer(kFullReply.data(), kFullReply.size()), error);
    return;
  }
  const TlsContext tls = tls_ ? tls_->current() : nullptr;
  const IoExecutor executor = socket.get_executor();
  auto session = std::make_shared<HttpSession>(listener_, std::move(socket), tls, HttpSession::Peer{address, io_thread},
                                               std::move(*place));
  asio::co_spawn(
      executor, [session = std::move(session)]() -> IoAwait<void> { co_await session->run(); },
      log_exception(listener_));
}

IoAwait<void> HttpServer::sweep(std::shared_ptr<HttpListener> listener, std::size_t io_thread, IoExecutor executor) {
  Timer timer(executor);
  // Ends only after the last connection of a drained listener.
  while (!listener->draining.load() || listener->connections.size() > 0) {
    timer.expires_after(listener->settings.timeouts.tick);
    co_await timer.async_wait(kAwait);
    const auto now = std::chrono::steady_clock::now();
    for (HttpSession* session : listener->sessions[io_thread]) session->sweep(now);
    listener->counts.bytes_in_flight.set(static_cast<double>(listener->budget->used()));
  }
}

bool HttpServer::drain(std::chrono::milliseconds grace) {
  if (!started_) return true;
  started_ = false;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  listener_->drain_deadline.store(deadline);
  listener_->draining.store(true);
  acceptor_.stop();
  // Past the deadline the ticks answer 503 or close; that takes a moment.
  const auto patience = std::chrono::seconds(1) + 4 * listener_->settings.timeouts.tick;
  const bool stopped = runtime_.context(0).stopped();
  const bool ended = listener_->connections.wait_empty_until(stopped ? deadline : deadline + patience);
  return ended && listener_->cut_short.load() == 0;
}

}  // namespace straykey
