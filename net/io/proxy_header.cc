#include "net/io/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace straykey {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", kProxyBeginBytes);
constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;                   // version 2 and the command
constexpr std::uint8_t kTcp4 = 0x11, kTcp6 = 0x21;                     // address family and transport
constexpr std::size_t kTcp4AddressBytes = 12, kTcp6AddressBytes = 36;  // two addresses and two ports

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= 65'535 &&
         (text.size() == 1 || text.front() != '0');
}

// The next word; one space before it was taken. Empty: there is none.
std::string_view next_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

IpAddress address_of(std::string_view bytes) {
  IpAddress address;
  if (bytes.size() == 4)
    address = IpAddress::from_v4(static_cast<std::uint32_t>(byte_at(bytes, 0)) << 24 |
                                 static_cast<std::uint32_t>(byte_at(bytes, 1)) << 16 |
                                 static_cast<std::uint32_t>(byte_at(bytes, 2)) << 8 | byte_at(bytes, 3));
  else
    std::transform(bytes.begin(), bytes.end(), address.bytes.begin(),
                   [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

}  // namespace

bool begins_proxy_line(std::string_view begin) noexcept {
  return begin.starts_with("PROXY ");
}

bool begins_proxy_binary(std::string_view begin) noexcept {
  return begin.starts_with(kSignature);
}

std::optional<ProxyHeader> read_proxy_line(std::string_view line) {
  if (line.size() > kProxyLineBytesMax || !begins_proxy_line(line) || !line.ends_with("\r\n")) return std::nullopt;
  std::string_view rest = line.substr(0, line.size() - 2);
  if (rest.find_first_of("\r\n") != std::string_view::npos) return std::nullopt;
  rest.remove_prefix(std::string_view("PROXY ").size());
  const std::string_view family = next_word(rest);
  if (family == "UNKNOWN") return ProxyHeader{};
  const bool is_v4 = family == "TCP4";
  if (!is_v4 && family != "TCP6") return std::nullopt;
  const auto source = parse_ip(next_word(rest));
  const auto destination = parse_ip(next_word(rest));
  const std::string_view source_port = next_word(rest);
  if (!source || !destination || !is_port(source_port) || !is_port(rest)) return std::nullopt;
  // An IPv4-mapped address, which is IPv4 to us, may stand under TCP6.
  if (is_v4 && (!source->is_v4() || !destination->is_v4())) return std::nullopt;
  return ProxyHeader{*source};
}

std::optional<std::size_t> proxy_binary_rest(std::string_view first) {
  if (first.size() < kProxyBinaryBytes || !begins_proxy_binary(first)) return std::nullopt;
  if (byte_at(first, 12) != kLocal && byte_at(first, 12) != kProxy) return std::nullopt;
  const std::size_t size = static_cast<std::size_t>(byte_at(first, 14)) << 8 | byte_at(first, 15);
  return kProxyBinaryBytes + size <= kProxyBytesMax ? std::optional(size) : std::nullopt;
}

std::optional<ProxyHeader> read_proxy_binary(std::string_view header) {
  const auto rest = proxy_binary_rest(header);
  if (!rest || header.size() != kProxyBinaryBytes + *rest) return std::nullopt;
  if (byte_at(header, 12) == kLocal) return ProxyHeader{};
  const std::string_view addresses = header.substr(kProxyBinaryBytes);
  switch (byte_at(header, 13)) {
    case kTcp4:
      if (addresses.size() < kTcp4AddressBytes) return std::nullopt;
      return ProxyHeader{address_of(addresses.substr(0, 4))};
    case kTcp6:
      if (addresses.size() < kTcp6AddressBytes) return std::nullopt;
      return ProxyHeader{address_of(addresses.substr(0, 16))};
    case 0x00:  // unspecified
      return ProxyHeader{};
    default:  // no TCP over IP
      return std::nullopt;
  }
}

}  // namespace straykey
