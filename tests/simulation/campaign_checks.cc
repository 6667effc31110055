#include "tests/simulation/campaign_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/bytes.h"
#include "core/engine/campaigns.h"
#include "tests/simulation/site.h"

namespace straykey {
namespace {

constexpr Day kDays = 5;  // an alert fewer than so many days from the first day is of the campaign

std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

// As the rules define it, apart from the product's.
Hash128 id_of(const std::string& subject, Day first_day) {
  return hash128(kFixedHashKey, ByteWriter().string("campaign").string(subject).fixed(first_day).view());
}

}  // namespace

void CampaignChecks::add(const boost::json::value& document, Day day, bool strong) {
  const boost::json::value& campaign = document.at("campaign");
  const std::string subject = text(campaign.at("subject")), alert = text(document.at("id"));
  const Day first_day = *parse_day(text(campaign.at("first_day")));
  const bool outside = text(document.at("source").at("class")) == "external";
  if (subject != text(document.at(outside ? "network" : "variation")))
    throw Violation{fmt::format("P4: alert {} is in a campaign of {}", alert, subject)};
  if (text(campaign.at("id")) != id_of(subject, first_day).hex())
    throw Violation{fmt::format("P4: the id of the campaign of {} is not made of its subject and first day", alert)};
  if ((day > first_day ? day - first_day : first_day - day) >= kDays)
    throw Violation{fmt::format("P4: alert {} of day {} is in a campaign of day {}", alert, day, first_day)};
  by_subject_[subject].push_back({day, first_day, text(document.at("account")) + ' ' + text(document.at("identity")),
                                  campaign.at("identities").to_number<std::uint64_t>(), strong});
}

// The latest campaign that began on or before the day takes an alert in; if it began too long ago, a new one begins.
void CampaignChecks::in_order(const std::string& subject, const std::vector<Member>& members) {
  std::vector<Member> sorted = members;
  std::sort(sorted.begin(), sorted.end(), [](const Member& a, const Member& b) { return a.day < b.day; });
  Day first_day = 0;
  for (const Member& member : sorted) {
    if (first_day == 0 || member.day - first_day >= kDays) first_day = member.day;
    if (member.first_day != first_day)
      throw Violation{fmt::format("P4: an alert of {} on day {} is in the campaign of day {} and not of {}", subject,
                                  member.day, member.first_day, first_day)};
  }
}

void CampaignChecks::match(Site& site, bool days_in_order) const {
  std::map<Hash128, CampaignRow> counted;
  std::map<Hash128, std::set<std::string>> identities;
  std::map<Hash128, std::set<std::uint64_t>> said;
  for (const auto& [subject, members] : by_subject_) {
    if (days_in_order) in_order(subject, members);
    for (const Member& member : members) {
      const Hash128 id = id_of(subject, member.first_day);
      CampaignRow& row = counted[id];
      row.subject = subject;
      row.first_day = member.first_day;
      ++row.alerts;
      if (member.strong) ++row.strong;
      identities[id].insert(member.identity);
      said[id].insert(member.identities);
      row.identities = identities[id].size();
    }
  }
  // Each new identity was told its number, so all numbers up to the last were told.
  for (const auto& [id, numbers] : said)
    if (numbers.size() != counted[id].identities || *numbers.rbegin() != numbers.size())
      throw Violation{fmt::format("P4: the alerts of campaign {} miscount its identities", id.hex())};
  std::map<Hash128, CampaignRow> stored;
  site.alerts().look()->scan(Table::campaigns, {}, {}, [&](std::string_view key, std::string_view value) {
    if (alert_of_campaign_row(key)) return true;
    const auto row = decode_campaign(value);
    if (!row) throw Violation{"a stored campaign cannot be read"};
    stored.emplace(Hash128::from_bytes(key.data()), *row);
    return true;
  });
  for (const auto& [id, row] : stored)
    if (!counted.contains(id)) throw Violation{fmt::format("P4: nobody is in the campaign of {}", row.subject)};
  for (const auto& [id, row] : counted) {
    const auto found = stored.find(id);
    if (found == stored.end()) throw Violation{fmt::format("P4: the campaign of {} has no row", row.subject)};
    const CampaignRow& is = found->second;
    if (is != row)
      throw Violation{
          fmt::format("P4: the campaign of {} has {} alerts, {} strong, of {} identities, and says {}, {}, {}",
                      row.subject, row.alerts, row.strong, row.identities, is.alerts, is.strong, is.identities)};
  }
}

}  // namespace straykey
