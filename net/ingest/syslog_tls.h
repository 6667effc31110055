#pragma once
// Whether the certificate that a TLS client showed is one of those that may send syslog (RFC 5425 5.2).
//
// Thread: any (a function of its arguments).
// Source: RFC 6125: DNS names of the certificate, or its common name if it has none; wildcards in certificates do not
//         count.
#include <openssl/types.h>

#include <span>
#include <string>

namespace straykey {

// Without names, whoever passed the handshake is allowed. A name that begins with a dot allows all names below it.
// False if the client showed no certificate although there are names.
[[nodiscard]] bool client_name_allowed(const SSL* tls, std::span<const std::string> names);

}  // namespace straykey
