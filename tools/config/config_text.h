#pragma once
// Reads texts of a configuration as values (sizes, listen addresses), and writes values as TOML.
//
// Units:  sizes in bytes; KiB, MiB, GiB, TiB are powers of 1,024; KB, MB, GB, TB powers of 1,000.
// Thread: any (functions of their arguments).
// Bounds: a size is at most 2^63 - 1.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

// Where a listener listens. Off while the address is empty.
struct ListenAddress {
  std::string address;     // without brackets
  std::uint16_t port = 0;  // 0: any free one

  bool operator==(const ListenAddress&) const = default;
  [[nodiscard]] bool on() const noexcept { return !address.empty(); }
  [[nodiscard]] bool loopback() const noexcept;
  // "0.0.0.0:8443", "[::]:8443", "" when off.
  [[nodiscard]] std::string text() const;
};
// An IP address and a port, `192.0.2.1:8443` or `[2001:db8::1]:8443`; an empty text is off.
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

// "64 GiB", "64GiB", "1000" (bytes).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
// The shortest exact form: "64 GiB", "1000 B".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// A basic TOML string, in quotes, whatever it holds.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace straykey
