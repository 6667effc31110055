#pragma once
// RelpSession: one RELP connection of a syslog sender. A message is acknowledged once it is stored, so nothing is lost
// between the sender and the store.
//
// Shape:  read -> frames -> batch -> Feeder; when a batch is stored, every message in it is answered `200 OK`. A
//         message that is no record is a counted reject and is answered so as well: a sender drops or repeats what it
//         hears 500 of. What cannot be stored now is not answered; the sender keeps it.
// Order:  answers come in the order of the commits; RELP allows any. After `close`, or when the server drains, what was
//         taken is answered before the connection ends.
// Thread: io (its own).
// Bounds: one frame (kRelpDataBytesMax of data), one batch, and requests_in_flight_max of them; SyslogTimeouts (also
//         room_stall, as in SyslogSession); the byte budget: without room in it nothing is read. Answers that the
//         sender does not read are charged to it; behind 64 KiB of them no frame is taken, and in the end the sender
//         has stalled.
// Errors: what is no RELP ends the connection, and so does a command before `open`; what was read before is kept.
// Source: librelp's description of the protocol. The version that is offered is taken.
#include <memory>

#include "net/io/stream_session.h"
#include "net/io/tls.h"

namespace straykey {

class SyslogIntake;
struct SyslogListener;

// `intake` outlives the session.
[[nodiscard]] std::shared_ptr<StreamSession> make_relp_session(std::shared_ptr<SyslogListener> listener,
                                                               SyslogIntake& intake, IoSocket socket,
                                                               const TlsContext& tls, StreamPeer peer);

}  // namespace straykey
