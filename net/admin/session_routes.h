#pragma once
// Logging in and out at the page: POST /api/v1/session with a token opens a session, GET tells of it, and POST
// /api/v1/session/end ends it.
//
// Thread: io.
#include "net/admin/page_sessions.h"
#include "net/http/http_router.h"

namespace straykey {

// Both outlive the router.
void add_session_routes(HttpRouter& router, PageSessions& sessions, Authenticator& tokens);

// A refusal that names no scheme of browsers, so that none of them asks for a password in a window of its own.
[[nodiscard]] HttpReply quiet_refusal(const Refusal& refusal, const RequestHead& head, std::string_view request_id);

}  // namespace straykey
