#include "core/engine/signature.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {
namespace {

constexpr std::size_t kTeachingTexts = 20;

// The address comes last: with the user agent behind it, it tells calls of one key apart.
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
          event.source_ip};
}

struct Head {
  HashKey key;
  std::uint32_t day, flags;
  std::array<std::uint32_t, kTeachingTexts> sizes;  // of the texts; a record has at most 1 MiB
};

std::uint64_t last_word(std::string_view text) noexcept {
  std::uint64_t word = text.size();
  const std::size_t size = std::min<std::size_t>(text.size(), sizeof word);
  if (size > 0) std::memcpy(&word, text.data() + text.size() - size, size);
  return word;
}

// Signs the events of one thread, which mostly differ from one before only in time, ids and API.
class Signer {
 public:
  EventSignature sign(HashKey key, const Event& event);

 private:
  struct Slot {
    std::string bytes;      // head, teaching texts, user agent
    EventSignature caller;  // its `call` is of address and user agent only
  };

  // Fills bytes_. Returns how many of them decide what the event teaches.
  std::size_t write(HashKey key, const Event& event);
  static std::size_t slot_of(const Event& event) noexcept;

  std::string bytes_, call_;
  std::size_t size_ = 0;
  std::vector<Slot> slots_ = std::vector<Slot>(EventSignature::kRemembered);
};

std::size_t Signer::write(HashKey key, const Event& event) {
  const auto texts = teaching_texts(event);
  Head head{key, event.day(), 0, {}};
  head.flags = static_cast<std::uint32_t>(event.type) | static_cast<std::uint32_t>(event.user_agent.kind) << 8 |
               static_cast<std::uint32_t>(event.user_agent.platform) << 16 |
               static_cast<std::uint32_t>(event.from_future) << 24 |
               static_cast<std::uint32_t>(event.console_session) << 25 |
               static_cast<std::uint32_t>(event.sign_in_failed) << 26;
  std::size_t teaching = sizeof head;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    head.sizes[i] = static_cast<std::uint32_t>(texts[i].size());
    teaching += texts[i].size();
  }
  size_ = teaching + event.user_agent_text.size();
  if (bytes_.size() < size_) bytes_.resize(size_);
  char* to = bytes_.data();
  const auto add = [&to](const void* from, std::size_t size) {
    if (size > 0) std::memcpy(to, from, size);
    to += size;
  };
  add(&head, sizeof head);
  for (const std::string_view text : texts) add(text.data(), text.size());
  add(event.user_agent_text.data(), event.user_agent_text.size());
  return teaching;
}

std::size_t Signer::slot_of(const Event& event) noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t mixed = last_word(event.access_key) * kOdd;
  for (const std::string_view text : {event.source_ip, event.arn}) mixed = (mixed ^ last_word(text)) * kOdd;
  mixed = (mixed ^ event.user_agent_text.size() ^ event.error_code.size() << 32) * kOdd;
  return (mixed >> 32) % EventSignature::kRemembered;
}

EventSignature Signer::sign(HashKey key, const Event& event) {
  const std::size_t teaching = write(key, event);
  const std::string_view bytes(bytes_.data(), size_);
  Slot& slot = slots_[slot_of(event)];
  EventSignature out = slot.caller;
  if (slot.bytes != bytes) {
    out.access_key = event.access_key.empty() ? Hash128{} : access_key_id(key, event.access_key);
    out.teaching = hash128(key, bytes.substr(0, teaching));
    out.call = hash64(key, bytes.substr(teaching - event.source_ip.size()));
    if (bytes.size() <= EventSignature::kTextBytesMax) {
      slot.bytes = bytes;
      slot.caller = out;
    }
  }
  const std::array<std::uint64_t, 2> sizes{event.source_ip.size(), event.event_source.size()};
  const std::uint64_t caller = out.call;
  call_.assign(reinterpret_cast<const char*>(&caller), sizeof caller);
  call_.append(reinterpret_cast<const char*>(sizes.data()), sizeof sizes);
  call_.append(event.event_source).append(event.event_name);
  out.call = hash64(key, call_);
  return out;
}

}  // namespace

EventSignature signature_of(HashKey key, const Event& event) {
  thread_local Signer signer;
  return signer.sign(key, event);
}

}  // namespace straykey
