#pragma once
// TlsStream: the server's side of TLS on a non-blocking socket, by OpenSSL itself.
//
// Shape:  OpenSSL reads records straight from the socket into its buffer, and from there into the caller's. A read
//         takes as many records as have arrived and fit. It waits only if nothing has arrived.
// Thread: that of the socket; one call at a time. Closing the socket ends what is awaited.
// Bounds: OpenSSL's buffer of one record, a little over 16 KiB, which it gives back while it is empty. After kTurnBytes
//         the thread's other work gets its turn, whatever the peer sends: small records, handshakes.
// Errors: by error_code. eof after the peer's close_notify, stream_truncated at an end without one, operation_aborted
//         once the socket is closed. A stream that failed gives the same error again on each call.
#include <openssl/types.h>

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "net/io/io_runtime.h"
#include "net/io/tls.h"

namespace straykey {

class TlsStream {
 public:
  // `socket` outlives it. Throws where there is no memory.
  TlsStream(IoSocket& socket, const TlsContext& context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  IoAwait<IoError> handshake();
  IoAwait<std::pair<IoError, std::size_t>> read_some(boost::asio::mutable_buffer buffer);
  // Writes all of it.
  IoAwait<IoError> write(std::string_view bytes);
  // Says close_notify and waits for the peer's.
  IoAwait<IoError> shut_down();
  // Says close_notify without waiting for anything.
  void answer_end() noexcept;
  // About how many bytes the next read finds without waiting: 0 while of a record only the beginning is there.
  [[nodiscard]] std::size_t waiting_bytes() noexcept;
  [[nodiscard]] ssl_st* native() noexcept { return ssl_.get(); }

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  // Calls until it succeeds, or fails for good.
  template <class Call>
  IoAwait<IoError> repeat(Call call);
  // SSL_get_error() of the last read, and the number of bytes of all reads.
  std::pair<int, std::size_t> read_now(boost::asio::mutable_buffer buffer) noexcept;
  // Waits until a call that ended with this SSL_get_error() may be repeated.
  IoAwait<IoError> wait(int reason);
  void keep_failure(int reason) noexcept;
  [[nodiscard]] IoError failure(int reason) const;

  IoSocket& socket_;
  std::size_t turn_bytes_;   // what may still be received in this turn; the transport's
  bool peer_ended_ = false;  // the transport's: the socket's end was read
  IoError failed_;           // for good, behind bytes that were read
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace straykey
