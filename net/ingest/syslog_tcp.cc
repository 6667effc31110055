#include "net/ingest/syslog_tcp.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "net/ingest/syslog_session.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

// Logs what no coroutine of ours should throw but memory exhaustion can.
auto log_exception(std::shared_ptr<SyslogListener> listener) {
  return [listener = std::move(listener)](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      listener->log.error("a syslog connection ended by an exception", {{"what", error.what()}});
    } catch (...) {
      listener->log.error("a syslog connection ended by something that is no exception");
    }
  };
}

}  // namespace

SyslogTcp::SyslogTcp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogServices services)
    : runtime_(runtime),
      intake_(services.intake),
      listener_(std::make_shared<SyslogListener>(std::move(settings), std::move(services.budget), runtime.threads(),
                                                 services.metrics, services.log)),
      acceptor_(runtime, {listener_->settings.name, listener_->settings.address, listener_->settings.port},
                services.metrics, services.log) {
  if (listener_->settings.tls) tls_ = std::make_unique<TlsServer>(*listener_->settings.tls);
}

SyslogTcp::~SyslogTcp() {
  drain(std::chrono::milliseconds(0));
}

Status SyslogTcp::reload_tls(Seconds now) {
  return tls_ ? tls_->reload(now) : Status{};
}

Status SyslogTcp::start(Seconds now) {
  if (auto status = reload_tls(now); !status) return status;
  if (auto status = acceptor_.start([this](IoSocket socket, std::size_t i) { take(std::move(socket), i); }); !status)
    return status;
  started_ = true;
  for (std::size_t i = 0; i < runtime_.threads(); ++i) {
    const IoExecutor executor = runtime_.context(i).get_executor();
    asio::co_spawn(executor, sweep(listener_, i, executor), log_exception(listener_));
  }
  return {};
}

void SyslogTcp::take(IoSocket socket, std::size_t io_thread) {
  IoError error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const IpAddress address = ip_address_of(remote.address());
  if (!listener_->admits(address)) {
    listener_->counts.refused_network.add();
    listener_->log.warning("a syslog sender is in none of the networks of allow_cidrs",
                           {{"listener", listener_->settings.name}, {"sender", address.text()}});
    return;
  }
  std::optional<ConnectionTable::Place> place = listener_->connections.enter(address);
  if (!place) {
    const bool full = listener_->connections.size() >= listener_->settings.connections.connections_max;
    (full ? listener_->counts.refused_connections : listener_->counts.refused_address).add();
    return;
  }
  socket.set_option(asio::socket_base::keep_alive(true), error);  // a sender that vanished leaves before its idle time
  const TlsContext tls = tls_ ? tls_->current() : nullptr;
  const IoExecutor executor = socket.get_executor();
  auto session = std::make_shared<SyslogSession>(listener_, intake_, std::move(socket), tls,
                                                 SyslogSession::Peer{address, io_thread}, std::move(*place));
  asio::co_spawn(
      executor, [session = std::move(session)]() -> IoAwait<void> { co_await session->run(); },
      log_exception(listener_));
}

IoAwait<void> SyslogTcp::sweep(std::shared_ptr<SyslogListener> listener, std::size_t io_thread, IoExecutor executor) {
  Timer timer(executor);
  // Ends only after the last connection of a drained listener.
  while (!listener->draining.load() || listener->connections.size() > 0) {
    timer.expires_after(listener->settings.timeouts.tick);
    co_await timer.async_wait(kAwait);
    const auto now = std::chrono::steady_clock::now();
    for (SyslogSession* session : listener->sessions[io_thread]) session->sweep(now);
    listener->show_message_age(now);
  }
}

bool SyslogTcp::drain(std::chrono::milliseconds grace) {
  if (!started_) return true;
  started_ = false;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  listener_->drain_deadline.store(deadline);
  listener_->draining.store(true);
  acceptor_.stop();
  // Past the deadline the ticks end what still waits; that takes a moment.
  const auto& timeouts = listener_->settings.timeouts;
  const bool stopped = runtime_.context(0).stopped();
  const auto patience = std::chrono::seconds(1) + 4 * timeouts.tick + timeouts.retry_max;
  const bool ended = listener_->connections.wait_empty_until(stopped ? deadline : deadline + patience);
  return ended && listener_->cut_short.load() == 0;
}

}  // namespace straykey
