#include "core/engine/signature.h"

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace straykey {
namespace {

constexpr std::size_t kTeachingTexts = 21;

std::array<std::string_view, kTeachingTexts> teaching_texts(const Event& event) noexcept {
  const bool exchange = event.type == IdentityType::web_identity;
  return {event.arn,
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
          event.vpc_endpoint_account,
          event.recipient_account,
          event.error_code,
          event.user_agent.tool,
          event.user_agent.exec_env,
          exchange ? event.assumed_role_arn : std::string_view{},
          exchange ? event.identity_provider : std::string_view{},
          exchange ? event.event_name : std::string_view{},
          event.region,
          event.source_ip};
}

// The lengths stand before the texts, so that the same bytes cannot be read as two different lists of texts. A record
// has at most 1 MiB.
struct TeachingHead {
  std::uint32_t day, flags;
  std::array<std::uint32_t, kTeachingTexts> sizes;
};
struct CallHead {
  Hash128 teaching;  // with the address
  std::uint32_t agent_size, source_size;
};
static_assert(sizeof(TeachingHead) == 92 && sizeof(CallHead) == 24, "all bytes are hashed");

template <class Head, std::size_t Texts>
std::string_view join(const Head& head, const std::array<std::string_view, Texts>& texts, std::string& out) {
  std::size_t size = sizeof head;
  for (const std::string_view text : texts) size += text.size();
  if (out.size() < size) out.resize(size);
  std::memcpy(out.data(), &head, sizeof head);
  char* to = out.data() + sizeof head;
  for (const std::string_view text : texts) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    to += text.size();
  }
  return {out.data(), size};
}

std::string_view teaching_bytes(const Event& event, std::string& memory) {
  const auto texts = teaching_texts(event);
  TeachingHead head{event.day(), 0, {}};
  static_assert(static_cast<unsigned>(IdentityType::other) < 16 && static_cast<unsigned>(ToolKind::mcp) < 16 &&
                static_cast<unsigned>(Platform::kali) < 16 &&
                static_cast<unsigned>(TellingCall::web_identity_token) < 4);
  head.flags =
      static_cast<std::uint32_t>(event.type) | static_cast<std::uint32_t>(event.user_agent.kind) << 4 |
      static_cast<std::uint32_t>(event.user_agent.platform) << 8 |
      static_cast<std::uint32_t>(event.user_agent.letters) << 12 |
      static_cast<std::uint32_t>(event.telling_call()) << 20 | static_cast<std::uint32_t>(event.presigned) << 22 |
      static_cast<std::uint32_t>(event.delegated) << 23 | static_cast<std::uint32_t>(event.from_future) << 24 |
      static_cast<std::uint32_t>(event.console_session) << 25 | static_cast<std::uint32_t>(event.sign_in_failed) << 26 |
      static_cast<std::uint32_t>(event.event_name == "GetCallerIdentity") << 27;
  for (std::size_t i = 0; i < texts.size(); ++i) head.sizes[i] = static_cast<std::uint32_t>(texts[i].size());
  return join(head, texts, memory);
}

}  // namespace

Hash128 session_id(HashKey key, std::string_view principal_id, Day day) {
  const Hash128 session = hash128(key, ByteWriter().string("session").string(principal_id).view());
  return {session.low, session.high + static_cast<std::uint64_t>(day)};
}

EventSignature signature_of(HashKey key, const Event& event) {
  thread_local std::string memory;
  EventSignature out;
  if (!event.access_key.empty()) out.access_key = access_key_id(key, event.access_key);
  out.teaching = hash128_in_lanes(key, teaching_bytes(event, memory));
  const CallHead call{out.teaching, static_cast<std::uint32_t>(event.user_agent_text.size()),
                      static_cast<std::uint32_t>(event.event_source.size())};
  const std::array calls_apart{event.user_agent_text, event.event_source, event.event_name};
  out.call = hash128_in_lanes(key, join(call, calls_apart, memory)).low;
  return out;
}

}  // namespace straykey
