#include "core/engine/contradictions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "core/detect/alert_state.h"
#include "core/detect/candidate.h"
#include "core/engine/key_table.h"
#include "core/identity/issued_tokens.h"

namespace straykey {
namespace {

constexpr std::size_t kHashBytes = 16;
// What stands behind the hash in the keys of the two other kinds of rows. The day of the event follows kTruth; in rows
// of builds before December 2026 none does, and such a row speaks for every day.
constexpr std::string_view kTruth = "told", kOnlyKey = "pair";

struct NotedHit {
  std::string service;  // what the call was judged for
  std::vector<Hash128> alerts;
  AlertPairs pairs;
};

std::string encode(const NotedHit& hit) {
  ByteWriter out;
  out.string(hit.service).varint(hit.alerts.size());
  for (const Hash128 id : hit.alerts) out.fixed(id.low).fixed(id.high);
  return out.string(encode_alert_pairs(hit.pairs)).bytes();
}

std::optional<NotedHit> decode_noted_hit(std::string_view bytes) {
  ByteReader in(bytes);
  NotedHit hit;
  hit.service = in.string();
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    Hash128& id = hit.alerts.emplace_back();
    id.low = in.fixed<std::uint64_t>();
    id.high = in.fixed<std::uint64_t>();
  }
  auto pairs = decode_alert_pairs(in.string());
  if (!in.at_end() || !pairs) return std::nullopt;
  hit.pairs = std::move(*pairs);
  return hit;
}

// The day of the event that made the contradiction.
Day issued_day_of(const Candidate& contradiction) {
  return contradiction.day() + IssuedTokens::kUsedBefore;
}

bool speaks_for(Day issued, Day first, Day last) {
  return issued <= last + IssuedTokens::kUsedBefore && first <= issued + IssuedTokens::kUsedAfter;
}

}  // namespace

bool is_contradiction_row(std::string_view key, std::string_view value) {
  if (key.size() == 2 * kHashBytes) return decode_noted_hit(value).has_value();
  if (key.size() <= kHashBytes) return false;
  const std::string_view kind = key.substr(kHashBytes);
  if (kind == kOnlyKey) return value.size() == kHashBytes;
  ByteReader in(value);
  static_cast<void>(in.string());
  return (kind == kTruth || (kind.starts_with(kTruth) && kind.size() == kTruth.size() + sizeof(Day))) && in.at_end();
}

std::string Contradictions::key_row(std::string_view access_key, std::string_view role) const {
  return token_row(hash_key_, access_key_id(hash_key_, access_key), role).key();
}

std::string Contradictions::pair_row(std::string_view pair, Day day) const {
  return hash128(hash_key_, ByteWriter().string(pair).fixed(day).view()).key().append(kOnlyKey);
}

std::optional<std::string> Contradictions::truth_of(StoreReader& alerts, const std::string& key, Day first,
                                                    Day last) const {
  std::optional<std::string> truth;
  Day nearest = ~Day{0};
  const std::string prefix = key + std::string(kTruth);
  alerts.scan(Table::hits, prefix, prefix, [&](std::string_view row, std::string_view value) {
    const Day issued = row.size() == prefix.size() ? first : ByteReader(row.substr(prefix.size())).fixed<Day>();
    const Day distance = issued > first ? issued - first : first - issued;
    if (!speaks_for(issued, first, last) || distance >= nearest) return true;
    nearest = distance;
    truth = ByteReader(value).string();
    return true;
  });
  return truth;
}

bool Contradictions::denies(StoreReader& alerts, const Candidate& call) const {
  if (!call.may_be_contradicted() || call.access_key.empty()) return false;
  const auto truth = truth_of(alerts, key_row(call.access_key, call.token.role_identity), call.day(), call.day());
  if (!truth || *truth == call.token.service) return false;
  // A chain of roles rests on the issuing event, and on what became known of its caller later.
  return *truth != kUnknownCaller || call.token.chain.empty() || call.token.proof == Proof::session;
}

void Contradictions::note_hit(StoreWriter& alerts, const Candidate& call, const std::vector<Hash128>& of_call,
                              const std::vector<AlertPairs::Pair>& pairs) const {
  if (!call.may_be_contradicted() || call.access_key.empty()) return;
  alerts.put(Table::hits, key_row(call.access_key, call.token.role_identity) + call.combination.key(),
             encode(NotedHit{call.token.service, of_call, {call.day(), pairs}}));
}

void Contradictions::note_quarantined(StoreWriter& alerts, const Candidate& call, const std::string& pair,
                                      bool is_new) const {
  const std::string row = pair_row(pair, call.day());
  const bool by_key = call.may_be_contradicted() && !call.access_key.empty();
  const std::string key = by_key ? key_row(call.access_key, call.token.role_identity) : std::string();
  if (is_new) {
    if (by_key) alerts.put(Table::hits, row, key);
    return;
  }
  const auto only = alerts.get(Table::hits, row);
  if (only && *only != key) alerts.erase(Table::hits, row);  // another call stands for it now
}

// The day goes from the pair, unless another key's calls, or proven ones, put it there as well.
void Contradictions::release(StoreWriter& alerts, const AlertPairs::Pair& pair, Day day, std::string_view key) const {
  const FactRef ref{pair.kind, pair.scope, pair.value};
  const std::string row = fact_key(hash_key_, ref), only_row = pair_row(row, day);
  const auto only = alerts.get(Table::hits, only_row);
  if (!only || *only != key) return;
  alerts.erase(Table::hits, only_row);
  const auto stored = alerts.get(Table::quarantine, row);
  auto fact = stored ? decode_fact_of(*stored, ref) : std::nullopt;
  if (!fact) return;
  fact->presence.forget(day);
  if (fact->presence.days == 0 && !fact->acknowledged) return alerts.erase(Table::quarantine, row);
  alerts.put(Table::quarantine, row, encode_fact(*fact, ref));
}

std::vector<Hash128> Contradictions::take(StoreWriter& alerts, const Candidate& contradiction) const {
  const std::string key = key_row(contradiction.access_key, contradiction.token.role_identity);
  const Day issued = issued_day_of(contradiction);
  const std::string truth_row = std::string(key).append(kTruth).append(ByteWriter().fixed(issued).view());
  const auto stored = alerts.get(Table::hits, truth_row);
  const auto truth = stored ? std::optional(std::string(ByteReader(*stored).string())) : std::nullopt;
  if (truth && (*truth != kUnknownCaller || contradiction.token.service == kUnknownCaller)) return {};
  alerts.put(Table::hits, truth_row, ByteWriter().string(contradiction.token.service).view());
  std::vector<std::pair<std::string, NotedHit>> denied;
  alerts.scan(Table::hits, key, key, [&](std::string_view row, std::string_view value) {
    auto hit = row.size() == 2 * kHashBytes ? decode_noted_hit(value) : std::nullopt;
    if (hit && hit->service != contradiction.token.service && speaks_for(issued, hit->pairs.day, hit->pairs.day))
      denied.emplace_back(row, std::move(*hit));
    return true;
  });
  std::set<Hash128> concerned;
  for (const auto& [row, hit] : denied) {
    alerts.erase(Table::hits, row);
    for (const AlertPairs::Pair& pair : hit.pairs.pairs) release(alerts, pair, hit.pairs.day, key);
    concerned.insert(hit.alerts.begin(), hit.alerts.end());
  }
  return {concerned.begin(), concerned.end()};
}

bool Contradictions::rests_on_nothing(StoreReader& alerts, const AlertState& state, const Candidate& raised_by) const {
  // Of a full list it is not known which other keys there were.
  if (state.keys.size() >= AlertState::kListMax) return false;
  return std::all_of(state.keys.begin(), state.keys.end(), [&](const std::string& access_key) {
    const auto truth = truth_of(alerts, key_row(access_key, raised_by.token.role_identity), day_of(state.first_seen),
                                day_of(state.last_seen));
    return truth && *truth != raised_by.token.service;
  });
}

}  // namespace straykey
