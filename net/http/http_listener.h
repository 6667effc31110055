#pragma once
// HttpListenerSettings, and what all connections of one listener share.
//
// Thread: settings are values; HttpListener is any.
// Bounds: HttpTimeouts, ConnectionLimits, HeadLimits, the byte budget; the read buffer of a connection holds
//         kReadBufferBytes.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "net/http/auth.h"
#include "net/http/http_router.h"
#include "net/http/rate_limiter.h"
#include "net/http/request_guard.h"
#include "net/io/connection_table.h"
#include "net/io/stream_session.h"
#include "net/io/tls.h"

namespace straykey {

// Chunk headers, chunk extensions and trailers must fit whole into it (trap 1: without a limit 20 MB of extension are
// kept).
inline constexpr std::size_t kReadBufferBytes = 64 * 1024;
// So many connections of a listener at once may send a head that is larger than HeadLimits::block_bytes_max: this many
// that have shown a good token in what has come of it, and as many others.
inline constexpr std::size_t kLargeHeadsMax = 64;

// One deadline at a time, armed anew at each phase of a connection.
struct HttpTimeouts {
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds head{10'000};
  std::chrono::milliseconds head_at_end{1'000};  // of a handshake or head that is under way when draining begins
  std::chrono::milliseconds body{30'000};
  std::chrono::milliseconds body_per_64_kib{1'000};  // for what was received, not for what was announced
  std::chrono::milliseconds body_stall{2'000};       // without 16 KiB, while others are refused for want of memory
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds answer{60'000};  // of the handler: then 503, sending again never harms
  std::chrono::milliseconds reply{15'000};
  std::chrono::milliseconds hold{0};        // for room for a body, before 503; 0: it is not waited for
  std::chrono::milliseconds linger{2'000};  // for a peer to take a refusal and stop sending
  std::chrono::milliseconds tick{100};      // how often deadlines are looked at

  bool operator==(const HttpTimeouts&) const = default;
};

struct HttpListenerSettings {
  std::string name = "ingest";  // metric label
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;                  // 0: any free one
  std::string path;                        // not empty: a local socket there instead, see stream_acceptor.h
  std::optional<TlsFiles> tls;             // nullopt: plain HTTP
  std::vector<std::string> client_names;   // of client certificates; empty: any that tls->client_ca signed
  std::vector<std::string> allowed_hosts;  // Host without port; empty: any
  HeadLimits head;
  ProxySettings proxies;
  ConnectionLimits connections;
  HttpTimeouts timeouts;

  bool operator==(const HttpListenerSettings&) const = default;
};

// The admin listener as it is by default: loopback only, answering to loopback names only, with connections of its own,
// so that a flood of senders does not lock the operator out.
[[nodiscard]] HttpListenerSettings admin_listener_defaults();

// Bodies in flight over all listeners of HTTP, and what is made of them until it is stored.
struct HttpBudgetSettings {
  std::size_t bytes_in_flight_max = 256u << 20;
};

struct HttpMetrics {
  HttpMetrics(Metrics& metrics, const std::string& listener);

  void count_reply(unsigned status) noexcept;

  std::map<unsigned, Counter*> replies;  // by status; the closed set that this server sends, 0 for any other
  Histogram& request_seconds;
  Gauge& bytes_in_flight;
  Counter& full;
  Counter& full_address;
  Counter& gave_way;
  Counter& handshakes_failed;
  Counter& client_names_refused;
  Counter& waits;
  Counter& timeouts;
};

struct HttpListener;

// The place of a connection among those that send a large head. Who has not shown a token yet never takes the place of
// one who has.
class LargeHead {
 public:
  LargeHead() = default;
  LargeHead(const LargeHead&) = delete;
  LargeHead& operator=(const LargeHead&) = delete;
  ~LargeHead() { give_back(); }

  // `taken` counts the places of its kind, and outlives them. False: kLargeHeadsMax connections have one already.
  [[nodiscard]] bool take(std::atomic<std::size_t>& taken) noexcept;
  void give_back() noexcept;
  [[nodiscard]] bool is_taken() const noexcept { return taken_ != nullptr; }

 private:
  std::atomic<std::size_t>* taken_ = nullptr;
};

struct HttpListener {
  HttpListener(HttpListenerSettings listener_settings, HttpRouter routes, std::shared_ptr<Authenticator> tokens,
               std::shared_ptr<ByteBudget> bytes, std::shared_ptr<RateLimiter> limiter, Metrics& metrics);

  [[nodiscard]] std::string next_request_id();

  const HttpListenerSettings settings;
  const HttpRouter router;
  const std::shared_ptr<Authenticator> auth;
  const std::shared_ptr<ByteBudget> budget;
  const std::shared_ptr<RateLimiter> rates;  // nullptr: nothing is limited
  HttpMetrics counts;
  StreamDraining draining;
  // Connections that have more of a head than HeadLimits::block_bytes_max: with a good token in it, and without.
  std::atomic<std::size_t> large_heads_with_token{0}, large_heads{0};

 private:
  const std::string id_prefix_;
  std::atomic<std::uint64_t> ids_{0};
};

}  // namespace straykey
