#pragma once
// Url: where an outgoing message goes, parsed once into its parts: an http or https URL, or a syslog server.
//
// Thread: any (a value).
// Errors: sentences that begin with "it" or "its" and never contain the URL, because the webhook URLs of Slack and
//         Teams are secrets.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/location/ip_address.h"

namespace straykey {

struct Url {
  enum class Carrier : std::uint8_t { http, stream, datagrams };
  Carrier carrier = Carrier::http;
  bool https = true;                 // over TLS, whatever the carrier
  std::string host;                  // lower case; a name or an address without brackets
  std::optional<IpAddress> literal;  // when the host is an address
  std::uint16_t port = 443;
  std::string target;       // path and query as they go into the request line, "/" at least
  std::string host_header;  // host, with brackets and a port other than the scheme's own
};

// tls://host:port, tcp://host:port or udp://host:port.
[[nodiscard]] Result<Url> parse_syslog_server(std::string_view text);

// Absolute http or https URL without user, password or fragment, at most 2,048 bytes.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace straykey
