#pragma once
// IpAddress and Prefix: IPv4 and IPv6 as values. IPv4 is held as ::ffff:a.b.c.d, so that one type and one order serve
// both.
//
// Shape:  16 bytes, network order. An IPv6 prefix shorter than /96 never holds an IPv4 address: `::/0` is all of IPv6,
//         and no more.
// Thread: any (values).
// Source: RFC 4291 (text), RFC 5952 (canonical text).
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] std::uint32_t v4() const noexcept;  // host order. REQUIRES: is_v4().
  [[nodiscard]] static IpAddress from_v4(std::uint32_t host_order) noexcept;
  // Canonical text: dotted quad, or RFC 5952.
  [[nodiscard]] std::string text() const;
};

// Dotted quad or RFC 4291 text; no port, no zone, no leading zeros in a quad; an IPv4-mapped IPv6 address is the IPv4
// address.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text) noexcept;

// An address as senders write it into sourceIPAddress: blanks around it, a port ("203.0.113.5:443",
// "[2001:db8::1]:443") and a zone id ("fe80::1%eth0") are cut.
[[nodiscard]] std::optional<IpAddress> parse_written_ip(std::string_view text) noexcept;

struct Prefix {
  IpAddress first;          // host bits zero
  std::uint8_t length = 0;  // 0..128, counted in the 128-bit form (IPv4 /24 is 120)

  auto operator<=>(const Prefix&) const = default;
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  [[nodiscard]] IpAddress last() const noexcept;
  // In the family's own length: "198.51.100.0/24", "2001:db8::/48".
  [[nodiscard]] std::string text() const;
};

// `address/length` (host bits must be zero), or an address alone (/32, /128). The length counts in the form that is
// written: `192.0.2.0/24` and `::ffff:192.0.2.0/120` are the same prefix.
[[nodiscard]] std::optional<Prefix> parse_prefix(std::string_view text) noexcept;

// The prefix of `length` bits around an address. REQUIRES: length <= 128.
[[nodiscard]] Prefix prefix_of(const IpAddress& address, std::uint8_t length) noexcept;

}  // namespace straykey
