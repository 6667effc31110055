#include "net/http/http_listener.h"

#include <fmt/format.h>

#include <array>
#include <random>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::array<unsigned, 19> kStatuses{0,   200, 202, 204, 400, 401, 403, 404, 405, 411,
                                             413, 414, 415, 417, 429, 431, 500, 503, 505};

std::map<unsigned, Counter*> reply_counters(Metrics& metrics, const std::string& listener) {
  std::map<unsigned, Counter*> counters;
  for (const unsigned status : kStatuses) {
    const std::string code = status == 0 ? "other" : std::to_string(status);
    counters[status] = &metrics.counter("straykey_http_requests_total", "Requests answered, by status code.",
                                        {{"listener", listener}, {"code", code}});
  }
  return counters;
}

// Differs between starts, so that an id names one request for ever.
std::string random_prefix() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

HttpListenerSettings admin_listener_defaults() {
  HttpListenerSettings settings;
  settings.name = "admin";
  settings.address = "127.0.0.1";
  settings.port = 9443;
  settings.allowed_hosts = {"localhost", "127.0.0.1", "[::1]"};
  settings.connections = {256, 256};
  return settings;
}

HttpMetrics::HttpMetrics(Metrics& metrics, const std::string& listener)
    : replies(reply_counters(metrics, listener)),
      request_seconds(metrics.histogram("straykey_http_request_seconds",
                                        "From the end of a request's head to its reply.", {{"listener", listener}})),
      bytes_in_flight(metrics.gauge("straykey_bytes_in_flight", "Bytes of HTTP bodies being read or judged.")),
      full(metrics.counter("straykey_connections_refused_total", "Connections refused because a limit was reached.",
                           {{"listener", listener}, {"reason", "connections"}})),
      full_address(metrics.counter("straykey_connections_refused_total",
                                   "Connections refused because a limit was reached.",
                                   {{"listener", listener}, {"reason", "address"}})),
      gave_way(metrics.counter("straykey_connections_refused_total", "Connections refused because a limit was reached.",
                               {{"listener", listener}, {"reason", "gave_way"}})),
      handshakes_failed(metrics.counter("straykey_tls_handshakes_failed_total",
                                        "TLS handshakes that failed or timed out.", {{"listener", listener}})),
      client_names_refused(metrics.counter("straykey_client_names_refused_total",
                                           "HTTPS connections whose certificate has none of the allowed names.",
                                           {{"listener", listener}})),
      waits(metrics.counter("straykey_http_waits_total", "Requests that waited for room before they were answered.",
                            {{"for", "body"}})),
      timeouts(metrics.counter("straykey_http_timeouts_total",
                               "Deadlines that passed: connections closed, or answered 503.",
                               {{"listener", listener}})) {}

void HttpMetrics::count_reply(unsigned status) noexcept {
  const auto found = replies.find(status);
  (found == replies.end() ? replies.find(0) : found)->second->add();
}

HttpListener::HttpListener(HttpListenerSettings listener_settings, HttpRouter routes,
                           std::shared_ptr<Authenticator> tokens, std::shared_ptr<ByteBudget> bytes,
                           std::shared_ptr<RateLimiter> limiter, Metrics& metrics)
    : settings(std::move(listener_settings)),
      router(std::move(routes)),
      auth(std::move(tokens)),
      budget(std::move(bytes)),
      rates(std::move(limiter)),
      counts(metrics, settings.name),
      id_prefix_(random_prefix()) {}

bool LargeHead::take(decltype(HttpListener::large_heads)& taken) noexcept {
  INVARIANT(taken_ == nullptr);
  taken_ = &taken;
  if (taken.fetch_add(1) < kLargeHeadsMax) return true;
  give_back();
  return false;
}

void LargeHead::give_back() noexcept {
  if (taken_ != nullptr) taken_->fetch_sub(1);
  taken_ = nullptr;
}

std::string HttpListener::next_request_id() {
  const fmt::format_int number(ids_.fetch_add(1, std::memory_order_relaxed));
  std::string id;
  id.reserve(id_prefix_.size() + 1 + number.size());
  return id.append(id_prefix_).append(1, '-').append(number.data(), number.size());
}

}  // namespace straykey
