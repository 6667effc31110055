#pragma once
// Url: an http or https URL, parsed once into its parts.
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
  bool https = true;
  std::string host;                  // lower case; a name or an address without brackets
  std::optional<IpAddress> literal;  // when the host is an address
  std::uint16_t port = 443;
  std::string target;       // path and query as they go into the request line, "/" at least
  std::string host_header;  // host, with brackets and a port other than the scheme's own
};

// Absolute http or https URL without user, password or fragment, at most 2,048 bytes.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace straykey
