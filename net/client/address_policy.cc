#include "net/client/address_policy.h"

#include <algorithm>
#include <array>
#include <span>

namespace straykey {
namespace {

struct Block {
  std::array<std::uint8_t, 16> first;
  std::uint8_t bits;

  [[nodiscard]] Prefix prefix() const noexcept { return {IpAddress{first}, bits}; }
};

constexpr Block v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, int bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, static_cast<std::uint8_t>(96 + bits)};
}

constexpr Block v6(std::array<std::uint16_t, 8> words, int bits) {
  Block block{{}, static_cast<std::uint8_t>(bits)};
  for (std::size_t i = 0; i < words.size(); ++i) {
    block.first[2 * i] = static_cast<std::uint8_t>(words[i] >> 8);
    block.first[2 * i + 1] = static_cast<std::uint8_t>(words[i] & 0xff);
  }
  return block;
}

constexpr std::array kNever{
    v4(0, 0, 0, 0, 8),         // this network
    v4(169, 254, 0, 0, 16),    // link-local; metadata of AWS, Azure, Google and others
    v4(168, 63, 129, 16, 32),  // Azure's platform service
    v4(192, 0, 0, 0, 24),      // protocol assignments; 192.0.0.192 is Oracle's metadata
    v4(224, 0, 0, 0, 4),       // multicast
    v4(240, 0, 0, 0, 4),       // reserved, and broadcast
    v6({0xfe80}, 10),          // link-local
    v6({0xff00}, 8),           // multicast
    v6({0xfd00, 0xec2}, 32),   // AWS instance services: fd00:ec2::254 and its neighbours
    v6({0x2001, 0}, 32),       // Teredo
    v6({0x100}, 64),           // discard-only
};

constexpr std::array kPrivate{
    v4(10, 0, 0, 0, 8),    v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16), v4(100, 64, 0, 0, 10),
    v4(198, 18, 0, 0, 15), v6({0xfc00}, 7),       v6({0xfec0}, 10),       v6({0x64, 0xff9b, 1}, 48),
};

constexpr std::array kLoopback{v4(127, 0, 0, 0, 8), v6({0, 0, 0, 0, 0, 0, 0, 1}, 128)};
constexpr Block kLowest96 = v6({}, 96);  // ::, ::1 and the forgotten IPv4-compatible form
constexpr Block kNat64 = v6({0x64, 0xff9b}, 96);
constexpr Block k6to4 = v6({0x2002}, 16);

bool in_any(std::span<const Block> blocks, const IpAddress& address) noexcept {
  return std::any_of(blocks.begin(), blocks.end(), [&](const Block& b) { return b.prefix().contains(address); });
}

std::vector<Prefix> prefixes_of(std::span<const Block> blocks) {
  std::vector<Prefix> prefixes;
  for (const Block& block : blocks) prefixes.push_back(block.prefix());
  return prefixes;
}

IpAddress embedded_v4(const IpAddress& address, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(address.bytes[at + i]); };
  return IpAddress::from_v4(byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3));
}

}  // namespace

AddressClass classify_address(const IpAddress& address) noexcept {
  if (in_any(kLoopback, address)) return AddressClass::inside;
  if (kLowest96.prefix().contains(address)) return AddressClass::never;
  if (kNat64.prefix().contains(address)) return classify_address(embedded_v4(address, 12));
  if (k6to4.prefix().contains(address)) return classify_address(embedded_v4(address, 2));
  if (in_any(kNever, address)) return AddressClass::never;
  return in_any(kPrivate, address) ? AddressClass::inside : AddressClass::outside;
}

bool AddressPolicy::permits(const IpAddress& address) const noexcept {
  switch (classify_address(address)) {
    case AddressClass::outside:
      return true;
    case AddressClass::never:
      return false;
    case AddressClass::inside:
      break;
  }
  return std::any_of(allow.begin(), allow.end(), [&](const Prefix& prefix) { return prefix.contains(address); });
}

bool AddressPolicy::permits_all(const std::vector<IpAddress>& addresses) const noexcept {
  return std::all_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) { return permits(address); });
}

bool is_loopback(const IpAddress& address) noexcept {
  return in_any(kLoopback, address);
}

std::vector<Prefix> loopback_networks() {
  return prefixes_of(kLoopback);
}

std::vector<Prefix> private_networks() {
  return prefixes_of(kPrivate);
}

bool never_allowed(const Prefix& prefix) noexcept {
  const auto covers = [&](const Block& block) {
    return block.bits <= prefix.length && block.prefix().contains(prefix.first);
  };
  return std::any_of(kNever.begin(), kNever.end(), covers);
}

}  // namespace straykey
