#include "core/engine/signature.h"

#include <array>
#include <cstring>

namespace straykey {

Hash128 signature_of(HashKey key, const Event& event, bool has_issue, std::string& scratch) {
  const bool exchange = event.type == IdentityType::web_identity;
  const std::array texts{event.arn,
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
                         exchange ? event.event_name : std::string_view{}};
  // Day, flags, the size of each text; then the texts. A record has at most 1 MiB.
  std::array<std::uint32_t, texts.size() + 2> head;
  head[0] = event.day();
  head[1] = static_cast<std::uint32_t>(event.type) | static_cast<std::uint32_t>(event.user_agent.kind) << 8 |
            static_cast<std::uint32_t>(event.user_agent.platform) << 16 |
            static_cast<std::uint32_t>(event.from_future) << 24 |
            static_cast<std::uint32_t>(event.console_session) << 25 |
            static_cast<std::uint32_t>(event.sign_in_failed) << 26 | static_cast<std::uint32_t>(has_issue) << 27;
  std::size_t bytes = sizeof head;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    head[i + 2] = static_cast<std::uint32_t>(texts[i].size());
    bytes += texts[i].size();
  }
  if (scratch.size() < bytes) scratch.resize(bytes);
  char* to = scratch.data();
  std::memcpy(to, head.data(), sizeof head);
  to += sizeof head;
  for (const std::string_view text : texts) {
    if (text.empty()) continue;
    std::memcpy(to, text.data(), text.size());
    to += text.size();
  }
  return hash128(key, std::string_view(scratch).substr(0, bytes));
}

}  // namespace straykey
