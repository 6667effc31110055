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
#include "net/ingest/source.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_listener.h"
#include "net/io/io_runtime.h"
#include "net/io/stream_server.h"

namespace straykey {

class SyslogTcp final : public ListeningSource {
 public:
  SyslogTcp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogDependencies dependencies);

  [[nodiscard]] std::string_view name() const override { return name_; }
  // Loads the certificate if there is one, and listens. REQUIRES: called once.
  [[nodiscard]] Status start(Seconds now) override { return server_.start(now); }
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  [[nodiscard]] std::string url() const override;
  // Certificate, key and client authorities again, for new connections; a failure keeps the old ones.
  [[nodiscard]] Status reload(Seconds now) override { return server_.reload_tls(now); }
  [[nodiscard]] std::size_t connections() const override { return server_.connections(); }
  [[nodiscard]] int listening_socket() const override { return server_.listening_socket(); }
  void take_over(int socket) override { server_.take_over(socket); }
  void retire(std::chrono::milliseconds patience) override { server_.retire(patience); }

  // Stops accepting, tells the senders, takes what they still send for a moment, and waits until all that was read is
  // stored, at most `grace`. Blocks the caller, who is no io thread. True if all of it is stored.
  bool drain(std::chrono::milliseconds grace) override { return server_.drain(grace); }

 private:
  const std::string name_, place_;  // place_: the URL up to the port
  StreamServer server_;
};

}  // namespace straykey
