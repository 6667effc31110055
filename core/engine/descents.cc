#include "core/engine/descents.h"

#include <optional>
#include <string>
#include <utility>

#include "core/engine/route.h"
#include "core/identity/issued_tokens.h"

namespace straykey {

void Descents::hand_on(const Event& event, Hash128 caller, const IssuedToken* issued, bool may_be_forged) {
  constexpr std::size_t kAccountSize = 12;
  const bool is_copy = event.type == IdentityType::aws_account || is_across_partitions(event);
  if (!is_copy && !assumes_by_session(event)) return;
  const HandedKey child{access_key_id(settings_.hash_key, event.issued_key), issued_role(event), event.day(),
                        !event.from_future, may_be_forged};
  if (is_copy) return hand_on_copy(child, caller, issued);
  const std::string caller_role = caller_identity(event);
  if (child.role.empty() || caller_role.find('/') != kAccountSize) return;
  if (child.key == caller && child.role == caller_role) return;  // a masked key: it is not its own ancestor
  const auto parent = prove_caller(event, issued, detection_.kubernetes ? Clusters::all : Clusters::eks);
  const bool strong = parent && parent->must_have_assumed.empty() && parent->proof != Proof::session;
  const bool may_be_proven = issued == nullptr || issued->may_be_proven_on(event.day());
  const bool has_rows = is_temporary_key(event.access_key) || is_called_by_session(event);
  if (!strong && may_be_proven && has_rows) waiting_.keep(caller, caller_role, child);
  const bool by_session = issued != nullptr && !issued->session_role.empty();
  if (parent || (issued != nullptr && !issued->waits)) add(child, parent ? &*parent : nullptr, by_session, 0);
}

// The other account's copy of a call, or the exchange of another partition's token. It names the caller's session, and
// not its key. It is kept in any case, because the session may turn out to be a stranger's as well.
void Descents::hand_on_copy(const HandedKey& child, Hash128 session, const IssuedToken* issued) {
  if (child.role.empty()) return;
  waiting_.keep(session, {}, child);
  if (issued == nullptr) return;
  std::optional<ServiceToken> parent;
  if (issued->proves()) parent = service_token_from_issue(*issued, issued->session_role, {});
  add(child, parent ? &*parent : nullptr, true, 0);
}

bool Descents::is_own_session(std::string_view principal_id, Day day) const {
  return shard_of(session_id(settings_.hash_key, principal_id, day), settings_.shards) == settings_.shard;
}

void Descents::tell_session(std::string_view principal_id, const IssuedToken& known) {
  const Hash128 session = session_id(settings_.hash_key, principal_id, known.issued_day);
  made_.push_back({session, {}, encode(known), false, 0, true});
}

void Descents::hand_on(Hash128 key, std::string_view role, const IssuedToken& issued, const IssuedTokens& known,
                       bool everywhere, std::uint8_t handed) {
  for (const WaitingKey& waiting : waiting_.issued_to(key, role, everywhere)) {
    if (!known.decides(issued, waiting.issued.day)) continue;
    std::optional<ServiceToken> parent;
    const std::string& parent_role = waiting.parent_role.empty() ? issued.session_role : waiting.parent_role;
    if (issued.proves()) parent = service_token_from_issue(issued, parent_role, {});
    add(waiting.issued, parent ? &*parent : nullptr, !issued.session_role.empty(), handed);
  }
}

// `parent`: null if the caller is no workload, or if `by_session` that this is not known. What a broker's role is given
// goes to people.
void Descents::add(const HandedKey& issued, const ServiceToken* parent, bool by_session, std::uint8_t handed) {
  if (handed >= kHandedMax || (issued.proves_only && parent == nullptr)) return;
  IssuedToken token;
  token.issued_day = issued.day;
  if (by_session) token.session_role = issued.role;
  if (parent != nullptr && !detection_.brokers.contains(parent->role_identity))
    token = descended_from(*parent, issued.role, issued.day);
  made_.push_back(
      {issued.key, issued.role, encode(token), issued.teaches, static_cast<std::uint8_t>(handed + 1), false});
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
