#include "core/engine/campaigns.h"

#include <string>

#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Bench {
  MemoryAlertStore store;
  std::unique_ptr<StoreWriter> writer = store.write();
  std::uint64_t alerts = 0;

  JoinedCampaign join(std::string_view identity, Day day, Tier tier = Tier::weak,
                      std::string_view subject = "AS64511") {
    return join_campaign(*writer, {1, 2}, {subject, identity, {++alerts, 0x80}, day, tier});
  }
};

TEST_CASE("campaigns: an alert joins the one whose first day is near, and each identity counts once") {
  Bench bench;
  const AlertCampaign first = bench.join("a", 100).campaign;
  CHECK_EQ(first.id, campaign_id("AS64511", 100));
  CHECK(first.new_identity);
  const AlertCampaign second = bench.join("b", 104).campaign, again = bench.join("a", 104).campaign;
  CHECK_EQ(second.id, first.id);
  CHECK_EQ(second.first_day, 100);
  CHECK_EQ(second.identities, 2);
  CHECK_FALSE(again.new_identity);
  CHECK_EQ(again.identities, 2);
  CHECK_EQ(alerts_of_campaign(*bench.writer, first.id).size(), 3);
}

TEST_CASE("campaigns: five days after the first day another begins, and another subject has its own") {
  Bench bench;
  const Hash128 first = bench.join("a", 100).campaign.id;
  const AlertCampaign next = bench.join("a", 105).campaign;
  CHECK_NE(next.id, first);
  CHECK_EQ(next.identities, 1);
  CHECK(next.new_identity);
  CHECK_NE(bench.join("a", 100, Tier::weak, "AS64512").campaign.id, first);
  // Both are near day 104: the one that began before it takes it in.
  CHECK_EQ(bench.join("b", 104).campaign.id, first);
}

TEST_CASE("campaigns: an alert that comes late joins the one that began after it") {
  Bench bench;
  const Hash128 first = bench.join("a", 100).campaign.id;
  CHECK_EQ(bench.join("b", 96).campaign.id, first);
  CHECK_NE(bench.join("b", 95).campaign.id, first);
  CHECK_EQ(bench.join("c", 2, Tier::weak, "AS1").campaign.first_day, 2);  // days before the first do not exist
}

TEST_CASE("campaigns: one strong alert is the first") {
  Bench bench;
  CHECK_FALSE(bench.join("a", 100).first_strong);
  CHECK(bench.join("b", 101, Tier::strong).first_strong);
  CHECK_FALSE(bench.join("c", 101, Tier::strong).first_strong);
}

TEST_CASE("campaigns: rows read back, and others are told apart") {
  const CampaignRow row{"AS64511", 100, 9, 2, 7};
  const std::string bytes = encode_campaign(row), id = campaign_id("AS64511", 100).key();
  CHECK_EQ(decode_campaign(bytes), row);
  CHECK_FALSE(decode_campaign(bytes + "x").has_value());
  CHECK(is_campaign_row(id, bytes));
  CHECK_FALSE(is_campaign_row(std::string(16, 'k'), bytes));
  CHECK(is_campaign_row(std::string(48, 'k'), ""));
  CHECK_FALSE(is_campaign_row(std::string(48, 'k'), "x"));
  CHECK_FALSE(alert_of_campaign_row(id).has_value());
  CHECK_EQ(alert_of_campaign_row(std::string(32, 'k') + Hash128{3, 4}.key()), Hash128{3, 4});
}

}  // namespace
}  // namespace straykey
