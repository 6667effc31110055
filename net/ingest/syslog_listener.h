#pragma once
// SyslogListenerSettings, and what all connections or datagrams of one syslog listener share.
//
// Thread: settings are values; SyslogListener is any.
// Bounds: SyslogTimeouts, ConnectionLimits, requests_in_flight_max, the byte budget, kSyslogMessageBytesMax.
// Source: RFC 5424, RFC 5425, RFC 5426, RFC 6587.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "net/io/connection_table.h"
#include "net/io/stream_session.h"
#include "net/io/tls.h"

namespace straykey {

struct SyslogTimeouts {
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds stall{60'000};    // without a byte, in the middle of a message
  std::chrono::milliseconds idle{3'600'000};  // between messages: a sender loses what it sends into a closed connection
  std::chrono::milliseconds retry_min{5};     // a request that found the queues full is offered again after this, ...
  std::chrono::milliseconds retry_max{500};   // ... twice as long each time, up to this
  std::chrono::milliseconds linger{1'000};    // draining: for the sender to stop
  std::chrono::milliseconds tick{100};        // how often deadlines are looked at
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

  const SyslogListenerSettings settings;
  const std::shared_ptr<ByteBudget> budget;  // of all ways of syslog together, and of nobody else
  SyslogMetrics counts;
  Log& log;
  std::atomic<TimePoint> last_message;
  StreamDraining draining;
};

}  // namespace straykey
