#pragma once
// The beginning of a TLS connection on which syslog comes, with or without RELP: the handshake, and whether the
// certificate that the client showed is one of those that may send (RFC 5425 5.2).
//
// Thread: io (the connection's own).
#include "net/ingest/syslog_listener.h"
#include "net/io/peer_stream.h"

namespace straykey {

// False: the connection is to be closed; that is counted, and logged unless somebody only looked at the port. REQUIRES:
// stream.is_tls().
[[nodiscard]] IoAwait<bool> shake_hands_for_syslog(PeerStream& stream, SyslogListener& listener, IpAddress sender);

}  // namespace straykey
