#pragma once
// Campaigns: the rows of Table::campaigns, which count the alerts that belong together (core/detect/campaign.h).
//
// Shape:  campaign id -> its subject, first day and counts; campaign id, hash of an identity, alert id -> nothing.
//         Because an id is a hash of subject and first day, the campaign of a day is found by trying the days near it.
// Order:  alerts join in the order in which the merger raises them. A campaign that began on or before the day comes
//         first, the latest of several; then the next that began after it. So only late alerts see arrival order.
// Bounds: one row an alert and one a campaign, so the caps of alerts bound them. Counts are exact.
// Thread: the merger's.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/campaign.h"
#include "core/detect/catalogue.h"
#include "core/engine/store.h"

namespace straykey {

struct CampaignRow {
  std::string subject;
  Day first_day = 0;
  std::uint64_t alerts = 0, strong = 0, identities = 0;

  bool operator==(const CampaignRow&) const = default;
};
[[nodiscard]] std::string encode_campaign(const CampaignRow& row);
[[nodiscard]] std::optional<CampaignRow> decode_campaign(std::string_view bytes);
// Whether a row of Table::campaigns is one that this file writes.
[[nodiscard]] bool is_campaign_row(std::string_view key, std::string_view value);
// The alert that a row of Table::campaigns names, if it is a row that names one.
[[nodiscard]] std::optional<Hash128> alert_of_campaign_row(std::string_view key);

// An alert that is raised just now.
struct CampaignAlert {
  std::string_view subject, identity;
  Hash128 id;
  Day day = 0;
  Tier tier = Tier::weak;
};
struct JoinedCampaign {
  AlertCampaign campaign;  // `notify` is left to the caller
  bool first_strong = false;
};
// Counts the alert in the campaign that it joins or opens.
[[nodiscard]] JoinedCampaign join_campaign(StoreWriter& alerts, HashKey key, const CampaignAlert& alert);

// Takes an alert out that leaves the store; of it only `identity` and `id` are read. What was counted stays counted.
// The campaign goes with its last alert.
void leave_campaign(StoreWriter& alerts, HashKey key, Hash128 campaign, const CampaignAlert& alert);

// The ids of its alerts; none if there is no such campaign. Cost: reads a row for each of its alerts.
[[nodiscard]] std::vector<Hash128> alerts_of_campaign(StoreReader& alerts, Hash128 campaign);

}  // namespace straykey
