#pragma once
// PeerStream: one accepted connection, plain or TLS, with one way to read, write and end it.
//
// Thread: io (the connection's own); every call is awaited there, one read and one write at a time.
// Errors: by error_code. close() may be called at any time and ends whatever is awaited.
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "net/io/io_runtime.h"
#include "net/io/tls.h"
#include "net/io/tls_stream.h"

namespace straykey {

class PeerStream {
 public:
  // `tls` nullptr: plain.
  PeerStream(IoSocket socket, const TlsContext& tls);
  PeerStream(const PeerStream&) = delete;
  PeerStream& operator=(const PeerStream&) = delete;

  [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }
  IoAwait<IoError> handshake();
  IoAwait<std::pair<IoError, std::size_t>> read_some(boost::asio::mutable_buffer buffer);
  // Writes all of it.
  IoAwait<IoError> write(std::string_view bytes);
  // Ends the connection properly after the last reply: first TLS (close_notify), then TCP.
  IoAwait<void> shut_down();
  // Ends the connection properly although the peer is still sending. It says that nothing more comes, then reads and
  // drops up to `bytes_max`. Closing with unread bytes would reset the connection, and the peer would lose the reply.
  IoAwait<void> drain_and_shut_down(std::size_t bytes_max);
  // After the peer's end: says TLS close_notify to it, if this is TLS.
  void answer_end() noexcept;
  // Tells the peer that we send nothing more, over TLS by close_notify; the peer may still send.
  void end_sending() noexcept;
  void close() noexcept;
  // Not closed here.
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  // About how many bytes the next read finds without waiting.
  [[nodiscard]] std::size_t waiting_bytes() noexcept;
  // nullptr: plain. Belongs to the stream.
  [[nodiscard]] ssl_st* tls() noexcept { return tls_ ? tls_->native() : nullptr; }

 private:
  IoAwait<std::pair<IoError, std::size_t>> read_plain(boost::asio::mutable_buffer buffer);
  IoAwait<IoError> write_plain(std::string_view bytes);

  IoSocket socket_;
  std::optional<TlsStream> tls_;
};

}  // namespace straykey
