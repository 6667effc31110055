#pragma once
// ClientSocket: a blocking TCP or TLS connection of one of our own tools to a server.
//
// Thread: one owner, whose thread it blocks.
// Order:  the process must ignore SIGPIPE: OpenSSL writes to sockets that the peer has closed.
// Bounds: connect_ms for each address and for the handshake, io_ms for each write and each read; over TLS also if the
//         peer sends a record byte by byte, and of a write for each record of it. A read that waits looks at `stopped`
//         every kLookMs, and each read behind the first one after a write looks at it before it begins.
// Errors: a sentence; the socket is closed after one. An address that `permits` refuses is not connected to.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/descriptor.h"
#include "core/base/result.h"
#include "core/location/ip_address.h"
#include "net/client/tls_trust.h"

namespace straykey {

class ClientSocket {
 public:
  struct Limits {
    int connect_ms = 10'000;
    int io_ms = 70'000;
    bool (*permits)(const IpAddress& address) = nullptr;  // nullptr: every address
    std::function<bool()> stopped = {};                   // true: a read ends. Empty: never
  };
  static constexpr int kLookMs = 200;
  // `tls` may be null: plain TCP.
  ClientSocket(Limits limits, std::shared_ptr<const TlsTrust> tls);
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  // Looks the name up and tries its addresses in turn. REQUIRES: not open.
  Status connect(const std::string& host, std::uint16_t port);
  // Writes both texts whole, the second behind the first. REQUIRES: open.
  Status write(std::string_view first, std::string_view second = {});
  // 0 at the peer's end. REQUIRES: open.
  Result<std::size_t> read(char* bytes, std::size_t size);
  void close();
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  Status handshake(const std::string& host);
  Status write_plain(std::string_view first, std::string_view second);
  Status write_tls(std::string_view bytes);
  Result<std::size_t> read_plain(char* bytes, std::size_t size);
  Result<std::size_t> read_tls(char* bytes, std::size_t size);
  // Waits until TLS can go on, whose last call said `error`. False: not before `deadline`, or it is to stop.
  [[nodiscard]] bool waits_for_tls(int error, Deadline deadline);
  // Whether a read that came to nothing is to go on, `waited` times kLookMs after it began.
  [[nodiscard]] bool waits_on(int waited) const;
  Error fail(const std::string& what);

  Limits limits_;
  std::shared_ptr<const TlsTrust> tls_;
  Descriptor socket_;
  TlsSession session_;
  std::string joined_;
  bool has_read_ = false;            // since the last write
  Deadline look_ = Deadline::max();  // when a call over TLS looks at `stopped` next
};

// A socket to `host`, of `socket_type` (SOCK_STREAM, SOCK_DGRAM), whose reads and writes end after io_ms.
[[nodiscard]] Result<Descriptor> connect_socket(const std::string& host, std::uint16_t port, int socket_type,
                                                const ClientSocket::Limits& limits);

}  // namespace straykey
