#include "core/engine/campaigns.h"

#include "core/base/bytes.h"

namespace straykey {
namespace {

constexpr std::size_t kIdBytes = 16, kAlertKeyBytes = 3 * kIdBytes;
constexpr std::uint8_t kVersion = 1;

std::optional<CampaignRow> row_of(StoreReader& alerts, std::string_view subject, Day first_day) {
  const auto stored = alerts.get(Table::campaigns, campaign_id(subject, first_day).key());
  return stored ? decode_campaign(*stored) : std::nullopt;
}

// The campaign that takes in an alert of this day; a new one that begins on it if none does.
CampaignRow campaign_of(StoreReader& alerts, std::string_view subject, Day day) {
  for (Day before = 0; before < kCampaignDays && before <= day; ++before)
    if (auto row = row_of(alerts, subject, day - before)) return std::move(*row);
  for (Day after = 1; after < kCampaignDays; ++after)
    if (auto row = row_of(alerts, subject, day + after)) return std::move(*row);
  return {.subject = std::string(subject), .first_day = day};
}

}  // namespace

std::string encode_campaign(const CampaignRow& row) {
  return ByteWriter()
      .fixed(kVersion)
      .string(row.subject)
      .fixed(row.first_day)
      .varint(row.alerts)
      .varint(row.strong)
      .varint(row.identities)
      .bytes();
}

std::optional<CampaignRow> decode_campaign(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != kVersion) return std::nullopt;
  CampaignRow row;
  row.subject = in.string();
  row.first_day = in.fixed<Day>();
  row.alerts = in.varint();
  row.strong = in.varint();
  row.identities = in.varint();
  if (!in.at_end()) return std::nullopt;
  return row;
}

bool is_campaign_row(std::string_view key, std::string_view value) {
  if (key.size() == kAlertKeyBytes) return value.empty();
  const auto row = decode_campaign(value);
  return row && key == campaign_id(row->subject, row->first_day).key();
}

std::optional<Hash128> alert_of_campaign_row(std::string_view key) {
  if (key.size() != kAlertKeyBytes) return std::nullopt;
  return Hash128::from_bytes(key.data() + 2 * kIdBytes);
}

JoinedCampaign join_campaign(StoreWriter& alerts, HashKey key, const CampaignAlert& alert) {
  CampaignRow row = campaign_of(alerts, alert.subject, alert.day);
  const Hash128 id = campaign_id(row.subject, row.first_day);
  const std::string of_identity = id.key() + hash128(key, alert.identity).key();
  bool is_new = true;
  alerts.scan(Table::campaigns, of_identity, of_identity, [&](std::string_view, std::string_view) {
    is_new = false;
    return false;
  });
  const bool is_strong = alert.tier == Tier::strong;
  ++row.alerts;
  if (is_strong) ++row.strong;
  if (is_new) ++row.identities;
  alerts.put(Table::campaigns, id.key(), encode_campaign(row));
  alerts.put(Table::campaigns, of_identity + alert.id.key(), "");
  return {{.id = id,
           .subject = row.subject,
           .first_day = row.first_day,
           .identities = row.identities,
           .new_identity = is_new},
          is_strong && row.strong == 1};
}

void leave_campaign(StoreWriter& alerts, HashKey key, Hash128 campaign, const CampaignAlert& alert) {
  alerts.erase(Table::campaigns, campaign.key() + hash128(key, alert.identity).key() + alert.id.key());
  bool any = false;
  const std::string prefix = campaign.key();
  alerts.scan(Table::campaigns, prefix, prefix, [&](std::string_view row, std::string_view) {
    any = alert_of_campaign_row(row).has_value();
    return !any;
  });
  if (!any) alerts.erase(Table::campaigns, prefix);
}

std::vector<Hash128> alerts_of_campaign(StoreReader& alerts, Hash128 campaign) {
  std::vector<Hash128> ids;
  const std::string prefix = campaign.key();
  alerts.scan(Table::campaigns, prefix, prefix, [&](std::string_view key, std::string_view) {
    if (const auto id = alert_of_campaign_row(key)) ids.push_back(*id);
    return true;
  });
  return ids;
}

}  // namespace straykey
