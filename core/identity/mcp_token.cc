#include "core/identity/mcp_token.h"

namespace straykey {

Event as_the_caller(const Event& event) noexcept {
  Event caller = event;
  caller.invoked_by = {};
  return caller;
}

std::optional<ServiceToken> prove_through_mcp(const Event& event, const IssuedToken* known) {
  const Event caller = as_the_caller(event);
  auto own = prove_service_token(caller, nullptr);
  if (own && own->must_have_assumed.empty()) return own;
  if (known == nullptr || known->session_role.empty()) return own;
  return prove_service_token(caller, known);
}

}  // namespace straykey
