#pragma once
// ServerCounters: how many events a server has taken, by its /metrics. Needed for ways in that do not answer.
//
// Thread: any (functions of their arguments); read_server_counters() blocks on the network.
// Errors: no connection, no 200, no such counters.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "net/client/http_client.h"

namespace straykey {

struct ServerCounters {
  std::uint64_t received = 0, rejected = 0, refused = 0;  // events, over all label values
};

struct MetricsSource {
  Url url;
  std::shared_ptr<const TlsTrust> tls;
  std::string token;  // may be empty
};

[[nodiscard]] Result<ServerCounters> read_server_counters(const MetricsSource& source);
// Out of Prometheus text.
[[nodiscard]] Result<ServerCounters> parse_server_counters(std::string_view text);

}  // namespace straykey
