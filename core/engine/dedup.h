#pragma once
// Dedup: which alert a hit belongs to.
//
// Shape:  a dedup key has a list of its alerts as (id, day, tier). An alert of day D takes in every hit whose day is
//         less than dedup_days before or after D.
// Order:  hits that come late are taken in, too. A hit looks under each form of its network. An alert of its own day
//         takes it in only if it bears the hit's own name: otherwise two systems that share a /24 would raise one
//         alert, named by whichever came first. So the answer for a day does not depend on the order inside it.
// Bounds: kDedupAlertsMax alerts a key; the oldest is forgotten first (its days are long past by then).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

struct DedupEntry {
  Hash128 alert_id;
  Day day = 0;
  Tier tier = Tier::weak;

  bool operator==(const DedupEntry&) const = default;
};

struct DedupAnswer {
  std::optional<Hash128> taken_in_by;  // set: no new alert
  std::optional<Hash128> weaker;       // a new strong alert names this weak one
};

inline constexpr std::size_t kDedupAlertsMax = 64;

// One of the alerts that stand under any of a hit's forms.
struct StandingAlert {
  DedupEntry entry;
  bool named_alike = false;  // it bears the name that the hit's own alert would bear
};
// Those that may take in a hit of `day`, the one that comes first last.
[[nodiscard]] std::vector<DedupEntry> that_may_take_in(std::vector<StandingAlert> standing, Day day);

// Of several the last.
[[nodiscard]] DedupAnswer find_alert(const std::vector<DedupEntry>& entries, Day day, Tier tier,
                                     int dedup_days) noexcept;

// Row of one subject (network form or tool) of (analytic, account, identity).
[[nodiscard]] std::string dedup_key(HashKey key, Analytic analytic, std::string_view account, std::string_view identity,
                                    std::string_view subject);
[[nodiscard]] std::string encode_dedup(const std::vector<DedupEntry>& entries);
[[nodiscard]] std::vector<DedupEntry> decode_dedup(std::string_view bytes);

}  // namespace straykey
