#pragma once
// SyslogClient: sends messages over TCP, TLS or UDP, as a forwarder does.
//
// Shape:  each message is an RFC 5424 header and a record; on a stream framed by its length or by a line feed.
// Thread: one owner, whose thread it blocks.
// Bounds: a datagram holds at most kDatagramBytesMax; ClientSocket's time limits.
// Errors: "sent" means only that the kernel has the bytes, because syslog has no acknowledgement. After an error the
//         connection is closed, and it is unknown how much of the batch has arrived.
// Source: RFC 5424, RFC 6587 (both framings), RFC 5425.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "net/client/client_socket.h"

namespace straykey {

enum class SyslogTransport : std::uint8_t { tcp, tls, udp };
enum class SyslogFraming : std::uint8_t { octet, lf };

struct SyslogTarget {
  SyslogTransport transport = SyslogTransport::tcp;
  SyslogFraming framing = SyslogFraming::octet;
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// tcp://host:port, tls://host:port, udp://host:port.
[[nodiscard]] Result<SyslogTarget> parse_syslog_url(std::string_view text);

// Appends one message to `out`, framed for a stream. REQUIRES: no line feed in `record` with SyslogFraming::lf.
void append_syslog_frame(SyslogFraming framing, std::string_view record, std::string& out);

class SyslogClient {
 public:
  // For header and record together: what the IPv4 and UDP headers leave of 65,535 bytes.
  static constexpr std::size_t kDatagramBytesMax = 65'507;

  // `tls` is needed for SyslogTransport::tls.
  SyslogClient(SyslogTarget target, std::shared_ptr<const TlsTrust> tls, ClientSocket::Limits limits = {});
  SyslogClient(const SyslogClient&) = delete;
  SyslogClient& operator=(const SyslogClient&) = delete;

  // Connects if needed. `too_large` gets how many messages were not sent because no datagram can hold them.
  Status send(const std::vector<std::string_view>& records, std::size_t& too_large);

 private:
  Status send_datagrams(const std::vector<std::string_view>& records, std::size_t& too_large);

  SyslogTarget target_;
  ClientSocket::Limits limits_;
  ClientSocket stream_;
  Descriptor datagrams_;
  std::string frames_;
};

}  // namespace straykey
