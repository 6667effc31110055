#include "tools/config/config_text.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/base/hex.h"
#include "core/location/ip_address.h"

namespace straykey {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> kUnits{{
    {"TiB", std::uint64_t{1} << 40},
    {"GiB", std::uint64_t{1} << 30},
    {"MiB", std::uint64_t{1} << 20},
    {"KiB", std::uint64_t{1} << 10},
    {"TB", 1'000'000'000'000},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"KB", 1'000},
    {"B", 1},
}};
constexpr std::uint64_t kSizeMax = INT64_MAX;

template <class Number>
bool parse_number(std::string_view text, Number& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool ListenAddress::loopback() const noexcept {
  const auto ip = parse_ip(address);
  if (!ip) return false;
  return ip->is_v4() ? ip->v4() >> 24 == 127 : *ip == *parse_ip("::1");
}

std::string ListenAddress::text() const {
  if (!on()) return {};
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress listen;
  if (text.empty()) return listen;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), listen.port)) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6 != brackets || !parse_ip(host)) return std::nullopt;
  listen.address = host;
  return listen;
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  std::uint64_t factor = 1;
  for (const auto& [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    factor = bytes;
    text.remove_suffix(unit.size());
    if (text.ends_with(' ')) text.remove_suffix(1);
    break;
  }
  std::uint64_t count = 0;
  if (!parse_number(text, count) || count > kSizeMax / factor) return std::nullopt;
  return count * factor;
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [unit, factor] : kUnits) {
    if (unit.ends_with("iB") && bytes != 0 && bytes % factor == 0) {
      return std::to_string(bytes / factor) + " " + std::string(unit);
    }
  }
  return std::to_string(bytes) + " B";
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00";
      append_hex(byte, quoted);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace straykey
