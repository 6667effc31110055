#include "core/operate/row_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/base/bytes.h"
#include "core/baseline/fact.h"
#include "core/detect/alert_state.h"
#include "core/detect/candidate.h"
#include "core/detect/message.h"
#include "core/engine/activity.h"
#include "core/engine/alert_caps.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/campaigns.h"
#include "core/engine/contradictions.h"
#include "core/engine/dedup.h"
#include "core/engine/judged_marks.h"
#include "core/engine/log_place.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"
#include "core/engine/shard_count_note.h"
#include "core/engine/told_session.h"
#include "core/identity/issued_tokens.h"

namespace straykey {
namespace {

constexpr std::size_t kHashBytes = 16, kSequenceBytes = 8;

// Keys are ordered by their bytes as unsigned numbers.
bool by_bytes(const Hash128& a, const Hash128& b) {
  const auto left = a.bytes(), right = b.bytes();
  return std::memcmp(left.data(), right.data(), left.size()) < 0;
}

bool is_hashes(std::string_view bytes, std::size_t count) {
  return bytes.size() == count * kHashBytes;
}

bool is_pending(std::string_view key, std::string_view value) {
  if (key.starts_with(kIssuedKeys))
    return is_hashes(key.substr(kIssuedKeys.size()), 2) && decode_waiting_key(value).has_value();
  if (key.starts_with(kToldSessions))
    return is_hashes(key.substr(kToldSessions.size()), 2) && decode_told_session(value).has_value();
  ByteReader in(value);
  static_cast<void>(in.string());
  const std::string_view call = in.string();
  return is_hashes(key, 2) && in.at_end() && decode_candidate(call).has_value();
}

}  // namespace

void RowCheck::find(std::string sentence) {
  if (++findings_ <= kFindingsShown) on_finding_(std::move(sentence));
}

void RowCheck::unreadable(Table table) {
  find(fmt::format("table {} has a row that cannot be read", table_name(table)));
}

// A fact's value holds its texts, and its key must be made of them. This cannot be checked if a text was too long to be
// kept whole.
void RowCheck::check_fact(Table table, std::string_view key, std::string_view value) {
  if (key.empty()) return unreadable(table);
  const auto fact = decode_fact(value);
  const bool of_format_2 = is_key_of_format_2(key);
  const std::size_t bytes = is_of_identity(fact_kind(key)) && !of_format_2 ? kIdentityFactKeyBytes : kFactKeyBytes;
  if (!fact || key.size() != bytes || fact->scope.size() > kFactTextMax || fact->value.size() > kFactTextMax)
    return unreadable(table);
  if (fact->scope.size() == kFactTextMax || fact->value.size() == kFactTextMax) return;
  const FactRef ref{fact_kind(key), fact->scope, fact->value};
  if ((of_format_2 ? fact_key_of_format_2(hash_key_, ref) : fact_key(hash_key_, ref)) != key)
    find(fmt::format("table {} has a fact under the key of another: the store's hash key is not its own",
                     table_name(table)));
}

void RowCheck::check_alert_id(Table table, std::string_view id) {
  if (!std::binary_search(alerts_.begin(), alerts_.end(), Hash128::from_bytes(id.data()), by_bytes))
    find(fmt::format("table {} names an alert that is not there", table_name(table)));
}

void RowCheck::check_outbox(std::string_view key, std::string_view value) {
  const auto row = decode_outbox_row(value);
  if (!row || !is_hashes(key, 2)) return unreadable(Table::outbox);
  const auto endpoint = hash128(kFixedHashKey, row->endpoint).bytes();
  if (key.substr(0, kHashBytes) != std::string_view(endpoint.data(), endpoint.size())) return unreadable(Table::outbox);
  check_alert_id(Table::outbox, key.substr(kHashBytes));
}

void RowCheck::check_progress(std::string_view key, std::string_view value) {
  if (key.starts_with(kJudgedAheadPrefix)) {
    std::vector<std::uint64_t>& ahead = ahead_[decode_sequence(key.substr(kJudgedAheadPrefix.size()))];
    if (!each_ahead(value, [&](std::uint64_t number) { ahead.push_back(number); })) unreadable(Table::progress);
    return;
  }
  if (key == kLogPlaceKey) {
    if (!decode_log_place(value)) unreadable(Table::progress);
    return;
  }
  if (value.size() != kSequenceBytes) return unreadable(Table::progress);
  if (key.size() == kSequenceBytes) judged_[decode_sequence(key)] = decode_sequence(value);
}

void RowCheck::alert_row(Table table, std::string_view key, std::string_view value) {
  const bool is_id = is_hashes(key, 1);
  const auto readable = [&](bool yes) {
    if (!yes) unreadable(table);
  };
  switch (table) {
    case Table::alerts:
      if (!is_id || !decode_message(value)) return unreadable(table);
      alerts_.push_back(Hash128::from_bytes(key.data()));
      return;
    case Table::alert_state:
      return readable(is_id && decode_alert_state(value));
    case Table::dedup:
      return readable(is_id && !decode_dedup(value).empty());
    case Table::hits:
      return readable((is_id && !value.empty() && value.size() % kHashBytes == 0) || is_contradiction_row(key, value));
    case Table::quarantine:
      return check_fact(table, key, value);
    case Table::progress:
      return check_progress(key, value);
    case Table::outbox:
      return check_outbox(key, value);
    case Table::activated:
      return readable(value.size() == kSequenceBytes);
    case Table::flood:
      return readable(is_flood_row(key, value));
    case Table::alerts_by_time:
      if (key.size() != kSequenceBytes + kHashBytes) return unreadable(table);
      return check_alert_id(table, key.substr(kSequenceBytes));
    case Table::alert_pairs:
      if (key == kPairHoldersKnown) return;
      // Which alert a holder is cannot be looked up yet: tables come in the order of their names, and alerts later.
      return readable(is_hashes(key, 2) ? value.empty() : is_id && decode_alert_pairs(value));
    case Table::operator_log:
      return readable(key.size() == 2 * kSequenceBytes);
    case Table::campaigns:
      if (!is_campaign_row(key, value)) return unreadable(table);
      if (alert_of_campaign_row(key)) check_alert_id(table, key.substr(2 * kHashBytes));
      return;
    default:
      return;
  }
}

void RowCheck::partition_row(Table table, std::string_view key, std::string_view value) {
  const auto readable = [&](bool yes) {
    if (!yes) unreadable(table);
  };
  switch (table) {
    case Table::facts:
      return check_fact(table, key, value);
    case Table::tokens:
      return readable(is_hashes(key, 1) && decode_issued_tokens(value));
    case Table::pending:
      return readable(is_pending(key, value));
    case Table::proposed:
      if (!is_hashes(key, 1) || value.size() != kSequenceBytes) return unreadable(table);
      partition_.proposed_max = std::max(partition_.proposed_max, decode_sequence(value));
      return;
    case Table::candidates:
      if (key.size() != kSequenceBytes || !decode_candidate(value)) return unreadable(table);
      partition_.candidates.push_back(decode_sequence(key));
      return;
    case Table::activity:
      return readable(is_hashes(key, 1) && decode_activity(value));
    case Table::shard_meta:
      if (key == kNextSequenceKey && value.size() == kSequenceBytes) partition_.next_sequence = decode_sequence(value);
      return readable(key != kShardCountKey || decode_shard_count(value));
    default:
      return;
  }
}

void RowCheck::end_partition(std::uint32_t number) {
  const Partition partition = std::exchange(partition_, {});
  const auto mark = judged_.find(number);
  const std::uint64_t judged = mark == judged_.end() ? 0 : mark->second;
  if (judged >= partition.next_sequence)
    find(fmt::format("candidates up to {} are judged, and the next is {}: the merger is newer than this partition",
                     judged, partition.next_sequence));
  const std::uint64_t last = partition.candidates.empty() ? 0 : partition.candidates.back();
  if (std::max(last, partition.proposed_max) >= partition.next_sequence)
    find(fmt::format("has a candidate {} though the next is {}", std::max(last, partition.proposed_max),
                     partition.next_sequence));
  if (judged >= partition.next_sequence) return;
  // Past the mark each number must be there or judged. What is judged from the next number on is forgotten at a start.
  const std::vector<std::uint64_t>& ahead = ahead_[number];
  std::vector<std::uint64_t> known;
  std::set_union(std::upper_bound(partition.candidates.begin(), partition.candidates.end(), judged),
                 partition.candidates.end(), std::upper_bound(ahead.begin(), ahead.end(), judged),
                 std::lower_bound(ahead.begin(), ahead.end(), partition.next_sequence), std::back_inserter(known));
  if (known.size() < partition.next_sequence - 1 - judged)
    find(fmt::format("{} candidates are neither judged nor there: their alerts are lost",
                     partition.next_sequence - 1 - judged - known.size()));
}

}  // namespace straykey
