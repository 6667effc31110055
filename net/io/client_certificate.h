#pragma once
// Whether the certificate that a TLS client showed carries one of the names that may send. HTTPS, syslog and RELP over
// TLS ask here; that an authority signed it, the handshake has seen (TlsFiles::client_ca).
//
// Thread: any.
// Source: RFC 6125: DNS names of the certificate, or its common name if it has none; wildcards in certificates do not
//         count. RFC 5425 5.2.
#include <openssl/types.h>

#include <span>
#include <string>

namespace straykey {

[[nodiscard]] bool shows_certificate(const SSL* tls) noexcept;

// Without names, whoever passed the handshake is allowed. A name that begins with a dot allows all names below it.
// False if the client showed no certificate although there are names.
[[nodiscard]] bool client_name_allowed(const SSL* tls, std::span<const std::string> names);

}  // namespace straykey
