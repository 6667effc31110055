#pragma once
// SyslogTcp: one syslog listener over TCP, or over TLS (RFC 5425).
//
// Thread: start-up and shut-down by one thread; the rest is io.
// Order:  start(), ..., drain(), then IoRuntime::stop(). The intake outlives the runtime's threads.
// Bounds: SyslogListenerSettings::connections; what is over them, or from elsewhere than allow_cidrs, is closed at once
//         and counted.
// Errors: start() says in one sentence why it cannot listen.
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_listener.h"
#include "net/io/io_runtime.h"
#include "net/io/tcp_acceptor.h"

namespace straykey {

// What every syslog listener uses of the process; all of it outlives the listener's connections.
struct SyslogServices {
  SyslogIntake& intake;
  std::shared_ptr<ByteBudget> budget;
  Metrics& metrics;
  Log& log;
};

class SyslogTcp {
 public:
  SyslogTcp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogServices services);
  ~SyslogTcp();
  SyslogTcp(const SyslogTcp&) = delete;
  SyslogTcp& operator=(const SyslogTcp&) = delete;

  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  [[nodiscard]] Status start(Seconds now);
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return acceptor_.port(); }
  // Certificate, key and client authorities again, for new connections; a failure keeps the old ones.
  [[nodiscard]] Status reload_tls(Seconds now);
  [[nodiscard]] std::size_t connections() const { return listener_->connections.size(); }

  // Stops accepting, tells the senders, takes what they still send for a moment, and waits until all that was read is
  // stored, at most `grace`. Blocks the caller, who is no io thread. True if all of it is stored.
  bool drain(std::chrono::milliseconds grace);

 private:
  void take(IoSocket socket, std::size_t io_thread);
  static IoAwait<void> sweep(std::shared_ptr<SyslogListener> listener, std::size_t io_thread, IoExecutor executor);

  IoRuntime& runtime_;
  SyslogIntake& intake_;
  const std::shared_ptr<SyslogListener> listener_;
  std::unique_ptr<TlsServer> tls_;
  TcpAcceptor acceptor_;
  bool started_ = false;
};

}  // namespace straykey
