#pragma once
// The beginning of a TLS connection on which syslog comes, with or without RELP: the handshake, and whether the
// certificate that the client showed is one of those that may send (RFC 5425 5.2).
//
// Thread: shake_hands_for_syslog() io (the connection's own); client_name_allowed() any.
// Source: RFC 6125: DNS names of the certificate, or its common name if it has none; wildcards in certificates do not
//         count.
#include <openssl/types.h>

#include <span>
#include <string>

#include "net/ingest/syslog_listener.h"
#include "net/io/peer_stream.h"

namespace straykey {

// Without names, whoever passed the handshake is allowed. A name that begins with a dot allows all names below it.
// False if the client showed no certificate although there are names.
[[nodiscard]] bool client_name_allowed(const SSL* tls, std::span<const std::string> names);

// False: the connection is to be closed; that is counted, and logged unless somebody only looked at the port. REQUIRES:
// stream.is_tls().
[[nodiscard]] IoAwait<bool> shake_hands_for_syslog(PeerStream& stream, SyslogListener& listener, IpAddress sender);

}  // namespace straykey
