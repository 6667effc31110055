#pragma once
// SyslogSession: one TCP or TLS connection of a syslog sender, from its handshake to its end.
//
// Shape:  read -> frames -> batch -> Request -> pipeline. What is received becomes the Request's body, its messages in
//         their places. A batch goes when it is full or nothing waits to be read.
// Order:  nothing read is dropped: while the queues are full, or requests_in_flight_max batches wait for their commit,
//         nothing more is read; a batch that was not stored is offered again. Draining says so to the sender (FIN),
//         takes what it still sends for a moment, and waits for the commits.
// Thread: io (its own).
// Bounds: one message, one batch, and requests_in_flight_max of them; SyslogTimeouts (one deadline at a time); the byte
//         budget: without room in it nothing is read.
// Errors: a peer that breaks off, stalls or loses step is closed; what was read before is kept. Past the grace of a
//         drain, what is not stored is lost and counted: syslog over TCP knows no acknowledgement.
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/event/syslog_frame.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_listener.h"
#include "net/io/peer_stream.h"

namespace straykey {

class SyslogSession final : public StreamSession, public std::enable_shared_from_this<SyslogSession> {
 public:
  // `intake` outlives the session.
  SyslogSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket, const TlsContext& tls,
                StreamPeer peer);

  IoAwait<void> run() override;
  void sweep(TimePoint now) override;

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
  enum class Phase : std::uint8_t { handshake, reading, working };

  IoAwait<bool> shake_hands();
  // Reads until the connection ends, for whatever reason.
  IoAwait<void> read_all();
  // False: the connection has ended.
  IoAwait<bool> receive();
  // False: nothing that follows can be understood.
  IoAwait<bool> take_messages();
  [[nodiscard]] bool take(const SyslogFrame& frame);
  void take_rest(std::string_view message);
  IoAwait<void> send_batch();
  // Until the pipeline takes it, or the grace is over.
  IoAwait<void> offer(std::unique_ptr<Request> request);
  IoAwait<void> offer_again(SyslogBatch batch);
  IoAwait<void> pause(std::chrono::milliseconds wait);
  IoAwait<void> wait_until_in_flight_below(std::size_t count);
  [[nodiscard]] std::unique_ptr<Request> read(SyslogBatch batch);
  void done(RequestOutcome outcome, SyslogBatch batch);
  void end_in_flight();
  [[nodiscard]] bool gave_up() const;

  const std::shared_ptr<SyslogListener> listener_;
  SyslogIntake& intake_;
  const StreamPeer peer_;
  const IoExecutor executor_;
  PeerStream stream_;
  Timer wake_;
  Phase phase_ = Phase::handshake;
  TimePoint deadline_ = TimePoint::max();
  TimePoint linger_until_ = TimePoint::max();
  SyslogFramer framer_;
  SyslogBatch batch_;  // its text is in the framer until it goes
  BudgetShare share_;
  std::size_t waiting_bytes_ = 0;  // after the last read, at least
  std::size_t in_flight_ = 0;      // batches offered or taken, and not yet stored
};

}  // namespace straykey
