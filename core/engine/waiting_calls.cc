#include "core/engine/waiting_calls.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/engine/key_table.h"
#include "core/identity/issued_tokens.h"

namespace straykey {
namespace {

constexpr std::size_t kPrincipalBytesMax = 256;

std::string encode_call(std::string_view session, const Candidate& call) {
  return ByteWriter().string(session).string(encode_candidate(call)).bytes();
}

std::string told_prefix(Hash128 key) {
  return std::string(kToldSessions) + key.key();
}

std::string issued_prefix(Hash128 key) {
  return std::string(kIssuedKeys) + key.key();
}

// Of a console session only that it is one is judged, so one call waits of those that say it, in each account's trail.
Hash128 waiting_combination(HashKey key, const Candidate& call) {
  if (!call.console_session) return combination_of(key, call);
  Candidate any;
  any.time = call.time;
  any.token = call.token;
  any.console_session = true;
  any.presigned = call.presigned;
  any.evidence = call.evidence;
  any.recipient_account = call.recipient_account;
  return combination_of(key, any);
}

// Whether it matters to others of our accounts that the call was denied: then it is kept apart from the same call that
// succeeded, because which of the two comes first must not decide what they learn.
bool others_learn_of(const Event& event, const Candidate& call) {
  return !event.federated_provider.empty() || !call.endpoint_owner.empty();
}

// Whether the call was judged by its descent, and so rests on the very event. That comes once more when what was known
// of its caller is gone, or lies in the partition of a former shard count.
bool rests_on(const IssuedToken& issued, const Candidate& call) {
  return issued.waits && (call.token.proof == Proof::descended || call.token.proof == Proof::session);
}

// Whether the call was judged as a token of another service than the key's event says. A weak proof denies nothing, nor
// does one by a session.
bool denies(const IssuedToken& issued, const Candidate& call) {
  if (rests_on(issued, call)) return false;
  const auto other = [&](const std::string& service) { return !service.empty() && service != issued.service; };
  const bool is_weak = issued.weak || (issued.proves() && issued.is_provisional());
  return !is_weak && (other(call.token.service) || other(call.token.must_have_assumed));
}

// An instance's session name is as good as the event that issued its key, as long as that says the same.
bool was_judged_alike(const IssuedToken& issued, const Candidate& call) {
  return call.token.proof == Proof::ec2_delivery && call.token.service == issued.service && issued.chain.empty();
}

Counter& overflow_counter(Metrics& metrics, std::string_view bound) {
  return metrics.counter("straykey_pending_overflow_total",
                         "Calls of unproven keys that were not kept: their key, or all keys together, had too many.",
                         {{"bound", bound}});
}

}  // namespace

WaitingCalls::WaitingCalls(Settings settings, BatchWriter& writer, Metrics& metrics)
    : settings_(std::move(settings)),
      writer_(writer),
      overflow_of_key_(overflow_counter(metrics, "key")),
      overflow_of_all_(overflow_counter(metrics, "all")) {}

// In the open transaction, which holds what the batch has kept so far. If it cannot be read, the batch fails.
void WaitingCalls::find_keys() {
  constexpr std::size_t kCallKeyBytes = 2 * sizeof(Hash128);
  keys_.clear();
  writer_.open().scan(Table::pending, {}, {}, [&](std::string_view key, std::string_view) {
    for (const std::string_view kind : {kIssuedKeys, kToldSessions})
      if (key.size() == kind.size() + kCallKeyBytes) key.remove_prefix(kind.size());
    if (key.size() == kCallKeyBytes) keys_.insert(Hash128::from_bytes(key.data()));
    return true;
  });
  keys_known_ = writer_.open().failure().empty();
}

bool WaitingCalls::has_own_rows(Hash128 key) {
  if (!keys_known_) find_keys();
  return keys_.contains(key);
}

bool WaitingCalls::may_have_rows(Hash128 key) {
  return !settings_.others.empty() || has_own_rows(key);
}

bool WaitingCalls::make_room(const std::string& prefix, const std::string& row) {
  std::size_t waiting = 0;
  std::string_view last;  // in the transaction's pages
  writer_.open().scan(Table::pending, prefix, prefix, [&](std::string_view key, std::string_view) {
    last = key;
    ++waiting;
    return true;
  });
  if (waiting >= settings_.per_key_max) {
    overflow_of_key_.add();
    if (row > last) return false;
    writer_.erase(Table::pending, std::string(last));
    return true;
  }
  if (writer_.open().rows(Table::pending) < settings_.max) return true;
  overflow_of_all_.add();
  return false;
}

void WaitingCalls::Repeats::add_to(Candidate& call) const noexcept {
  call.count += count;
  call.last_time = std::max(call.last_time, last_time);
}

std::uint32_t WaitingCalls::keep(const Observation& observation, const Event& event, bool counts) {
  const bool by_session = is_known_by_session(event);
  Candidate call = observation.call;
  // What it was judged as, if that rests on a weaker proof than the event would be.
  ServiceToken judged;
  if (observation.has_token) {
    judged.service = call.token.service;
    judged.proof = call.token.proof;
    if (observation.second_token) judged.must_have_assumed = observation.second_token->service;
  }
  call.token = std::move(judged);
  if (!by_session)
    call.token.workload = cut_utf8(event.principal_id, kPrincipalBytesMax);  // whose session a proof proves
  // Of a console session that is a workload's the caller is not named.
  const std::string& caller =
      by_session && observation.has_token ? observation.call.token.role_identity : observation.caller;
  call.token.role_identity = caller;
  call.token.account = caller.substr(0, caller.find('/'));
  // Whose the call is, until the proof names its identity: masked logs hold several sessions of one key.
  call.token.identity = caller + '/' + observation.session;
  const std::string prefix = by_session ? session_id(settings_.hash_key, event.principal_id, event.day()).key()
                                        : access_key_row(settings_.hash_key, call.access_key);
  // At most 64 kinds of calls wait for each key. An address inside AWS tells nothing and would only use them up.
  if (!call.may_be_external()) call.address.clear();
  Hash128 combination = waiting_combination(settings_.hash_key, call);
  if (!event.error_code.empty() && others_learn_of(event, call)) combination.low ^= 1;
  const std::string key = prefix + combination.key();
  // No alert will show a call that only teaches, nor how often it came.
  const bool is_shown = may_be_worth_judging(call);
  if (writer_.open().get(Table::pending, key)) {
    if (!is_shown) return kNowhere;
    const std::uint32_t place = place_of(key);
    if (counts) count_repeat(place, call.time);
    return place;
  }
  if (!make_room(prefix, key)) return kNowhere;
  if (is_shown) describe(call, event);
  writer_.put(Table::pending, key, encode_call(observation.session, call));
  keys_.insert(Hash128::from_bytes(prefix.data()));
  return is_shown ? place_of(key) : kNowhere;
}

std::uint32_t WaitingCalls::place_of(const std::string& row) {
  const auto [place, is_new] = places_.try_emplace(row, static_cast<std::uint32_t>(repeats_.size()));
  if (is_new) repeats_.push_back({row});
  return place->second;
}

void WaitingCalls::count_repeat(std::uint32_t place, Seconds time) {
  Repeats& repeats = repeats_[place];
  if (repeats.count++ == 0) counted_.push_back(place);
  repeats.last_time = std::max(repeats.last_time, time);
}

void WaitingCalls::flush(std::size_t rows) {
  for (; rows > 0 && !counted_.empty(); --rows) {
    Repeats& repeats = repeats_[counted_.back()];
    counted_.pop_back();
    const Repeats counted{repeats.row, std::exchange(repeats.count, 0), repeats.last_time};
    const auto stored = writer_.open().get(Table::pending, repeats.row);
    if (!stored || counted.count == 0) continue;  // the call is proven, or it was never committed
    ByteReader in(*stored);
    const std::string session(in.string());
    std::string call(in.string());
    if (add_calls(call, counted.count, counted.last_time))
      writer_.put(Table::pending, counted.row, ByteWriter(stored->size()).string(session).string(call).bytes());
  }
}

void WaitingCalls::forget_places() {
  // Their rows age and go, and their keys would only be more and more.
  if (keys_.size() > 2 * settings_.max) keys_known_ = false;
  std::erase_if(repeats_, [](const Repeats& repeats) { return repeats.count == 0; });
  places_.clear();
  counted_.clear();
  for (std::uint32_t place = 0; place < repeats_.size(); ++place) {
    places_.emplace(repeats_[place].row, place);
    counted_.push_back(place);
  }
}

void WaitingCalls::keep(Hash128 caller, const std::string& parent_role, const HandedKey& issued) {
  const std::string prefix = issued_prefix(caller);
  const std::string key = prefix + token_row(settings_.hash_key, issued.key, parent_role + ' ' + issued.role).key();
  const auto stored = writer_.open().get(Table::pending, key);
  const auto known = stored ? decode_waiting_key(*stored) : std::nullopt;
  const bool says_more = known && known->issued.proves_only && !issued.proves_only;
  if (!says_more && (stored || !make_room(prefix, key))) return;
  writer_.put(Table::pending, key, encode(WaitingKey{parent_role, issued}));
  keys_.insert(caller);
}

// Since a change of the shard count, rows may lie in another partition. They are read and left there, because only that
// partition's worker may erase them.
WaitingCalls::Rows WaitingCalls::rows(const std::string& prefix, bool everywhere) {
  Rows found;
  const auto collect = [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
    return true;
  };
  writer_.open().scan(Table::pending, prefix, prefix, collect);
  for (BaselineStore* other : everywhere ? settings_.others : std::vector<BaselineStore*>{}) {
    const auto reader = other->read();
    reader->scan(Table::pending, prefix, prefix, collect);
    if (!reader->failure().empty()) failure_ = reader->failure();
  }
  return found;
}

// A call that goes on waiting is judged as what the proof says from now on, which a later one may deny.
void WaitingCalls::note_judged(const std::string& row, const std::string& session, Candidate call,
                               const IssuedToken& issued) {
  if (issued.weak || rests_on(issued, call) || call.token.service == issued.service ||
      !writer_.open().get(Table::pending, row))
    return;
  call.token.service = issued.service;
  call.token.must_have_assumed.clear();
  writer_.put(Table::pending, row, encode_call(session, call));
}

WaitingCalls::Proven WaitingCalls::prove(Hash128 key, std::string_view role, const IssuedToken& issued,
                                         const IssuedTokens& known) {
  Proven out;
  if (!may_have_rows(key)) return out;
  for (const auto& [row, value] : rows(key.key(), true)) {
    ByteReader in(value);
    const std::string session(in.string());
    auto call = decode_candidate(in.string());
    if (call && !role.empty() && call->token.role_identity != role) continue;  // another session of a masked key
    if (call && !known.decides(issued, call->day())) continue;                 // or one of other days
    if (call && denies(issued, *call) &&
        std::none_of(out.denied.begin(), out.denied.end(),
                     [&](const Candidate& other) { return other.token.role_identity == call->token.role_identity; }))
      out.denied.push_back(*call);
    if (call && issued.is_provisional()) note_judged(row, session, *call, issued);
    if (const auto place = places_.find(row); call && place != places_.end()) {
      repeats_[place->second].add_to(*call);
      repeats_[place->second].count = issued.is_provisional() ? repeats_[place->second].count : 0;
    }
    if (!issued.is_provisional()) writer_.erase(Table::pending, row);
    if (call && !issued.is_provisional() && !call->token.workload.empty()) {
      const std::string& role_of = call->token.role_identity;
      std::vector<std::string> names{call->token.workload};
      if (asks_for_token(*call))
        for (std::string& name : names_across_partitions(role_of, names[0])) names.push_back(std::move(name));
      for (std::string& name : names) {
        const Told told{std::move(name), call->day(), role_of};
        keep_told(key, told);
        if (!issued.proves()) out.strangers.push_back(told);
      }
    }
    if (!issued.proves()) continue;
    if (!call || call->token.role_identity.find('/') == std::string::npos) continue;
    if (was_judged_alike(issued, *call)) continue;
    out.principals.push_back(std::move(call->token.workload));
    straykey::prove(*call, session, issued);
    out.calls.push_back(std::move(*call));
  }
  return out;
}

void WaitingCalls::keep_told(Hash128 key, const Told& told) {
  const std::string value = encode(told);
  const std::string row = told_prefix(key) + hash128(settings_.hash_key, value).key();
  if (writer_.open().get(Table::pending, row)) return;
  writer_.put(Table::pending, row, value);
  keys_.insert(key);
}

std::vector<WaitingCalls::Told> WaitingCalls::told_by(Hash128 key, std::string_view role, bool everywhere) {
  std::vector<Told> out;
  const bool looks_elsewhere = everywhere && !settings_.others.empty();
  if (!looks_elsewhere && !has_own_rows(key)) return out;
  for (const auto& [row, value] : rows(told_prefix(key), everywhere)) {
    auto told = decode_told_session(value);
    if (!told || (!role.empty() && told->role != role)) continue;
    move_here(key, row, value);
    out.push_back(std::move(*told));
  }
  return out;
}

// What lay in another partition lies here from now on, where it is found again without a look elsewhere.
void WaitingCalls::move_here(Hash128 key, const std::string& row, const std::string& value) {
  if (!writer_.open().get(Table::pending, row)) writer_.put(Table::pending, row, value);
  keys_.insert(key);
}

std::vector<WaitingKey> WaitingCalls::issued_to(Hash128 key, std::string_view role, bool everywhere) {
  std::vector<WaitingKey> keys;
  const bool looks_elsewhere = everywhere && !settings_.others.empty();
  if (!looks_elsewhere && !has_own_rows(key)) return keys;
  for (const auto& [row, value] : rows(issued_prefix(key), everywhere)) {
    auto waiting = decode_waiting_key(value);
    if (!waiting || (!role.empty() && waiting->parent_role != role)) continue;
    move_here(key, row, value);
    keys.push_back(std::move(*waiting));
  }
  return keys;
}

std::string WaitingCalls::hand_over_failure() {
  return std::exchange(failure_, {});
}

}  // namespace straykey
