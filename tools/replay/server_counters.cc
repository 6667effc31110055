#include "tools/replay/server_counters.h"

#include <fmt/format.h>

#include <charconv>

namespace straykey {

Result<ServerCounters> parse_server_counters(std::string_view text) {
  ServerCounters counters;
  bool found = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view name = line.substr(0, line.find_first_of("{ "));
    std::uint64_t* field = name == "straykey_events_received_total"   ? &counters.received
                           : name == "straykey_events_rejected_total" ? &counters.rejected
                           : name == "straykey_events_refused_total"  ? &counters.refused
                                                                      : nullptr;
    if (field == nullptr) continue;
    const std::string_view number = line.substr(line.rfind(' ') + 1);
    double value = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc() || value < 0) continue;
    *field += static_cast<std::uint64_t>(value);
    found = true;
  }
  if (!found) return Error{"the metrics hold no straykey_events_... counters"};
  return counters;
}

Result<ServerCounters> read_server_counters(const MetricsSource& source) {
  HttpClient client(source.url, source.tls, {.connect_ms = 5'000, .io_ms = 10'000});
  std::vector<HttpClientHeader> headers;
  if (!source.token.empty()) headers.push_back({"Authorization", "Bearer " + source.token});
  const auto reply = client.exchange(render_get(source.url, headers), {});
  if (!reply) return Error{"the server's metrics: " + reply.error().message};
  if (reply.value().status != 200)
    return Error{fmt::format("the server's metrics were answered {}", reply.value().status)};
  return parse_server_counters(reply.value().body);
}

}  // namespace straykey
