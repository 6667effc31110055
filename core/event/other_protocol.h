#pragma once
// What is spoken on a syslog port and is no syslog, told by its first bytes, with what to change at the sender.
//
// Thread: any (functions of their arguments).
// Bounds: the first kOtherProtocolBytes of a connection or datagram decide.
// Source: RFC 8446 5.1 (TLS), RFC 9110, RFC 9113 3.4 (HTTP), HAProxy's PROXY protocol 2.2, RFC 1950 and 1952 (zlib,
//         gzip), RFC 8878 (zstd), rsyslog's ZipLevel (a message of `z` and zlib data), Graylog's GELF over UDP.
#include <cstddef>
#include <optional>
#include <string_view>

namespace straykey {

struct OtherProtocol {
  std::string_view name;
  std::string_view change;  // a sentence: what to do about it
  bool readable = false;    // messages follow that can be read
};

inline constexpr std::size_t kOtherProtocolBytes = 16;

// nullptr: it may be syslog. What it points to lives for ever.
[[nodiscard]] const OtherProtocol* other_protocol(std::string_view beginning) noexcept;
// More bytes could make one of them of it.
[[nodiscard]] bool may_become_other_protocol(std::string_view beginning) noexcept;

}  // namespace straykey
