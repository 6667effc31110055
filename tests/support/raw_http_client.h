#pragma once
// RawHttpClient: a blocking connection to 127.0.0.1 that sends any bytes, over TCP or TLS, and reads replies.
//
// Thread: one.
// Bounds: every wait ends after 10 s, so that a test fails instead of hanging.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/self_signed.h"

namespace straykey {

class RawHttpClient {
 public:
  struct Reply {
    unsigned status = 0;  // 0: the connection ended without one
    std::string head;
    std::string body;
  };

  RawHttpClient(std::uint16_t port, bool tls);
  // Over TLS, showing this certificate if the server asks for one.
  RawHttpClient(std::uint16_t port, const SelfSigned& own);
  ~RawHttpClient();
  RawHttpClient(const RawHttpClient&) = delete;
  RawHttpClient& operator=(const RawHttpClient&) = delete;

  // On a plain connection, after what was sent on it.
  void start_tls() { shake_hands(nullptr); }
  // False: the peer has ended the connection.
  bool send(std::string_view bytes);
  bool send_byte_by_byte(std::string_view bytes);
  // The next reply; `without_body` as for HEAD or 100.
  Reply read_reply(bool without_body = false);
  // The next bytes, so many; fewer if the connection ends or nothing comes.
  std::string read_text(std::size_t size);
  // True once the peer ends the connection without sending more. False if bytes come, or if nothing happens within 10
  // s.
  bool ends();
  // TLS: the peer said that nothing more comes; without it an end is a truncation.
  [[nodiscard]] bool heard_close_notify() const;
  void half_close();
  void reset();
  // Whether the session was resumed from a ticket of the TLS client that this thread closed last.
  [[nodiscard]] bool resumed() const;
  // PEM-free identity of the server's certificate: its serial number.
  [[nodiscard]] long certificate_serial() const;

 private:
  void open(std::uint16_t port);
  void shake_hands(const SelfSigned* own);
  // Bytes received, 0 at the end, -1 on error or timeout.
  long receive(char* bytes, std::size_t size);

  struct Tls;
  int socket_ = -1;
  std::unique_ptr<Tls> tls_;
  std::string received_;
};

}  // namespace straykey
