#pragma once
// To which addresses we may connect of ourselves: a configured name must not become a way into our own network (SSRF).
//
// Shape:  three classes of address; `inside` ones need an allow_cidrs entry, `never` ones cannot be allowed at all.
// Thread: any (immutable).
// Source: IANA special-purpose address registries (RFC 6890 and its updates), and the metadata services of the clouds.
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

enum class AddressClass : std::uint8_t {
  outside,  // the Internet
  inside,   // loopback, private, shared and benchmarking ranges, local NAT64
  never,    // this-network, link-local, metadata, multicast, reserved, tunnels that hide an IPv4 address
};

// 6to4 and NAT64 carry an IPv4 address, which decides.
[[nodiscard]] AddressClass classify_address(const IpAddress& address) noexcept;

struct AddressPolicy {
  std::vector<Prefix> allow;  // inside ranges that are opened, by the operator or for one use

  [[nodiscard]] bool permits(const IpAddress& address) const noexcept;
  // Every one of them: one bad address among good ones is how a rebinding name server would look.
  [[nodiscard]] bool permits_all(const std::vector<IpAddress>& addresses) const noexcept;
};

[[nodiscard]] bool is_loopback(const IpAddress& address) noexcept;
// The `inside` ranges, for a policy that opens one kind of them.
[[nodiscard]] std::vector<Prefix> loopback_networks();
[[nodiscard]] std::vector<Prefix> private_networks();

// True for a prefix that could not allow anything, because all of it is `never`: an operator's mistake worth an error.
[[nodiscard]] bool never_allowed(const Prefix& prefix) noexcept;

}  // namespace straykey
