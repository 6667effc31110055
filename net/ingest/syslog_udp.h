#pragma once
// SyslogUdp: one syslog listener over UDP (RFC 5426), best effort: a datagram is a message, or several.
//
// Shape:  all that waits in the socket's buffer is read at once, up to a batch, and goes to the pipeline as a Request.
// Thread: start-up and shut-down by one thread, which is no io thread; the rest is the first io thread.
// Order:  start(), ..., drain(), then IoRuntime::stop(). The intake outlives the runtime's threads.
// Bounds: kDatagramsAtOnce buffers of 64 KiB (4 MiB); the kernel's buffer, as large as it allows.
// Errors: start() says in one sentence why it cannot listen. Datagrams from elsewhere than allow_cidrs are dropped
//         unread and counted; when the queues are full a batch is dropped and counted; what the kernel dropped before
//         is counted (SO_RXQ_OVFL) when the next datagram comes.
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "net/ingest/source.h"
#include "net/ingest/syslog_intake.h"
#include "net/io/io_runtime.h"

namespace straykey {

class SyslogUdp final : public ListeningSource {
 public:
  SyslogUdp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogDependencies dependencies);
  ~SyslogUdp() override;

  [[nodiscard]] std::string_view name() const override;
  // REQUIRES: called once; settings.tls is not set.
  [[nodiscard]] Status start(Seconds now) override;
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const override;
  [[nodiscard]] Status reload(Seconds) override { return {}; }
  [[nodiscard]] int listening_socket() const override { return listening_; }
  void take_over(int socket) override;
  [[nodiscard]] std::size_t connections() const override { return 0; }
  void retire(std::chrono::milliseconds) override { drain(std::chrono::seconds(1)); }
  // Reads what the kernel holds by now, at most until `grace` is over, hands it to the pipeline and closes. True: what
  // is lost over UDP is lost before it is read.
  bool drain(std::chrono::milliseconds grace) override;

 private:
  struct State;
  static IoAwait<void> receive_all(std::shared_ptr<State> state);
  static IoAwait<void> tick(std::shared_ptr<State> state);

  IoRuntime& runtime_;
  // Shared with the coroutines, which may outlive this object.
  const std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
  int listening_ = -1;  // the state's own
  bool started_ = false;
};

}  // namespace straykey
