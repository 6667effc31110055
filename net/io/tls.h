#pragma once
// TlsServer: certificate, key and rules for the connections that others open to us.
//
// Thread: any (synchronised inside). current() gives the present context; reload() replaces it for new connections.
// Errors: one clear sentence for each thing that can be wrong with the files; a failed reload keeps the old context.
// Source: Mozilla "intermediate" 5.7: TLS 1.2 with ECDHE and AEAD, TLS 1.3. Session tickets are on by default:
//         EventBridge opens a new connection for each event. A client that closes with an unread ticket in its buffer
//         resets the connection, and what it had not sent yet is lost (Linux; 700 to 2,000 of 3,000 syslog messages,
//         November 2026). Use a P-256 certificate: RSA signs ten times slower.
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

struct TlsFiles {
  std::string certificate;  // PEM, the server's own first, then its chain
  std::string key;          // PEM, not encrypted, not readable by others
  std::string client_ca{};  // PEM; empty: clients are not asked for a certificate. Else for one of these authorities
  bool tickets = true;      // false where clients never read: they would lose their last bytes to a ticket
  bool client_required = true;  // with client_ca: false lets in who shows no certificate, yet nobody with a wrong one

  bool operator==(const TlsFiles&) const = default;
};

// For TLS 1.2, both ways: forward secrecy and AEAD.
inline constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Initialises OpenSSL. Call it first: if OpenSSL did this later, within another call, and found no memory, it would
// crash.
[[nodiscard]] Status start_crypto();
// Of the OpenSSL that runs: "3.0.19".
[[nodiscard]] std::string crypto_version();

// A server context of these files, valid at `now`.
[[nodiscard]] Result<TlsContext> load_tls_context(const TlsFiles& files, Seconds now);

class TlsServer {
 public:
  explicit TlsServer(TlsFiles files) : files_(std::move(files)) {}

  // Reads the files again; connections that exist keep what they have. Call once before current().
  Status reload(Seconds now);
  // REQUIRES: a reload() succeeded.
  [[nodiscard]] TlsContext current() const;

 private:
  const TlsFiles files_;
  mutable std::mutex mutex_;
  TlsContext context_;
};

}  // namespace straykey
