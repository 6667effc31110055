#pragma once
// HttpServer: one listener, HTTP or HTTPS: accepts, hands connections to the io threads, drains.
//
// Shape:  accepting runs on the first io thread, connections are dealt to all in turn; a tick on each enforces
//         deadlines.
// Thread: start-up and shut-down by one thread; the rest is io.
// Order:  start(), ..., drain(), then IoRuntime::stop(). What routes refer to must outlive the runtime's threads.
// Bounds: HttpListenerSettings::connections; a connection over them is refused at once, with 503 where it is plain.
// Errors: start() says in one sentence why it cannot listen. No error ends accepting: out of descriptors or memory, it
//         pauses for 100 ms and goes on.
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "net/http/http_listener.h"
#include "net/io/io_runtime.h"
#include "net/io/tcp_acceptor.h"

namespace straykey {

// What every listener uses of the process; all of it outlives the listener's connections.
struct HttpServices {
  std::shared_ptr<Authenticator> auth;
  std::shared_ptr<ByteBudget> budget;
  Metrics& metrics;
  Log& log;
};

class HttpServer {
 public:
  HttpServer(IoRuntime& runtime, HttpListenerSettings settings, HttpRouter router, HttpServices services);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  Status start(Seconds now);
  // The port it listens on. REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return acceptor_.port(); }
  // Certificate and key again, for new connections; a failure keeps the old ones.
  Status reload_tls(Seconds now);
  [[nodiscard]] std::size_t connections() const { return listener_->connections.size(); }

  // Stops accepting, closes idle connections, lets requests in hand finish within `grace`, then closes. Blocks the
  // caller, who is no io thread. True if every request in hand could finish.
  bool drain(std::chrono::milliseconds grace);

 private:
  void take(IoSocket socket, std::size_t io_thread);
  static IoAwait<void> sweep(std::shared_ptr<HttpListener> listener, std::size_t io_thread, IoExecutor executor);

  IoRuntime& runtime_;
  const std::shared_ptr<HttpListener> listener_;
  std::unique_ptr<TlsServer> tls_;
  TcpAcceptor acceptor_;
  bool started_ = false;
};

}  // namespace straykey
