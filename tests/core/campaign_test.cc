#include "core/detect/campaign.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("campaign: people hear of the 1st, 3rd, 10th and 30th identity, and of no other") {
  std::string heard;
  for (std::uint64_t count = 1; count <= 100; ++count)
    if (notifies_people({.identities = count, .new_identity = true})) heard += std::to_string(count) + " ";
  CHECK_EQ(heard, "1 3 10 30 ");
}

TEST_CASE("campaign: another alert of an identity that was counted is not told to people") {
  for (const std::uint64_t count : {1, 3, 10, 30})
    CHECK_FALSE(notifies_people({.identities = count, .new_identity = false}));
}

TEST_CASE("campaign: the first strong alert, an attack tool, an impossible platform and the console are always told") {
  CHECK_FALSE(notifies_people({.identities = 7, .new_identity = true}));
  CHECK(notifies_people({.identities = 7, .first_strong = true}));
  CHECK(notifies_people({.identities = 7, .attack_tool = true}));
  CHECK(notifies_people({.identities = 7, .impossible_platform = true}));
  CHECK(notifies_people({.identities = 7, .console = true}));
}

std::string sentence(std::string subject, std::uint64_t identities, bool is_new = true) {
  return campaign_sentence({{1, 2}, std::move(subject), 20'783, identities, is_new, true});
}

TEST_CASE("campaign: its sentence counts identities and says where") {
  CHECK_EQ(sentence("AS64511", 1), "1st identity in this network since 2026-11-26.");
  CHECK_EQ(sentence("198.51.100.0/24", 2), "2nd identity in this network since 2026-11-26.");
  CHECK_EQ(sentence("AS64511", 13), "13th identity in this network since 2026-11-26.");
  CHECK_EQ(sentence("AS64511", 23), "23rd identity in this network since 2026-11-26.");
  CHECK_EQ(sentence("AS64511", 111), "111th identity in this network since 2026-11-26.");
  CHECK_EQ(sentence("vpce:444455556666", 7), "7th identity through endpoints of this owner since 2026-11-26.");
  CHECK_EQ(sentence("misused_service_token.pasted", 7), "7th identity with such an alert since 2026-11-26.");
  CHECK_EQ(sentence("AS64511", 1, false), "The only identity in this network since 2026-11-26, once more.");
  CHECK_EQ(sentence("AS64511", 7, false), "One of 7 identities in this network since 2026-11-26.");
}

TEST_CASE("campaign: the setting that declares a roll-out is that of its place") {
  CHECK_EQ(declaring_setting({{}, "AS64511"}, false), "networks.trusted");
  CHECK_EQ(declaring_setting({{}, "2001:db8::/48"}, false), "networks.trusted");
  for (const bool hosting : {false, true}) {
    CHECK_EQ(declaring_setting({{}, "vpce:444455556666"}, hosting), "networks.accounts");
    CHECK_EQ(declaring_setting({{}, "misused_service_token.console"}, hosting), "");
  }
}

TEST_CASE("campaign: a network where anybody may rent an address is never proposed as trusted") {
  CHECK_EQ(declaring_setting({{}, "AS64511"}, true), "[[known]]");
  CHECK_EQ(declaring_setting({{}, "198.51.100.0/24"}, true), "[[known]]");
}

TEST_CASE("campaign: its id is of the subject and the first day") {
  CHECK_EQ(campaign_id("AS64511", 20'783), campaign_id("AS64511", 20'783));
  CHECK_NE(campaign_id("AS64511", 20'783), campaign_id("AS64511", 20'784));
  CHECK_NE(campaign_id("AS64511", 20'783), campaign_id("AS64512", 20'783));
}

}  // namespace
}  // namespace straykey
