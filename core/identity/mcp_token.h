#pragma once
// Whose token stands behind a call that an MCP server of AWS made in its caller's name.
//
// Shape:  such a call has a key of its own, which no event issued. It is the caller's by what its own record says, by
//         what is known of the caller's session, or weakly by the shape of the session's name, in this order.
// Thread: any (a function of its arguments).
#include <optional>

#include "core/event/event.h"
#include "core/identity/service_token.h"

namespace straykey {

// The event as if the caller had made the call. REQUIRES: is_through_mcp(event).
[[nodiscard]] Event as_the_caller(const Event& event) noexcept;

// `known`: what is known of the session, or null. What is known of the call's own key tells nothing, so it is passed
// over. REQUIRES: is_through_mcp(event).
[[nodiscard]] std::optional<ServiceToken> prove_through_mcp(const Event& event, const IssuedToken* known);

}  // namespace straykey
