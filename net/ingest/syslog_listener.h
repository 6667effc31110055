#pragma once
// SyslogListenerSettings, and what all connections or datagrams of one syslog listener share.
//
// Thread: settings are values; SyslogListener is any.
// Bounds: SyslogTimeouts, ConnectionLimits, requests_in_flight_max, the byte budget, kSyslogMessageBytesMax.
// Source: RFC 5424, RFC 5425, RFC 5426, RFC 6587.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "net/io/connection_table.h"
#include "net/io/stream_session.h"
#include "net/io/tls.h"

namespace straykey {

struct SyslogTimeouts {
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds stall{60'000};  // without a byte, in the middle of a message
  std::chrono::milliseconds room_stall{
      2'000};                                 // without 16 KiB of a message, while others are refused for want of room
  std::chrono::milliseconds idle{3'600'000};  // between messages: a sender loses what it sends into a closed connection
  std::chrono::milliseconds retry_min{5};     // a request that found the queues full is offered again after this, ...
  std::chrono::milliseconds retry_max{500};   // ... twice as long each time, up to this
  std::chrono::milliseconds linger{1'000};    // draining: for the sender to stop
  std::chrono::milliseconds tick{100};        // how often deadlines are looked at

  bool operator==(const SyslogTimeouts&) const = default;
};

// What every listener has besides the byte budget, for small texts while that is spent: senders of large messages, on
// this listener or on another, keep nobody waiting who sends a few records.
inline constexpr std::size_t kSyslogReserveBytes = 1u << 20;

// How long a connection has held room in the byte budget while nothing came of the message that it is for. Single bytes
// are no progress: a sender that drips them would hold its room for ever.
class SyslogProgress {
 public:
  using TimePoint = StreamSession::TimePoint;

  void restart() noexcept { idle_ = {}, bytes_ = 0; }
  void received(std::size_t bytes) noexcept {
    constexpr std::size_t kProgressBytes = 16 * 1024;
    bytes_ += bytes;
    if (bytes_ >= kProgressBytes) restart();
  }
  // Called at each tick. holds_idly: it holds room, and waits for its sender. True: for longer than `limit`. A late
  // tick says more of the machine than of the sender, and counts little.
  [[nodiscard]] bool stalls(TimePoint now, bool holds_idly, std::chrono::milliseconds limit) noexcept {
    const auto elapsed = now - std::exchange(swept_at_, now);
    if (holds_idly) idle_ += std::min<TimePoint::duration>(elapsed, limit / 8);
    return holds_idly && idle_ >= limit;
  }

 private:
  TimePoint swept_at_ = std::chrono::steady_clock::now();
  TimePoint::duration idle_{};
  std::size_t bytes_ = 0;
};

struct SyslogListenerSettings {
  enum class Protocol : std::uint8_t { syslog, relp };  // relp: over TCP or TLS, see RelpSession

  std::string name = "syslog_tcp";  // metric label
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;  // 0: any free one
  Protocol protocol = Protocol::syslog;
  std::optional<TlsFiles> tls;            // TCP only
  std::vector<std::string> client_names;  // of client certificates; empty: any that client_ca signed
  std::vector<Prefix> allow_cidrs;        // who may send; with a client_ca: whoever has a certificate
  ProxySettings proxies;                  // not for UDP
  ConnectionLimits connections;
  SyslogTimeouts timeouts;
  std::size_t requests_in_flight_max = 12;       // of a connection: about 2,000 messages that wait for one commit
  std::size_t receive_buffer_bytes = 32u << 20;  // UDP: asked of the kernel

  bool operator==(const SyslogListenerSettings&) const = default;
};

struct SyslogMetrics {
  SyslogMetrics(Metrics& metrics, const std::string& listener);

  Counter& messages;
  Counter& refused_network;
  Counter& refused_connections;
  Counter& refused_address;
  Counter& gave_way;
  Counter& refused_client_name;
  Counter& bad_count;
  Counter& cut_off;
  Counter& other_protocol;
  Counter& dropped_overload;
  Counter& dropped_kernel;
  Counter& waits;
  Counter& timeouts;
  Counter& handshakes_failed;
  Gauge& message_age_seconds;
  Gauge& bytes_in_flight;
};

struct SyslogListener {
  using TimePoint = StreamSession::TimePoint;

  SyslogListener(SyslogListenerSettings listener_settings, std::shared_ptr<ByteBudget> bytes, Metrics& metrics,
                 Log& logs);

  [[nodiscard]] bool admits(const IpAddress& address) const noexcept;
  // The age of the last message, and what is held of the budget.
  void show_state(TimePoint now) noexcept;
  // While it drains: until when a sender that has been told may go on. nullopt: it does not drain.
  [[nodiscard]] std::optional<TimePoint> ends_by(TimePoint now) const noexcept;
  // Somebody waits for room in the budget.
  [[nodiscard]] bool is_crowded(TimePoint now) const noexcept;
  // A connection is closed because it held room and did nothing with it.
  void tell_of_stall(const IpAddress& sender);

  const SyslogListenerSettings settings;
  const std::shared_ptr<ByteBudget> budget;  // of all ways of syslog together, and of nobody else
  const std::shared_ptr<ByteBudget> reserve = std::make_shared<ByteBudget>(kSyslogReserveBytes);
  SyslogMetrics counts;
  Log& log;
  std::atomic<TimePoint> last_message;
  StreamDraining draining;
};

}  // namespace straykey
