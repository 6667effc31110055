#pragma once
// StreamServer: one listener of any protocol that has connections. It accepts connections, gives them to the io threads
// in turn, counts them, enforces their deadlines, and ends them in order. The protocol itself is spoken by a
// StreamSession.
//
// Shape:  the first io thread accepts; connections go to all io threads in turn. A tick on each io thread calls sweep()
//         of its sessions. Behind a trusted proxy that speaks the PROXY protocol (Settings::proxies), the client that
//         it names is the peer: it is admitted, counted and logged. Other connections of trusted proxies count by no
//         address.
// Thread: start-up and shut-down by one thread, which is no io thread; the rest is io.
// Order:  start(), ..., drain(), then IoRuntime::stop(). What the callbacks refer to outlives the runtime's threads.
// Bounds: Settings::connections. A connection beyond them, or one that is not admitted, is closed at once after
//         on_refused.
// Errors: start() says in one sentence why it cannot listen. No error ends accepting: if descriptors or memory run out,
//         it pauses for 100 ms and goes on. An exception ends only its own connection and is logged.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "net/io/connection_table.h"
#include "net/io/io_runtime.h"
#include "net/io/stream_acceptor.h"
#include "net/io/stream_session.h"
#include "net/io/tls.h"

namespace straykey {

class StreamServer {
 public:
  using TimePoint = StreamSession::TimePoint;
  enum class Refused : std::uint8_t { not_admitted, connections, address };

  struct Settings {
    StreamAcceptor::Settings listen;
    std::optional<TlsFiles> tls;
    ConnectionLimits connections;
    ProxySettings proxies;
    std::chrono::milliseconds tick{100};  // how often deadlines are looked at
    // How long a session may go on after the tick that sees the end of the grace
    std::chrono::milliseconds last_work{0};
  };
  struct Dependencies {
    IoRuntime& runtime;
    std::shared_ptr<StreamDraining> draining;  // shared with the sessions
    Metrics& metrics;
    Log& log;
  };
  // All of them run on io threads. They must keep alive what they refer to, because connections that outlive the server
  // call them.
  struct Callbacks {
    // A new session. `tls` is nullptr where the server has no certificate.
    std::function<std::shared_ptr<StreamSession>(IoSocket socket, const TlsContext& tls, StreamPeer peer)> open;
    std::function<bool(const IpAddress& peer)> admits;  // empty: everybody may connect
    // True: something was written to the peer. The socket is then read on for a moment, so that it arrives.
    std::function<bool(IoSocket& socket, const IpAddress& peer, Refused why)> on_refused;
    std::function<void()> on_gave_way;           // a connection lost its place to a new one; may be empty
    std::function<void(TimePoint now)> on_tick;  // on each io thread
  };

  StreamServer(Settings settings, Dependencies dependencies, Callbacks callbacks);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  [[nodiscard]] Status start(Seconds now);
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return acceptor_.port(); }
  // Certificate, key and client authorities again, for new connections; a failure keeps the old ones.
  [[nodiscard]] Status reload_tls(Seconds now);
  [[nodiscard]] std::size_t connections() const;

  // Before start(): as StreamAcceptor.
  void take_over(int listening) { acceptor_.take_over(listening); }
  [[nodiscard]] int listening_socket() const noexcept { return acceptor_.listening_socket(); }
  // Another server takes the connections from now on. Those that there are here end by themselves, when their peers
  // have had their last answers or `patience` is over; connections() says when all have. Does not wait.
  void retire(std::chrono::milliseconds patience);

  // Stops accepting, tells the sessions by StreamDraining, and waits until they have ended, at most `grace` and a
  // moment. Blocks the caller, who is no io thread. True if none had to be cut short.
  bool drain(std::chrono::milliseconds grace);

 private:
  struct State;
  class Connection;
  static void accept(const std::shared_ptr<State>& state, IoSocket socket, std::size_t io_thread);
  static std::shared_ptr<StreamSession> open(const std::shared_ptr<State>& state, IoSocket socket, StreamPeer peer);
  static std::shared_ptr<StreamSession> open_proxied(const std::shared_ptr<State>& state, IoSocket socket,
                                                     StreamPeer proxy);
  static std::shared_ptr<StreamSession> open_client(const std::shared_ptr<State>& state, IoSocket socket,
                                                    StreamPeer client, const IpAddress& proxy);
  static void refuse(const std::shared_ptr<State>& state, IoSocket socket, StreamPeer peer, Refused why);
  static void start(const std::shared_ptr<State>& state, std::unique_ptr<Connection> connection, IoExecutor executor);
  static IoAwait<void> serve(std::unique_ptr<Connection> connection);
  static IoAwait<void> sweep(std::shared_ptr<State> state, std::size_t io_thread, IoExecutor executor);

  IoRuntime& runtime_;
  // Shared with the coroutines, which may outlive this object.
  const std::shared_ptr<State> state_;
  StreamAcceptor acceptor_;
  bool started_ = false;
};

}  // namespace straykey
