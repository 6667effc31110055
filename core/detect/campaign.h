#pragma once
// Campaign: alerts of many identities that have one place in common. A roll-out in a new network raises an alert for
// each identity; the campaign says that they belong together.
//
// Shape:  an alert has its place in one campaign, as it was when the alert was raised: it never changes. The row that
//         goes on counting is core/engine/campaigns.h.
// Units:  UTC days. A campaign takes in the alerts of fewer than kCampaignDays before or after its first day.
// Thread: any (a value).
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

inline constexpr Day kCampaignDays = 5;

struct AlertCampaign {
  Hash128 id;           // zero: none
  std::string subject;  // a network, "vpce:" and the owner of an endpoint, or the id of a variation
  Day first_day = 0;
  std::uint64_t identities = 0;  // with this alert's
  bool new_identity = false;     // no earlier alert of the campaign was about this alert's identity
  bool notify = true;            // formats for people tell of the alert: notifies_people()

  bool operator==(const AlertCampaign&) const = default;
};

// Hash of the subject and the first day: the same everywhere, for the whole organisation.
[[nodiscard]] Hash128 campaign_id(std::string_view subject, Day first_day);

// What decides whether people hear of an alert at once. Machines hear of every alert.
struct CampaignMoment {
  std::uint64_t identities = 0;
  bool new_identity = false;
  bool first_strong = false;  // the campaign's first alert of the strong tier
  bool attack_tool = false, impossible_platform = false, console = false;
};
// True for the 1st, 3rd, 10th and 30th identity, and for what must never drown in a roll-out.
[[nodiscard]] bool notifies_people(const CampaignMoment& moment) noexcept;

// "7th identity in this network since 2026-11-26."
[[nodiscard]] std::string campaign_sentence(const AlertCampaign& campaign);

// The setting that declares a roll-out as expected; empty if there is none. `hosting`: anybody may rent an address in
// the campaign's network, so trusting it would trust everybody's machines; an entry is of some identities and ends.
[[nodiscard]] std::string_view declaring_setting(const AlertCampaign& campaign, bool hosting) noexcept;

}  // namespace straykey
