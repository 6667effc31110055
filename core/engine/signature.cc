#include "core/engine/signature.h"

namespace straykey {

Hash128 signature_of(HashKey key, const Event& event, bool has_issue, std::string& scratch) {
  scratch.clear();
  const auto number = [&](std::uint64_t value) { scratch.append(reinterpret_cast<const char*>(&value), sizeof value); };
  number(event.day());
  number(static_cast<std::uint64_t>(event.type) | static_cast<std::uint64_t>(event.user_agent.kind) << 8 |
         static_cast<std::uint64_t>(event.user_agent.platform) << 16 |
         static_cast<std::uint64_t>(event.from_future) << 24 | static_cast<std::uint64_t>(event.console_session) << 25 |
         static_cast<std::uint64_t>(event.sign_in_failed) << 26 | static_cast<std::uint64_t>(has_issue) << 27);
  const bool exchange = event.type == IdentityType::web_identity;
  for (const std::string_view text : {event.arn,
                                      event.account,
                                      event.access_key,
                                      event.principal_id,
                                      event.user_name,
                                      event.invoked_by,
                                      event.session_issuer_arn,
                                      event.federated_provider,
                                      event.ec2_role_delivery,
                                      event.in_scope_issuer_type,
                                      event.in_scope_issued_to,
                                      event.source_ip,
                                      event.vpc_endpoint_account,
                                      event.recipient_account,
                                      event.error_code,
                                      event.user_agent.tool,
                                      event.user_agent.exec_env,
                                      exchange ? event.assumed_role_arn : std::string_view{},
                                      exchange ? event.identity_provider : std::string_view{},
                                      exchange ? event.event_name : std::string_view{}}) {
    number(text.size());
    scratch.append(text);
  }
  return hash128(key, scratch);
}

}  // namespace straykey
