// IpAddress and Prefix: parsing, printing and containment.
#include "core/location/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

#include "core/base/hex.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Start = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint8_t kV4StartBits = 96;
constexpr int kGroups = 8;
using Groups = std::array<std::uint16_t, kGroups>;

std::optional<std::uint32_t> parse_quad(std::string_view text) noexcept {
  std::uint32_t address = 0;
  std::uint32_t octet = 0;
  int digits = 0;
  int dots = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit <= 9) {
      if (digits > 0 && octet == 0) return std::nullopt;  // a leading zero: octal to some, decimal to others
      octet = octet * 10 + digit;
      if (octet > 255) return std::nullopt;
      ++digits;
    } else if (c == '.' && digits > 0 && dots < 3) {
      address = address << 8 | octet;
      octet = 0;
      digits = 0;
      ++dots;
    } else {
      return std::nullopt;
    }
  }
  if (dots != 3 || digits == 0) return std::nullopt;
  return address << 8 | octet;
}

// The groups on both sides of "::", which stood before group `gap` (-1: nowhere).
std::optional<IpAddress> address_of(const Groups& groups, int count, int gap) noexcept {
  if (gap < 0 ? count != kGroups : count >= kGroups) return std::nullopt;
  IpAddress address;
  for (int i = 0; i < count; ++i) {
    const bool behind_gap = gap >= 0 && i >= gap;
    const auto place = static_cast<std::size_t>(2 * (behind_gap ? i + kGroups - count : i));
    const std::uint16_t group = groups[static_cast<std::size_t>(i)];
    address.bytes[place] = static_cast<std::uint8_t>(group >> 8);
    address.bytes[place + 1] = static_cast<std::uint8_t>(group & 0xff);
  }
  return address;
}

std::optional<IpAddress> parse_groups(std::string_view text) noexcept {
  Groups groups{};
  int count = 0;
  int gap = -1;
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    if (count == kGroups) return std::nullopt;
    std::size_t end = at;
    std::uint32_t value = 0;
    for (; end < text.size() && end - at < 4; ++end) {
      const int digit = hex_value(text[end]);
      if (digit < 0) break;
      value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    if (end == at) return std::nullopt;
    if (end < text.size() && text[end] == '.') {
      const auto quad = parse_quad(text.substr(at));
      if (!quad || count > kGroups - 2) return std::nullopt;
      groups[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(*quad >> 16);
      groups[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(*quad & 0xffff);
      break;
    }
    groups[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(value);
    at = end;
    if (at == text.size()) break;
    if (text[at] != ':' || at + 1 == text.size()) return std::nullopt;
    ++at;
    if (text[at] == ':') {
      if (gap >= 0) return std::nullopt;
      gap = count;
      ++at;
    }
  }
  return address_of(groups, count, gap);
}

// Clears every bit behind the first `length`.
void clear_host_bits(IpAddress& address, std::uint8_t length) noexcept {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const int kept = std::clamp(static_cast<int>(length) - static_cast<int>(8 * i), 0, 8);
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00 >> kept));
  }
}

std::optional<std::uint8_t> parse_length(std::string_view text) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + (c - '0');
  }
  if (length > 128) return std::nullopt;
  return static_cast<std::uint8_t>(length);
}

// RFC 5952, section 4.2.3: the longest run of at least two zero groups, the first of equals; {0, 0} if there is none.
struct ZeroRun {
  int start = 0;
  int count = 0;
};
ZeroRun longest_zero_run(const Groups& groups) noexcept {
  ZeroRun best;
  ZeroRun run;
  for (int i = 0; i < kGroups; ++i) {
    run = groups[static_cast<std::size_t>(i)] == 0 ? ZeroRun{run.count == 0 ? i : run.start, run.count + 1} : ZeroRun{};
    if (run.count > best.count) best = run;
  }
  return best.count >= 2 ? best : ZeroRun{};
}

void append_hex(std::string& text, std::uint16_t group) {
  bool printed = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::size_t>(group >> shift & 0xf);
    if (digit == 0 && !printed && shift > 0) continue;
    text += kHexDigits[digit];
    printed = true;
  }
}

std::string quad_text(std::span<const std::uint8_t, 4> octets) {
  std::array<char, 16> text;
  char* to = text.data();
  for (const std::uint8_t octet : octets) {
    to = std::to_chars(to, to + 3, octet).ptr;
    *to++ = '.';
  }
  return {text.data(), to - 1};
}

}  // namespace

bool IpAddress::is_v4() const noexcept {
  return std::memcmp(bytes.data(), kV4Start.data(), kV4Start.size()) == 0;
}

std::uint32_t IpAddress::v4() const noexcept {
  INVARIANT(is_v4());
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
}

IpAddress IpAddress::from_v4(std::uint32_t host_order) noexcept {
  IpAddress address;
  std::memcpy(address.bytes.data(), kV4Start.data(), kV4Start.size());
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i) & 0xff);
  }
  return address;
}

std::string IpAddress::text() const {
  if (is_v4()) return quad_text(std::span(bytes).last<4>());
  std::string text;
  Groups groups{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const ZeroRun run = longest_zero_run(groups);
  for (int i = 0; i < kGroups; ++i) {
    if (run.count > 0 && i == run.start) {
      text += "::";
      i += run.count - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    append_hex(text, groups[static_cast<std::size_t>(i)]);
  }
  return text;
}

std::optional<IpAddress> parse_ip(std::string_view text) noexcept {
  constexpr std::size_t kQuadSizeMax = 15;    // "255.255.255.255"
  constexpr std::size_t kGroupsSizeMax = 45;  // six groups of four digits and a quad
  if (text.size() < 2 || text.size() > kGroupsSizeMax) return std::nullopt;
  if (text.size() <= kQuadSizeMax) {
    if (const auto quad = parse_quad(text)) return IpAddress::from_v4(*quad);
  }
  return parse_groups(text);
}

std::optional<IpAddress> parse_written_ip(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  const auto is_port = [](std::string_view port) {
    return port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(end + 1);
    if (!behind.empty() && !(behind[0] == ':' && is_port(behind.substr(1)))) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && text.find('.') < colon && is_port(text.substr(colon + 1))) {
    text = text.substr(0, colon);
  }
  return parse_ip(text.substr(0, text.find('%')));
}

bool Prefix::contains(const IpAddress& address) const noexcept {
  if (length < kV4StartBits && address.is_v4()) return false;
  return prefix_of(address, length).first == first;
}

IpAddress Prefix::last() const noexcept {
  IpAddress address = first;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const int kept = std::clamp(static_cast<int>(length) - static_cast<int>(8 * i), 0, 8);
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] | (0xff >> kept));
  }
  return address;
}

std::string Prefix::text() const {
  const bool v4 = first.is_v4() && length >= kV4StartBits;
  return first.text() + '/' + std::to_string(v4 ? length - kV4StartBits : length);
}

std::optional<Prefix> parse_prefix(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const auto address = parse_ip(address_text);
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, 128};

  auto length = parse_length(text.substr(slash + 1));
  if (!length) return std::nullopt;
  if (address_text.find(':') == std::string_view::npos) {
    if (*length > 32) return std::nullopt;
    *length = static_cast<std::uint8_t>(*length + kV4StartBits);
  }
  const Prefix prefix = prefix_of(*address, *length);
  if (prefix.first != *address) return std::nullopt;
  return prefix;
}

Prefix prefix_of(const IpAddress& address, std::uint8_t length) noexcept {
  INVARIANT(length <= 128, length);
  Prefix prefix{address, length};
  clear_host_bits(prefix.first, length);
  return prefix;
}

}  // namespace straykey
