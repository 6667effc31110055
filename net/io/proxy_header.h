#pragma once
// The PROXY protocol, versions 1 and 2: what a load balancer writes before the bytes of a connection, to say whose they
// are.
//
// Thread: any (functions of their arguments).
// Bounds: kProxyLineBytesMax, kProxyBytesMax; what version 2 adds behind the addresses (TLV) is passed over.
// Errors: nullopt for whatever is not written exactly as the specification says.
// Source: haproxy's doc/proxy-protocol.txt, 2.1 and 2.2.
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/location/ip_address.h"

namespace straykey {

// What tells the versions apart, and more than the shortest header has.
inline constexpr std::size_t kProxyBeginBytes = 12;
inline constexpr std::size_t kProxyLineBytesMax = 107;  // version 1, with its CR LF
inline constexpr std::size_t kProxyBinaryBytes = 16;    // version 2, before the addresses
inline constexpr std::size_t kProxyBytesMax = 4'096;    // version 2, all of it

struct ProxyHeader {
  // Whose connection it is. nullopt: the proxy's own, as for a health check, or of a kind that has no IP address.
  std::optional<IpAddress> client;
};

// By the first kProxyBeginBytes.
[[nodiscard]] bool begins_proxy_line(std::string_view begin) noexcept;
[[nodiscard]] bool begins_proxy_binary(std::string_view begin) noexcept;

// Version 1: a line with its CR LF.
[[nodiscard]] std::optional<ProxyHeader> read_proxy_line(std::string_view line);
// Version 2: how many bytes follow the first kProxyBinaryBytes.
[[nodiscard]] std::optional<std::size_t> proxy_binary_rest(std::string_view first);
// Version 2, whole.
[[nodiscard]] std::optional<ProxyHeader> read_proxy_binary(std::string_view header);

}  // namespace straykey
