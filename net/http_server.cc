#include "net/http_server.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <future>

#include "net/http_session.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr int kBacklog = 1'024;
constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 91\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"code\":\"too_many_connections\",\"message\":\"Connection limit.\",\"request_id\":\"none\"}}";

IpAddress address_of(const asio::ip::address& address) {
  const asio::ip::address_v6 v6 =
      address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  const auto bytes = v6.to_bytes();
  IpAddress out;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

// What would fail again at once.
bool is_exhaustion(const IoError& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

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
    : runtime_(runtime) {
  if (settings.tls) tls_ = std::make_unique<TlsServer>(*settings.tls);
  listener_ =
      std::make_shared<HttpListener>(std::move(settings), std::move(router), std::move(services.auth),
                                     std::move(services.budget), runtime.threads(), services.metrics, services.log);
}

HttpServer::~HttpServer() {
  drain(std::chrono::milliseconds(0));
}

Status HttpServer::reload_tls(Seconds now) {
  return tls_ ? tls_->reload(now) : Status{};
}

Status HttpServer::listen() {
  const HttpListenerSettings& settings = listener_->settings;
  const std::string where = settings.address + " port " + std::to_string(settings.port);
  IoError error;
  const asio::ip::address address = asio::ip::make_address(settings.address, error);
  if (error) return Error{"listener " + settings.name + ": " + settings.address + " is no IP address"};
  const tcp::endpoint endpoint(address, settings.port);
  auto acceptor = std::make_shared<Acceptor>(runtime_.context(0).get_executor());
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (!error) port_ = acceptor->local_endpoint(error).port();
  if (error) return Error{"listener " + settings.name + " cannot listen on " + where + ": " + error.message()};
  acceptor_ = std::move(acceptor);
  return {};
}

Status HttpServer::start(Seconds now) {
  CHECK(acceptor_ == nullptr);
  if (auto status = reload_tls(now); !status) return status;
  if (auto status = listen(); !status) return status;
  for (std::size_t i = 0; i < runtime_.threads(); ++i) {
    const IoExecutor executor = runtime_.context(i).get_executor();
    asio::co_spawn(executor, sweep(listener_, i, executor), log_exception(listener_));
  }
  asio::co_spawn(acceptor_->get_executor(), accept_connections(), log_exception(listener_));
  return {};
}

IoAwait<void> HttpServer::accept_connections() {
  const std::shared_ptr<HttpListener> listener = listener_;
  const std::shared_ptr<Acceptor> acceptor = acceptor_;
  Timer pause(acceptor->get_executor());
  while (acceptor->is_open()) {
    const std::size_t io_thread = next_io_thread_;
    IoSocket socket(runtime_.context(io_thread).get_executor());
    const auto [error] = co_await acceptor->async_accept(socket, kAwait);
    // From here on `this` lives only if the listener is not draining: drain() waits for this thread before it returns.
    if (listener->draining.load()) break;
    if (!error) {
      next_io_thread_ = (io_thread + 1) % runtime_.threads();
      take(std::move(socket), io_thread);
      continue;
    }
    listener->counts.accept_errors.add();
    if (!is_exhaustion(error)) continue;
    listener->log.warning("cannot accept a connection now", {{"why", error.message()}});
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(kAwait);
    if (listener->draining.load()) break;
  }
}

void HttpServer::take(IoSocket socket, std::size_t io_thread) {
  IoError error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const IpAddress address = address_of(remote.address());
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
  if (acceptor_ == nullptr) return true;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  listener_->drain_deadline.store(deadline);
  listener_->draining.store(true);
  auto closed = std::make_shared<std::promise<void>>();
  const std::future<void> done = closed->get_future();
  asio::post(acceptor_->get_executor(), [acceptor = acceptor_, closed] {
    IoError ignored;
    acceptor->close(ignored);
    closed->set_value();
  });
  // A runtime that is stopped, or was never started, has nothing left to wait for.
  const auto patience = std::chrono::seconds(1) + 4 * listener_->settings.timeouts.tick;
  const bool stopped = runtime_.context(0).stopped();
  if (!stopped) done.wait_until(deadline + patience);
  // Past the deadline the ticks answer 503 or close; that takes a moment.
  const bool ended = listener_->connections.wait_empty_until(stopped ? deadline : deadline + patience);
  acceptor_.reset();
  return ended && listener_->cut_short.load() == 0;
}

}  // namespace straykey
