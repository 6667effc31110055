#include "core/detect/campaign.h"

#include <fmt/format.h>

#include "core/base/bytes.h"
#include "core/detect/catalogue.h"

namespace straykey {
namespace {

bool is_of_endpoint(std::string_view subject) {
  return subject.starts_with("vpce:");
}

bool is_of_variation(std::string_view subject) {
  return catalogue_entry_by_id(subject) != nullptr;
}

std::string ordinal(std::uint64_t number) {
  const std::uint64_t last = number % 10;
  const bool is_teen = number % 100 / 10 == 1;
  return fmt::format("{}{}", number, is_teen ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

}  // namespace

Hash128 campaign_id(std::string_view subject, Day first_day) {
  return hash128(kFixedHashKey, ByteWriter().string("campaign").string(subject).fixed(first_day).view());
}

bool notifies_people(const CampaignMoment& moment) noexcept {
  if (moment.first_strong || moment.attack_tool || moment.impossible_platform || moment.console) return true;
  if (!moment.new_identity) return false;
  const std::uint64_t count = moment.identities;
  return count == 1 || count == 3 || count == 10 || count == 30;
}

std::string campaign_sentence(const AlertCampaign& campaign) {
  const std::string_view where = is_of_variation(campaign.subject)  ? "with such an alert"
                                 : is_of_endpoint(campaign.subject) ? "through endpoints of this owner"
                                                                    : "in this network";
  const std::string day = format_day(campaign.first_day);
  if (campaign.new_identity) return fmt::format("{} identity {} since {}.", ordinal(campaign.identities), where, day);
  if (campaign.identities == 1) return fmt::format("The only identity {} since {}, once more.", where, day);
  return fmt::format("One of {} identities {} since {}.", campaign.identities, where, day);
}

std::string_view declaring_setting(const AlertCampaign& campaign, bool hosting) noexcept {
  if (is_of_variation(campaign.subject)) return {};
  if (is_of_endpoint(campaign.subject)) return "networks.accounts";
  return hosting ? "[[known]]" : "networks.trusted";
}

}  // namespace straykey
