#include "net/client/syslog_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace straykey {
namespace {

// local0.info. The header has no time, because the sending time would not be the event's.
constexpr std::string_view kHeader = "<134>1 - straykey-replay cloudtrail - - - ";

}  // namespace

Result<SyslogTarget> parse_syslog_url(std::string_view text) {
  SyslogTarget target;
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end);
  if (scheme == "tcp")
    target.transport = SyslogTransport::tcp;
  else if (scheme == "tls")
    target.transport = SyslogTransport::tls;
  else if (scheme == "udp")
    target.transport = SyslogTransport::udp;
  else
    return Error{"a syslog target must begin with tcp://, tls:// or udp://"};
  std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Error{"a syslog target must end in host:port"};
  const std::string_view port = rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (error != std::errc() || end != port.data() + port.size() || target.port == 0)
    return Error{"a syslog target must end in a port from 1 to 65535"};
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Error{"a syslog target must end in host:port"};
  target.host = host;
  return target;
}

void append_syslog_frame(SyslogFraming framing, std::string_view record, std::string& out) {
  if (framing == SyslogFraming::octet) {
    out.append(std::to_string(kHeader.size() + record.size())).append(" ");
    out.append(kHeader).append(record);
    return;
  }
  INVARIANT(record.find('\n') == std::string_view::npos);
  out.append(kHeader).append(record).append("\n");
}

SyslogClient::SyslogClient(SyslogTarget target, std::shared_ptr<const TlsTrust> tls, ClientSocket::Limits limits)
    : target_(std::move(target)),
      limits_(limits),
      stream_(limits, target_.transport == SyslogTransport::tls ? tls : nullptr) {
  INVARIANT(target_.transport != SyslogTransport::tls || tls != nullptr);
}

Status SyslogClient::send(const std::vector<std::string_view>& records, std::size_t& too_large) {
  too_large = 0;
  if (target_.transport == SyslogTransport::udp) return send_datagrams(records, too_large);
  if (!stream_.is_open())
    if (Status status = stream_.connect(target_.host, target_.port); !status.ok()) return status;
  frames_.clear();
  for (const std::string_view record : records) append_syslog_frame(target_.framing, record, frames_);
  return stream_.write(frames_);
}

Status SyslogClient::send_datagrams(const std::vector<std::string_view>& records, std::size_t& too_large) {
  if (!datagrams_.is_open()) {
    auto socket = connect_socket(target_.host, target_.port, SOCK_DGRAM, limits_);
    if (!socket) return socket.error();
    datagrams_ = std::move(socket).value();
  }
  for (const std::string_view record : records) {
    frames_.assign(kHeader).append(record);
    if (frames_.size() > kDatagramBytesMax) {
      ++too_large;
      continue;
    }
    ssize_t sent = 0;
    do sent = ::send(datagrams_.number(), frames_.data(), frames_.size(), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    // ECONNREFUSED reports an earlier datagram, once. This one was not sent, so it is sent again.
    if (sent < 0 && errno == ECONNREFUSED)
      sent = ::send(datagrams_.number(), frames_.data(), frames_.size(), MSG_NOSIGNAL);
    if (sent < 0) return Error{std::string("a datagram could not be sent: ") + std::strerror(errno)};
  }
  return {};
}

}  // namespace straykey
