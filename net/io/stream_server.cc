#include "net/io/stream_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "net/io/peer_stream.h"
#include "net/io/proxied_session.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

// Of refused connections that are still read, so that their peers see why.
constexpr ConnectionLimits kFarewellsMax{64, 8};
constexpr std::chrono::milliseconds kFarewellPatience{2'000};
constexpr std::size_t kFarewellBytesMax = 64 * 1024;

// A refused connection, after the reply.
class Farewell final : public StreamSession {
 public:
  explicit Farewell(IoSocket socket)
      : until_(std::chrono::steady_clock::now() + kFarewellPatience), stream_(std::move(socket), nullptr) {}
  IoAwait<void> run() override { co_await stream_.drain_and_shut_down(kFarewellBytesMax); }
  void sweep(TimePoint now) override {
    if (now >= until_) stream_.close();
  }
  void give_way() override { stream_.close(); }

 private:
  const TimePoint until_;
  PeerStream stream_;
};

// What ends a session whose place is lost. Places are taken and lost on the thread that accepts; `session` is known
// there a moment after its place was taken.
std::function<void()> ending(const IoExecutor& executor, std::shared_ptr<std::weak_ptr<StreamSession>> session,
                             std::function<void()> on_gave_way) {
  return [executor, session = std::move(session), on_gave_way = std::move(on_gave_way)] {
    if (on_gave_way) on_gave_way();
    if (auto to_end = session->lock()) asio::post(executor, [to_end = std::move(to_end)] { to_end->give_way(); });
  };
}

// Logs an exception. Our coroutines throw none, but running out of memory does.
template <class State>
auto log_exception(std::shared_ptr<State> state) {
  return [state = std::move(state)](std::exception_ptr thrown) {
    if (!thrown) return;
    const std::string& listener = state->settings.listen.name;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      state->log.error("a connection ended by an exception", {{"listener", listener}, {"what", error.what()}});
    } catch (...) {
      state->log.error("a connection ended by something that is no exception", {{"listener", listener}});
    }
  };
}

// A TLS peer sees nothing but the end of its connection, so what it ran into must be found here.
void say_refused(Log& log, const StreamServer::Settings& settings, const IpAddress& peer, bool by_address) {
  const ConnectionLimits& limits = settings.connections;
  log.warning("a connection was refused, because as many are open as may be",
              {{"listener", settings.listen.name},
               {"peer", peer.text()},
               {"limit", by_address ? "ingest.connections_per_address_max = " + std::to_string(limits.per_address_max)
                                    : "connections_max = " + std::to_string(limits.connections_max)}});
}

// A load balancer that is not listed, or speaks no PROXY, is a mistake in a configuration: the log names it.
template <class State>
void say_no_proxy(State& state, const IpAddress& from, std::string_view why) {
  state.proxies_refused.add();
  state.log.warning("a connection was refused, because it must come from a trusted proxy with a PROXY header",
                    {{"listener", state.settings.listen.name}, {"peer", from.text()}, {"reason", std::string(why)}});
}

}  // namespace

struct StreamServer::State {
  State(Settings given, const Dependencies& dependencies, Callbacks calls)
      : settings(std::move(given)),
        callbacks(std::move(calls)),
        draining(dependencies.draining),
        log(dependencies.log),
        open_connections(dependencies.metrics.gauge("straykey_connections", "Open connections.",
                                                    {{"listener", settings.listen.name}})),
        proxies_refused(dependencies.metrics.counter("straykey_proxy_headers_refused_total",
                                                     "Connections without a good PROXY header of a trusted proxy.",
                                                     {{"listener", settings.listen.name}})),
        connections(settings.connections),
        farewells(kFarewellsMax),
        sessions(dependencies.runtime.threads()) {
    if (settings.tls) tls = std::make_unique<TlsServer>(*settings.tls);
  }

  const Settings settings;
  const Callbacks callbacks;
  const std::shared_ptr<StreamDraining> draining;
  Log& log;
  Gauge& open_connections;
  Counter& proxies_refused;
  std::unique_ptr<TlsServer> tls;  // nullptr: plain
  ConnectionTable connections, farewells;
  std::vector<std::unordered_set<StreamSession*>> sessions;  // for each io thread; only that thread touches its set
};

// A session with its place in the server. The place is given back when the session has ended.
class StreamServer::Connection {
 public:
  Connection(std::shared_ptr<State> state, std::unique_ptr<ConnectionTable::Place> place, std::size_t io_thread)
      : state_(std::move(state)), place_(std::move(place)), io_thread_(io_thread) {
    state_->open_connections.add(1);
  }
  ~Connection() {
    if (entered_) state_->sessions[io_thread_].erase(session_.get());
    state_->open_connections.add(-1);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void hold(std::shared_ptr<StreamSession> session) { session_ = std::move(session); }
  // On the connection's own thread.
  StreamSession& enter() {
    state_->sessions[io_thread_].insert(session_.get());
    entered_ = true;
    return *session_;
  }

 private:
  const std::shared_ptr<State> state_;
  const std::unique_ptr<ConnectionTable::Place> place_;
  const std::size_t io_thread_;
  bool entered_ = false;
  std::shared_ptr<StreamSession> session_;
};

StreamServer::StreamServer(Settings settings, Dependencies dependencies, Callbacks callbacks)
    : runtime_(dependencies.runtime),
      state_(std::make_shared<State>(std::move(settings), dependencies, std::move(callbacks))),
      acceptor_(runtime_, state_->settings.listen, dependencies.metrics, dependencies.log) {}

StreamServer::~StreamServer() {
  drain(std::chrono::milliseconds(0));
}

Status StreamServer::reload_tls(Seconds now) {
  return state_->tls ? state_->tls->reload(now) : Status{};
}

std::size_t StreamServer::connections() const {
  return state_->connections.size();
}

Status StreamServer::start(Seconds now) {
  INVARIANT(!started_);
  if (auto status = reload_tls(now); !status) return status;
  auto on_socket = [state = state_](IoSocket socket, std::size_t io_thread) {
    if (!state->draining->begun.load()) accept(state, std::move(socket), io_thread);
  };
  if (auto status = acceptor_.start(std::move(on_socket)); !status) return status;
  started_ = true;
  for (std::size_t i = 0; i < runtime_.threads(); ++i) {
    const IoExecutor executor = runtime_.context(i).get_executor();
    asio::co_spawn(executor, sweep(state_, i, executor), log_exception(state_));
  }
  return {};
}

void StreamServer::accept(const std::shared_ptr<State>& state, IoSocket socket, std::size_t io_thread) {
  const auto address = peer_address_of(socket);
  if (!address) return;  // gone already
  StreamPeer peer{*address, io_thread};
  const Callbacks& callbacks = state->callbacks;
  const ProxySettings& proxies = state->settings.proxies;
  const bool of_proxy = proxies.trusts(*address);
  if (proxies.protocol && !of_proxy)
    return say_no_proxy(*state, *address, "it is none of trusted_proxies, and this listener has proxy_protocol");
  if (!proxies.protocol && callbacks.admits && !callbacks.admits(*address))
    return refuse(state, std::move(socket), peer, Refused::not_admitted);
  const IoExecutor executor = socket.get_executor();
  const auto session = std::make_shared<std::weak_ptr<StreamSession>>();
  auto entered = state->connections.enter(*address, ending(executor, session, callbacks.on_gave_way), !of_proxy);
  if (const auto* why = std::get_if<ConnectionTable::Refused>(&entered)) {
    const bool full = *why == ConnectionTable::Refused::connections;
    return refuse(state, std::move(socket), peer, full ? Refused::connections : Refused::address);
  }
  auto& place = std::get<std::unique_ptr<ConnectionTable::Place>>(entered);
  peer.place = place.get();
  auto connection = std::make_unique<Connection>(state, std::move(place), io_thread);
  auto opened = (proxies.protocol ? open_proxied : open)(state, std::move(socket), peer);
  *session = opened;
  connection->hold(std::move(opened));
  start(state, std::move(connection), executor);
}

std::shared_ptr<StreamSession> StreamServer::open(const std::shared_ptr<State>& state, IoSocket socket,
                                                  StreamPeer peer) {
  return state->callbacks.open(std::move(socket), state->tls ? state->tls->current() : nullptr, peer);
}

std::shared_ptr<StreamSession> StreamServer::open_proxied(const std::shared_ptr<State>& state, IoSocket socket,
                                                          StreamPeer proxy) {
  ProxiedSession::Callbacks callbacks;
  callbacks.open = [state, from = proxy.address](IoSocket of_client, StreamPeer client) {
    return open_client(state, std::move(of_client), client, from);
  };
  callbacks.on_bad_header = [state](const IpAddress& from) {
    say_no_proxy(*state, from, "its connection does not begin with a good PROXY header");
  };
  return std::make_shared<ProxiedSession>(std::move(socket), proxy, state->draining, std::move(callbacks));
}

// The proxy's own connections, as for health checks, count by no address. They are admitted by its address like any
// other: else whoever can reach the proxy's port, or make it say UNKNOWN, would pass by allow_cidrs.
std::shared_ptr<StreamSession> StreamServer::open_client(const std::shared_ptr<State>& state, IoSocket socket,
                                                         StreamPeer client, const IpAddress& proxy) {
  const Callbacks& callbacks = state->callbacks;
  const bool admitted = !callbacks.admits || callbacks.admits(client.address);
  if (admitted && (client.address == proxy || client.place->count_as(client.address)))
    return open(state, std::move(socket), client);
  // A health check sends nothing more, and comes every few seconds: not a word of it.
  IoError ignored;
  if (!admitted && client.address == proxy && socket.available(ignored) == 0) return nullptr;
  const Refused why = admitted ? Refused::address : Refused::not_admitted;
  if (admitted) say_refused(state->log, state->settings, client.address, true);
  if (callbacks.on_refused) callbacks.on_refused(socket, client.address, why);
  return nullptr;
}

void StreamServer::refuse(const std::shared_ptr<State>& state, IoSocket socket, StreamPeer peer, Refused why) {
  if (why != Refused::not_admitted) say_refused(state->log, state->settings, peer.address, why == Refused::address);
  if (!state->callbacks.on_refused || !state->callbacks.on_refused(socket, peer.address, why)) return;
  const IoExecutor executor = socket.get_executor();
  const auto session = std::make_shared<std::weak_ptr<StreamSession>>();
  auto entered = state->farewells.enter(peer.address, ending(executor, session, {}));
  auto* const place = std::get_if<std::unique_ptr<ConnectionTable::Place>>(&entered);
  if (place == nullptr) return;
  auto connection = std::make_unique<Connection>(state, std::move(*place), peer.io_thread);
  auto opened = std::make_shared<Farewell>(std::move(socket));
  *session = opened;
  connection->hold(std::move(opened));
  start(state, std::move(connection), executor);
}

void StreamServer::start(const std::shared_ptr<State>& state, std::unique_ptr<Connection> connection,
                         IoExecutor executor) {
  asio::co_spawn(executor, serve(std::move(connection)), log_exception(state));
}

IoAwait<void> StreamServer::serve(std::unique_ptr<Connection> connection) {
  co_await connection->enter().run();
}

IoAwait<void> StreamServer::sweep(std::shared_ptr<State> state, std::size_t io_thread, IoExecutor executor) {
  Timer timer(executor);
  // Ends only after the last connection of a drained server.
  while (!state->draining->begun.load() || state->connections.size() + state->farewells.size() > 0) {
    timer.expires_after(state->settings.tick);
    co_await timer.async_wait(kAwait);
    const auto now = std::chrono::steady_clock::now();
    for (StreamSession* session : state->sessions[io_thread]) session->sweep(now);
    if (state->callbacks.on_tick) state->callbacks.on_tick(now);
  }
}

void StreamServer::retire(std::chrono::milliseconds patience) {
  if (!started_) return;
  StreamDraining& draining = *state_->draining;
  acceptor_.stop();  // first, because a connection that comes while the server drains is closed
  draining.patient.store(true);
  draining.deadline.store(std::chrono::steady_clock::now() + patience);
  draining.begun.store(true);
}

bool StreamServer::drain(std::chrono::milliseconds grace) {
  if (!started_) return true;
  started_ = false;
  StreamDraining& draining = *state_->draining;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  draining.patient.store(false);
  draining.deadline.store(deadline);
  draining.begun.store(true);
  acceptor_.stop();
  // Past the deadline the ticks end what still waits; that takes a moment.
  const auto patience = std::chrono::seconds(1) + 4 * state_->settings.tick + state_->settings.last_work;
  const bool stopped = runtime_.context(0).stopped();
  const bool ended = state_->connections.wait_empty_until(stopped ? deadline : deadline + patience);
  return ended && draining.cut_short.load() == 0;
}

}  // namespace straykey
