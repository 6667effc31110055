#pragma once
// Known things: what the configuration declares as ours ([[known]]), so that it need not be acknowledged by hand.
//
// Shape:  an entry covers pairs as an acknowledgement does: (identity, network) and (network, role), (identity, tool),
//         or (identity, platform or exec-env). A prefix covers the prefixes inside it.
// Order:  `until` is compared with the day of the call that is judged, so the same input gives the same alerts whenever
//         it is read.
// Thread: any (immutable).
// Bounds: kKnownThingsMax entries; each question looks at all of them.
#include <span>
#include <string>
#include <string_view>

#include "core/baseline/fact.h"
#include "core/detect/settings.h"

namespace straykey {

inline constexpr std::size_t kKnownThingsMax = 1'000;

// A pair of quarantine, and the day of the call.
struct AskedPair {
  FactKind kind;
  std::string_view scope, value;
  Day day = 0;
};
// The first entry that covers the pair; null: none.
[[nodiscard]] const KnownThing* covering(std::span<const KnownThing> known, const AskedPair& pair);

// Whether a text is of a pattern, in which * stands for any number of any characters.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

// What is wrong with an entry, in one sentence without its name; empty: nothing.
[[nodiscard]] std::string objection_to_known(const KnownThing& known);

// "111122223333/orders/* in AS64511".
[[nodiscard]] std::string known_text(const KnownThing& known);

// Whether it counts no more on `today`; or ends within `days` days of it.
[[nodiscard]] bool has_ended(const KnownThing& known, Day today) noexcept;
[[nodiscard]] bool ends_within(const KnownThing& known, Day today, Day days) noexcept;

}  // namespace straykey
