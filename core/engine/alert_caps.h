#pragma once
// AlertCaps: how many alerts an identity, and the organisation, may raise for one day. What is beyond is counted, and
// told in one AlertSummary once the day is over.
//
// Shape:  Table::flood holds three kinds of rows: (analytic, day) -> the organisation's count; (analytic, day, tier,
//         identity) -> an identity's count; and the summaries that wait, ordered by day.
// Units:  a day is over when the account's calls of a later day are judged; for all identities together, any
//         account's. Since an account may fall silent, two days later any account will do. Only days of events count,
//         so a replay gives the same summaries. A hit that comes after its summary is still suppressed and counted in
//         the metrics, and told to nobody.
// Thread: the merger's.
// Bounds: an identity's row is written only by alerts that the organisation's cap let through, so it bounds them, too.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/alert_summary.h"
#include "core/engine/store.h"

namespace straykey {

struct DetectionSettings;

// A row of counts.
struct CapCount {
  std::uint64_t raised = 0;
  std::uint64_t suppressed = 0;
};
[[nodiscard]] std::optional<CapCount> decode_cap_count(std::string_view bytes);
// Whether a row of Table::flood is one that this file writes.
[[nodiscard]] bool is_flood_row(std::string_view key, std::string_view value);

class AlertCaps {
 public:
  AlertCaps(HashKey hash_key, const DetectionSettings& detection) : hash_key_(hash_key), detection_(detection) {}

  struct Hit {
    Analytic analytic;
    Tier tier;
    Severity severity;
    std::string_view account, identity;
    Day day = 0;
    bool known = false;    // [[known]] covers it: it is counted apart, and no summary tells of it
    bool no_room = false;  // the store takes no more alerts: it is suppressed as if all had reached their cap
  };
  // Whether the hit may raise an alert; it is counted as one that does. If not, it is counted for the day's summary.
  [[nodiscard]] bool admit(StoreWriter& writer, const Hit& hit);

  // The summaries of days that are over now that calls of `day` by `accounts` are judged. They wait no more.
  [[nodiscard]] std::vector<AlertSummary> take_over(StoreWriter& writer, Day day,
                                                    const std::set<std::string_view>& accounts);

  // Somebody else wrote the rows since.
  void look_again() noexcept { some_wait_ = true; }

 private:
  [[nodiscard]] static std::uint8_t counted_as(const Hit& hit) noexcept;
  [[nodiscard]] std::string identity_key(const Hit& hit) const;
  void suppress(StoreWriter& writer, AlertSummary summary, Tier tier);

  HashKey hash_key_;
  const DetectionSettings& detection_;
  bool some_wait_ = true;  // false: surely none. What waits on disk from an earlier run is not known at the start
};

}  // namespace straykey
