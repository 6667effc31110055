#pragma once
// HttpServer: one listener, HTTP or HTTPS: a StreamServer whose connections are HttpSessions.
//
// Thread: start-up and shut-down by one thread; the rest is io.
// Order:  start(), ..., drain(), then IoRuntime::stop(). What routes refer to must outlive the runtime's threads.
// Bounds: HttpListenerSettings::connections. When all places are taken, the oldest connection without a valid token
//         gives way to a new one. If all have one, or an address has too many, the new one is refused: with 503 where
//         it is plain.
// Errors: as StreamServer's.
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "net/http/http_listener.h"
#include "net/io/io_runtime.h"
#include "net/io/stream_server.h"

namespace straykey {

// What every listener uses of the process; all of it outlives the listener's connections.
struct HttpDependencies {
  std::shared_ptr<Authenticator> auth;
  std::shared_ptr<ByteBudget> budget;
  Metrics& metrics;
  Log& log;
  std::shared_ptr<RateLimiter> rates = nullptr;  // nullptr: nothing is limited
};

class HttpServer {
 public:
  HttpServer(IoRuntime& runtime, HttpListenerSettings settings, HttpRouter router, HttpDependencies dependencies);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  Status start(Seconds now) { return server_.start(now); }
  // The port it listens on. REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  // Certificate and key again, for new connections; a failure keeps the old ones.
  Status reload_tls(Seconds now) { return server_.reload_tls(now); }
  [[nodiscard]] std::size_t connections() const { return server_.connections(); }

  // As StreamServer's.
  void take_over(int listening) { server_.take_over(listening); }
  [[nodiscard]] int listening_socket() const noexcept { return server_.listening_socket(); }
  void retire(std::chrono::milliseconds patience) { server_.retire(patience); }

  // Stops accepting, closes idle connections, lets requests in hand finish within `grace`, then closes. Blocks the
  // caller, who is no io thread. True if every request in hand could finish.
  bool drain(std::chrono::milliseconds grace) { return server_.drain(grace); }

 private:
  StreamServer server_;
};

}  // namespace straykey
