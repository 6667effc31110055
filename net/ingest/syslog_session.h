#pragma once
// SyslogSession: one TCP or TLS connection of a syslog sender, from its handshake to its end.
//
// Shape:  read -> frames -> batch -> Feeder. What is received becomes the text of the batch, its messages in their
//         places. A batch goes when it is full or nothing waits to be read.
// Order:  nothing read is dropped: while the Feeder waits for the queues, or for the commits of what is in flight,
//         nothing more is read. Draining says so to the sender (FIN), takes what it still sends for a moment, and waits
//         for the commits.
// Thread: io (its own).
// Bounds: one message, one batch, and requests_in_flight_max of them; SyslogTimeouts (one deadline at a time); the byte
//         budget: what was received is charged as it grows, also while the session waits, and without room in it
//         nothing more is read. One session at a time may go over it, so that messages that have begun come to their
//         end; it has SyslogTimeouts::stall for that. Whoever holds room for a message
//         of which less than 16 KiB comes in SyslogTimeouts::room_stall, while others are refused room, is closed.
// Errors: a peer that breaks off, stalls or loses step is closed; what was read before is kept. Past the grace of a
//         drain, what is not stored is lost and counted: syslog over TCP knows no acknowledgement.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/event/syslog_frame.h"
#include "net/ingest/feeder.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_listener.h"
#include "net/io/peer_stream.h"

namespace straykey {

class SyslogSession final : public StreamSession {
 public:
  // `intake` outlives the session.
  SyslogSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket, const TlsContext& tls,
                StreamPeer peer);

  IoAwait<void> run() override;
  void sweep(TimePoint now) override;
  void give_way() override { stream_.close(); }

 private:
  enum class Phase : std::uint8_t { handshake, reading, working };

  IoAwait<bool> shake_hands();
  // Reads until the connection ends, for whatever reason.
  IoAwait<void> read_all();
  // False: the connection has ended.
  IoAwait<bool> receive();
  // The bytes of text that there is room for, at least; 0: for one read. Nothing: the time to wait is over.
  IoAwait<std::optional<std::size_t>> make_room();
  // What the framer holds, and nothing else.
  void keep_charged() noexcept;
  // False: nothing that follows can be understood.
  IoAwait<bool> collect_messages();
  // The connection speaks something else than syslog: says so, once. False: none of it can be read.
  [[nodiscard]] bool speaks_syslog();
  [[nodiscard]] bool collect(const SyslogFrame& frame);
  [[nodiscard]] bool sort_in(const SyslogFrame& frame);
  void collect_miscounted(std::string_view message);
  void collect_last(std::string_view message);
  void warn_of_lines();
  // Until the pipeline has taken it, or the grace is over.
  IoAwait<void> send_batch();
  [[nodiscard]] bool gave_up() const;
  [[nodiscard]] bool holds_idly() noexcept;

  const std::shared_ptr<SyslogListener> listener_;
  SyslogIntake& intake_;
  const StreamPeer peer_;
  const IoExecutor executor_;
  const std::shared_ptr<Feeder> feeder_;
  PeerStream stream_;
  Phase phase_ = Phase::handshake;
  TimePoint deadline_ = TimePoint::max();
  TimePoint linger_until_ = TimePoint::max();
  SyslogFramer framer_;
  SentText batch_;                           // its text is in the framer until it goes
  BudgetShare share_;                        // of what the framer holds
  TimePoint turn_until_ = TimePoint::max();  // it may go over the budget until then, and no further
  SyslogProgress progress_;                  // of the message at the front
  bool waits_for_room_ = false;
  std::size_t waiting_bytes_ = 0;  // after the last read, at least
  bool ended_well_ = false;        // by the sender
  bool protocol_known_ = false;
  bool settled_ = false;  // it has sent a message
  bool warned_of_count_ = false, warned_of_lines_ = false;
};

}  // namespace straykey
