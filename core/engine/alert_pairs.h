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

[[nodiscard]] std::string encode_alert_pairs(const AlertPairs& pairs);
[[nodiscard]] std::optional<AlertPairs> decode_alert_pairs(std::string_view bytes);

}  // namespace straykey
