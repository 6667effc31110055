#pragma once
// SyslogTcp: one syslog listener over TCP, or over TLS (RFC 5425): a StreamServer whose connections are SyslogSessions.
//
// Thread: start-up and shut-down by one thread; the rest is io.
// Order:  start(), ..., drain(), then IoRuntime::stop(). The intake outlives the runtime's threads.
// Bounds: SyslogListenerSettings::connections; what is over them, or from elsewhere than allow_cidrs, is closed at once
//         and counted.
// Errors: as StreamServer's.
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_listener.h"
#include "net/io/io_runtime.h"
#include "net/io/stream_server.h"

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
  SyslogTcp(const SyslogTcp&) = delete;
  SyslogTcp& operator=(const SyslogTcp&) = delete;

  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  [[nodiscard]] Status start(Seconds now) { return server_.start(now); }
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  // Certificate, key and client authorities again, for new connections; a failure keeps the old ones.
  [[nodiscard]] Status reload_tls(Seconds now) { return server_.reload_tls(now); }
  [[nodiscard]] std::size_t connections() const { return server_.connections(); }

  // Stops accepting, tells the senders, takes what they still send for a moment, and waits until all that was read is
  // stored, at most `grace`. Blocks the caller, who is no io thread. True if all of it is stored.
  bool drain(std::chrono::milliseconds grace) { return server_.drain(grace); }

 private:
  StreamServer server_;
};

}  // namespace straykey
