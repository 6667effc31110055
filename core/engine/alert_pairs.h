#pragma once
// AlertPairs: what an acknowledgement of an alert makes known: a row of Table::alert_pairs.
//
// Shape:  the day of the alert, and the quarantined pairs (kind, scope, value) of the hit that raised it.
// Thread: any (a value).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/baseline/fact.h"

namespace straykey {

struct Candidate;
struct Judgement;

struct AlertPairs {
  struct Pair {
    FactKind kind;
    std::string scope, value;

    bool operator==(const Pair&) const = default;
  };
  Day day = 0;
  std::vector<Pair> pairs;

  bool operator==(const AlertPairs&) const = default;
};

// The pairs that a judgement puts into quarantine.
[[nodiscard]] std::vector<AlertPairs::Pair> quarantined_pairs(const Judgement& judgement, const Candidate& call);

// Which answered alerts hold a pair: rows of Table::alert_pairs, hash of the pair (16 bytes), alert id -> nothing. They
// are written when an alert is answered and erased when it is opened again.
[[nodiscard]] std::string pair_holders_prefix(HashKey key, const AlertPairs::Pair& pair);
[[nodiscard]] std::string pair_holder_key(HashKey key, const AlertPairs::Pair& pair, Hash128 alert_id);
// The key of the row that says that every answered alert has its rows. Stores of older programs have none.
inline constexpr std::string_view kPairHoldersKnown = "holders";

[[nodiscard]] std::string encode_alert_pairs(const AlertPairs& pairs);
[[nodiscard]] std::optional<AlertPairs> decode_alert_pairs(std::string_view bytes);

}  // namespace straykey
