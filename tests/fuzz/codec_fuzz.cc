// Any bytes as a row of each table. What decodes is encoded again, and that decodes to the same bytes for ever after.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/invariant.h"
#include "core/baseline/fact.h"
#include "core/detect/alert_state.h"
#include "core/detect/candidate.h"
#include "core/detect/message.h"
#include "core/engine/activity.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/campaigns.h"
#include "core/engine/dedup.h"
#include "core/engine/outbox.h"
#include "core/identity/issued_tokens.h"
#include "core/operate/row_check.h"
#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

template <class Decode, class Encode>
void check_codec(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value) return;
  const std::string once = encode(*value);
  const auto again = decode(once);
  INVARIANT(again.has_value());
  INVARIANT(encode(*again) == once);
}

std::string encode_named(const NamedFact& named) {
  return encode_fact(named.fact, {FactKind::account, named.scope, named.value});
}

std::optional<std::vector<DedupEntry>> decode_dedup_row(std::string_view bytes) {
  return decode_dedup(bytes);
}

// Bodies of a store of format 1 are never written again.
void check_message(std::string_view bytes) {
  const auto message = decode_message(bytes);
  if (!message || std::holds_alternative<OldBody>(*message)) return;
  INVARIANT(!message_type(*message).empty() && !message_document(*message).empty());
  check_codec(bytes, decode_message, encode_message);
}

}  // namespace

void fuzz_codec(std::string_view input) {
  if (input.empty()) return;
  const std::string_view bytes = input.substr(1);
  switch (static_cast<unsigned char>(input[0]) % 12) {
    case 0:
      return check_codec(bytes, decode_fact, encode_named);
    case 1:
      return check_codec(bytes, decode_candidate, encode_candidate);
    case 2:
      return check_message(bytes);
    case 3:
      return check_codec(bytes, decode_alert_state, encode_alert_state);
    case 4:
      return check_codec(bytes, decode_outbox_row, encode_outbox_row);
    case 5:
      return check_codec(bytes, decode_alert_pairs, encode_alert_pairs);
    case 6:
      return check_codec(bytes, decode_campaign, encode_campaign);
    case 7:
      return check_codec(bytes, decode_dedup_row, encode_dedup);
    case 8:
      return check_codec(bytes, decode_activity, encode_activity);
    case 9:
      return check_codec(bytes, decode_issued_tokens, [](const IssuedTokens& token) { return encode(token); });
    case 10:
      return check_codec(bytes, decode_waiting_key, [](const WaitingKey& waiting) { return encode(waiting); });
    default:
      break;
  }
  // The check of a whole store reads any row, of any table, without ending the process.
  if (bytes.size() < 2) return;
  RowCheck rows({1, 2}, [](const std::string&) {});
  const auto table = static_cast<Table>(static_cast<unsigned char>(bytes[0]) % 32);
  const std::string_view row = bytes.substr(2);
  const std::size_t key_bytes = std::min<std::size_t>(static_cast<unsigned char>(bytes[1]), row.size());
  if (table_name(table).empty()) return;
  if (static_cast<unsigned>(table) < 16)
    rows.partition_row(table, row.substr(0, key_bytes), row.substr(key_bytes));
  else
    rows.alert_row(table, row.substr(0, key_bytes), row.substr(key_bytes));
  rows.end_partition(0);
}

}  // namespace straykey
