#include "core/engine/descents.h"

#include <optional>
#include <string>
#include <utility>

#include "core/engine/route.h"

namespace straykey {

void Descents::hand_on(const Event& event, Hash128 caller, const IssuedToken* issued) {
  constexpr std::size_t kAccountSize = 12;
  const HandedKey child{access_key_id(settings_.hash_key, event.issued_key), issued_role(event), event.day(),
                        !event.from_future};
  if (event.type == IdentityType::aws_account) return hand_on_copy(child, caller, issued);
  if (!assumes_by_session(event)) return;
  const std::string caller_role = caller_identity(event);
  if (child.role.empty() || caller_role.find('/') != kAccountSize) return;
  if (child.key == caller && child.role == caller_role) return;  // a masked key: it is not its own ancestor
  const auto parent = prove_caller(event, issued, detection_.kubernetes ? Clusters::all : Clusters::eks);
  const bool strong = parent && parent->must_have_assumed.empty();
  const bool may_be_proven = issued == nullptr || issued->may_be_proven_on(event.day());
  const bool has_rows = is_temporary_key(event.access_key) || is_called_by_session(event);
  if (!strong && may_be_proven && has_rows) waiting_.keep(caller, caller_role, child);
  if (parent || (issued != nullptr && !issued->waits)) add(child, parent ? &*parent : nullptr, 0);
}

// The other account's copy of a call. It names the caller's session, and neither its key nor its role.
void Descents::hand_on_copy(const HandedKey& child, Hash128 session, const IssuedToken* issued) {
  if (child.role.empty()) return;
  if (issued == nullptr) return waiting_.keep(session, {}, child);
  const ServiceToken parent = service_token_from_issue(*issued, issued->session_role, {});
  add(child, &parent, 0);
}

void Descents::tell_session(std::string_view principal_id, Day proven_on, const ServiceToken& token) {
  const std::string known = encode(known_of_session(token, proven_on));
  for (const Day day : {proven_on, proven_on + 1})
    made_.push_back({session_id(settings_.hash_key, principal_id, day), {}, known, false, 0});
}

void Descents::hand_on(Hash128 key, std::string_view role, const IssuedToken& issued, bool everywhere,
                       std::uint8_t handed) {
  for (const WaitingKey& waiting : waiting_.issued_to(key, role, everywhere)) {
    std::optional<ServiceToken> parent;
    const std::string& parent_role = waiting.parent_role.empty() ? issued.session_role : waiting.parent_role;
    if (issued.proves()) parent = service_token_from_issue(issued, parent_role, {});
    add(waiting.issued, parent ? &*parent : nullptr, handed);
  }
}

// `parent`: null if the caller is no workload. What a broker's role is given goes to people.
void Descents::add(const HandedKey& issued, const ServiceToken* parent, std::uint8_t handed) {
  if (handed >= kHandedMax) return;
  IssuedToken token;
  token.issued_day = issued.day;
  if (parent != nullptr && !detection_.brokers.contains(parent->role_identity))
    token = descended_from(*parent, issued.role, issued.day);
  made_.push_back({issued.key, issued.role, encode(token), issued.teaches, static_cast<std::uint8_t>(handed + 1)});
}

void Descents::settle(const std::function<void(const Descent&)>& take_over, std::vector<Descent>& others) {
  while (!made_.empty()) {
    Descent descent = std::move(made_.back());
    made_.pop_back();
    if (shard_of(descent.key, settings_.shards) == settings_.shard) {
      take_over(descent);
    } else {
      others.push_back(std::move(descent));
    }
  }
}

}  // namespace straykey
