#pragma once
// TlsTrust: which certificates we accept when we open a TLS connection, and by which rules. Webhooks and tools use the
// same.
//
// Shape:  TLS 1.2 with forward secrecy and AEAD, or 1.3. A peer is verified by the system's authorities or by those in
//         one PEM file alone, and its certificate must name the host or address that was asked for.
// Thread: any (immutable once made).
// Errors: making one may fail with a sentence. A session that could not be set up is null.
// Source: no environment variable is looked at (OpenSSL's own default follows SSL_CERT_FILE and SSL_CERT_DIR).
#include <memory>
#include <string>

#include "core/base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace straykey {

struct FreeTlsSession {
  void operator()(ssl_st* session) const noexcept;
};
// One connection's TLS, as OpenSSL knows it.
using TlsSession = std::unique_ptr<ssl_st, FreeTlsSession>;

class TlsTrust {
 public:
  // Trusts the authorities in the PEM file `ca_file`, or the system's if it is empty.
  [[nodiscard]] static Result<std::shared_ptr<const TlsTrust>> in_authorities(const std::string& ca_file);
  // Accepts every certificate. Only for tools that talk to a server on the same machine.
  [[nodiscard]] static Result<std::shared_ptr<const TlsTrust>> in_anyone();
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  // A client's session with `host`, a name or an address: the certificate must name it, and a name is sent as SNI (RFC
  // 6066 has none for addresses).
  [[nodiscard]] TlsSession session_with(const std::string& host) const;

 private:
  explicit TlsTrust(bool verifies);

  ssl_ctx_st* context_;
  const bool verifies_;
};

// Offers nothing but HTTP/1.1 in the handshake (ALPN). False: OpenSSL has no memory.
[[nodiscard]] bool offer_http11(ssl_st* session) noexcept;

// Why a handshake failed, in a sentence.
[[nodiscard]] std::string handshake_failure(ssl_st* session);

}  // namespace straykey
