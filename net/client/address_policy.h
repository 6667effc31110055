#pragma once
// To which addresses straykey may connect. A configured name must not become a way into the operator's own network
// (SSRF).
//
// Shape:  there are three classes of address. `inside` ones need an entry in allow_cidrs; `never` ones cannot be
//         allowed at all.
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

// The class of an address. 6to4 and NAT64 addresses carry an IPv4 address, and that one decides.
[[nodiscard]] AddressClass classify_address(const IpAddress& address) noexcept;

struct AddressPolicy {
  std::vector<Prefix> allow;  // `inside` ranges that are allowed, by the operator or for one use

  [[nodiscard]] bool permits(const IpAddress& address) const noexcept;
  // Whether every one of them may be connected to. One bad address among good ones is what a DNS rebinding attack looks
  // like.
  [[nodiscard]] bool permits_all(const std::vector<IpAddress>& addresses) const noexcept;
};

[[nodiscard]] bool is_loopback(const IpAddress& address) noexcept;
// The `inside` ranges, for a policy that allows one kind of them.
[[nodiscard]] std::vector<Prefix> loopback_networks();
[[nodiscard]] std::vector<Prefix> private_networks();

// True for a prefix that is `never` as a whole and so cannot allow anything. It is an operator's mistake that deserves
// an error.
[[nodiscard]] bool never_allowed(const Prefix& prefix) noexcept;

}  // namespace straykey
