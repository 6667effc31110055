// What a shard worker does when it hears where a key was issued: from the event itself, or from the shard of the key
// that was used for it.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/invariant.h"
#include "core/baseline/fact.h"
#include "core/engine/descents.h"
#include "core/engine/observation.h"
#include "core/engine/shard_worker.h"
#include "core/engine/waiting_calls.h"
#include "core/identity/issued_tokens.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

// What the merger is told when the event that issued a key comes, and denies what calls of the key were judged as.
// `call`: one of them. `event`: the one that issued it, or null where another shard, or the key's session, told of it:
// then only its day is known, and the time is the call's.
Candidate contradiction(const Candidate& call, const IssuedToken& issued, const Event* event) {
  Candidate out;
  out.contradiction = true;
  out.time =
      static_cast<Seconds>(issued.issued_day - std::min(issued.issued_day, IssuedTokens::kUsedBefore)) * kSecondsPerDay;
  out.last_time = event == nullptr ? call.time : event->time;
  out.access_key = call.access_key;
  out.token.account = call.token.account;
  out.token.role_identity = call.token.role_identity;
  out.token.identity = call.token.role_identity + ' ' + call.access_key;
  out.token.service = issued.is_provisional() ? kUnknownCaller : issued.service;
  out.source_text = event == nullptr ? issued.parent_role : assuming_principal(*event);
  return out;
}

}  // namespace

// Learns what an issuing event says about the role. This does not depend on which key it issued.
void ShardWorker::teach_role(const Event& event, const std::string& role_identity, const std::string& service) {
  const std::string principal = role_identity.empty() ? std::string() : assuming_principal(event);
  const std::string_view account = event.access_key.empty() ? event.recipient_account : std::string_view{};
  ByteWriter lesson(256);
  lesson.fixed(event.day()).string(role_identity).string(service).string(principal).string(account);
  const Hash128 signature = hash128(settings_.hash_key, lesson.view());
  if (known_.contains(signature) || !staged_known_.emplace(signature, kNoSlot).second) return;
  if (!role_identity.empty() && !service.empty()) learn({FactKind::role_service, role_identity, service}, event.day());
  if (!principal.empty()) learn({FactKind::role_principal, role_identity, principal}, event.day());
  if (service == "kubernetes") learn({FactKind::role_service, principal, service}, event.day());
  learn_account(account, event.time);
}

// A proven call proves its session, for calls that no key joins with it: those of a console session, and the other
// account's copies. Once a day for each session. `key`: of the call, or null.
bool ShardWorker::tell_session(const Event& event, const ServiceToken& token, KeyTable::Key* key) {
  if (event.type != IdentityType::assumed_role || event.console_session || event.presigned || event.from_future)
    return true;
  if (!event.invoked_by.empty()) return true;  // a call of an MCP server may rest on what is known of the session
  bool is_known = true;
  if (event.telling_call() == TellingCall::web_identity_token)
    for (const std::string& name : names_across_partitions(token.role_identity, event.principal_id))
      is_known = tell_session(name, event.day(), token) && is_known;
  const std::uint64_t telling = times_forgotten_ << 32 | static_cast<std::uint32_t>(event.day());
  if (key != nullptr && key->told == telling) return is_known;
  const bool has_principal = tell_session(event.principal_id, event.day(), token);
  if (key != nullptr && has_principal) key->told = telling;
  return is_known && has_principal;
}

bool ShardWorker::tell_session(std::string_view principal_id, Day day, const ServiceToken& token) {
  if (!token.must_have_assumed.empty() || token.proof == Proof::session) return true;
  if (token.chain.empty() && service_by_name(token.service) == nullptr) return true;
  return tell(principal_id, day, token.chain + ' ' + token.service, known_of_session(token, day));
}

// Tells the session's shard, unless that is known to have it. Until the request has finished, the other shard may yet
// lose it. So no event that tells it counts as known before, and the next request that holds one tells it again: the
// sender of this one has no answer yet, and the other must not be answered while this one hangs.
bool ShardWorker::tell(std::string_view principal_id, Day day, std::string_view whose, const IssuedToken& known) {
  if (principal_id.find(':') == std::string_view::npos) return true;
  ByteWriter text(256);
  text.fixed(day).string("session").string(principal_id).string(whose);
  const Hash128 signature = hash128(settings_.hash_key, text.view());
  if (known_.contains(signature)) return true;
  const bool is_own = descents_->is_own_session(principal_id, day);
  const bool is_first =
      is_own ? staged_known_.emplace(signature, kNoSlot).second : told_in_request_.insert(signature).second;
  if (is_first) descents_->tell_session(principal_id, known);
  if (is_own) return true;
  if (is_first && !is_own) batch_->told.push_back(signature);
  return is_own;
}

void ShardWorker::need_not_tell(const std::vector<Hash128>& told) {
  for (const Hash128 signature : told) known_.emplace(signature, kNoSlot);
}

// An event that proved calls tells whose their sessions are. The calls do not wait any more when it comes again.
// `everywhere`: it may have come when there were more or fewer shards, and what was told then may be lost.
void ShardWorker::tell_again(Hash128 key, const News& news, bool everywhere) {
  const IssuedToken& issued = news.issued;
  if (issued.is_provisional()) return;
  for (const WaitingCalls::Told& told : waiting_->told_by(key, news.role, everywhere)) {
    if (!news.known.decides(issued, told.day)) continue;
    if (!issued.proves()) {
      tell_stranger(told.principal, told.day, told.role);
      continue;
    }
    const std::string_view session = std::string_view(told.principal).substr(told.principal.find(':') + 1);
    tell_session(told.principal, told.day, service_token_from_issue(issued, told.role, session));
  }
}

// Anybody who may assume a role can name his session as a workload's. From then on the session proves nothing.
bool ShardWorker::tell_stranger(std::string_view principal_id, Day day, const std::string& role) {
  return role.empty() || tell(principal_id, day, {}, known_of_stranger(role, day));
}

bool ShardWorker::tell_stranger(const Event& event, const std::string& role) {
  bool is_known = tell_stranger(event.principal_id, event.day(), role);
  if (event.telling_call() == TellingCall::web_identity_token)
    for (const std::string& name : names_across_partitions(role, event.principal_id))
      is_known = tell_stranger(name, event.day(), role) && is_known;
  return is_known;
}

// A datagram can be forged. So it may say that a workload was given a key, which makes more calls judged; that somebody
// else was given it, which makes fewer, is for the other ways in to say.
void ShardWorker::issue(const Event& event) {
  const IssuedToken issued = issued_token(event);
  const std::string role = issued_role(event);
  if (!event.from_future) teach_role(event, role, issued.service);
  if (may_be_forged_ && !issued.proves()) return;
  know(access_key_id(settings_.hash_key, event.issued_key), role, issued, 0, &event);
}

// Notes what is known of the event that issued the key, unless more is known already. A key is issued once a day, so
// the same again is the event, or the descent, once more.
void ShardWorker::know(Hash128 key, const std::string& role, const IssuedToken& issued, std::uint8_t handed,
                       const Event* event) {
  const Hash128 row = token_row(settings_.hash_key, key, role);
  bool is_news = false;
  IssuedTokens all;
  if (keys_.holds(key, row, issued)) {
    // What was told of the key lies in the rows that wait; without any there is nothing to tell again.
    if (!waiting_->has_own_rows(key)) return;
    all.add(issued);
  } else {
    if (const auto stored = writer_.open().get(Table::tokens, row.bytes()))
      all = decode_issued_tokens(*stored).value_or(IssuedTokens{});
    is_news = all.add(issued);
    if (!is_news && !all.contains(issued)) return;
  }
  const News news{role, issued, all, event};
  if (is_news) {
    writer_.put(Table::tokens, row.bytes(), encode(all));
    // The key is read again at its next use, because its identity is known from now on.
    keys_.reload(key);
    judge_waiting(key, news);
  }
  tell_again(key, news, is_news);
  if (issued.waits) return;
  // News ends by itself, because it adds to what is known of a key at most five times. Only what is told again counts.
  descents_->hand_on(key, role, issued, all, is_news, is_news ? 0 : handed);
}

// Judges the calls that waited for what is known of their key, or of their session, now.
void ShardWorker::judge_waiting(Hash128 key, const News& news) {
  const auto& [role, issued, known, event] = news;
  WaitingCalls::Proven proven = waiting_->prove(key, role, issued, known);
  for (std::size_t i = 0; i < proven.calls.size(); ++i) {
    Candidate& call = proven.calls[i];
    if (!call.presigned && !call.console_session) tell_session(proven.principals[i], call.day(), call.token);
    if (asks_for_token(call))
      for (const std::string& name : names_across_partitions(call.token.role_identity, proven.principals[i]))
        tell_session(name, call.day(), call.token);
    teach_token(call, call.token.must_have_assumed.empty());
    if (worth_judging(call, detection_)) propose(std::move(call), true, nullptr);
  }
  for (const auto& [principal, day, call_role] : proven.strangers) tell_stranger(principal, day, call_role);
  if (proven.denied.empty() || may_be_forged_) return;
  for (const Candidate& call : proven.denied) propose(contradiction(call, issued, event), false, nullptr);
}

// Notes what was told of the session, unless more is known already. It counts on its day and the next one, and two rows
// concern each: its own and that of the day before.
void ShardWorker::know_session(Hash128 session, const IssuedToken& known) {
  const auto weight_of = [&](Hash128 row) {
    const auto stored = writer_.open().get(Table::tokens, row.bytes());
    const auto token = stored ? decode_issued_token(*stored) : std::nullopt;
    return token ? token->weight() : -1;
  };
  const auto stored = writer_.open().get(Table::tokens, session.bytes());
  const auto before = stored ? decode_issued_token(*stored) : std::nullopt;
  const bool is_news = !before || before->weight() < known.weight();
  if (!is_news && *before != known) return;
  const Hash128 next = session_day_after(session);
  if (is_news) {
    writer_.put(Table::tokens, session.bytes(), encode(known));
    keys_.reload(session);
    keys_.reload(next);
  }
  const std::string any_role;
  const IssuedTokens only(known);
  const News news{any_role, known, only, nullptr};
  const auto settle = [&](Hash128 day) {
    if (is_news) judge_waiting(day, news);
    descents_->hand_on(day, any_role, known, only, is_news, 0);
  };
  // Of two rows of one weight, that of the day before counts, as it does where a call is judged.
  if (waiting_->may_have_rows(session) && weight_of(session_day_before(session)) < known.weight()) settle(session);
  if (waiting_->may_have_rows(next) && weight_of(next) <= known.weight()) settle(next);
}

void ShardWorker::take_over(const Descent& descent) {
  const auto token = decode_issued_token(descent.token);
  INVARIANT(token.has_value());
  if (descent.of_session) return know_session(descent.key, *token);
  if (descent.teaches && token->proves() && !token->is_provisional())
    learn({FactKind::role_child, token->parent_role, descent.role}, token->issued_day);
  know(descent.key, descent.role, *token, descent.handed, nullptr);
}

}  // namespace straykey
