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

[[nodiscard]] std::string encode_alert_pairs(const AlertPairs& pairs);
[[nodiscard]] std::optional<AlertPairs> decode_alert_pairs(std::string_view bytes);

}  // namespace straykey
