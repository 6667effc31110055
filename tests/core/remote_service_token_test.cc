#include "core/detect/remote_service_token.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace straykey {
namespace {

Candidate call(Family family = Family::lambda) {
  Candidate c;
  c.token.family = family;
  c.address_class = SourceClass::external;
  c.address = "198.51.100.7";
  c.tool = "boto3";
  c.tool_kind = ToolKind::sdk;
  return c;
}

// A network that others use, by which the evidence is weak.
RemoteEvidence used_by_others() {
  RemoteEvidence evidence;
  evidence.network = "AS64511";
  evidence.other_identities = 1;
  return evidence;
}

std::optional<Tier> tier_of(const Candidate& c, const RemoteEvidence& evidence) {
  const auto verdict = judge_remote_service_token(c, evidence);
  if (!verdict) return std::nullopt;
  return verdict->entry().tier;
}

TEST_CASE("remote service token: the decision table, line by line") {
  struct Row {
    const char* line;
    bool learned;
    int address_identities, other_identities;
    bool foreign, owner_seen;
    ToolKind kind;
    bool tool_learned;
    std::optional<Tier> tier;
  };
  constexpr auto kStrong = Tier::strong, kWeak = Tier::weak;
  const Row rows[] = {
      {"learned network", true, 0, 0, false, false, ToolKind::sdk, false, std::nullopt},
      {"learned network, new CLI", true, 0, 0, false, false, ToolKind::cli, false, std::nullopt},
      {"new address, nobody else in the network", false, 0, 0, false, false, ToolKind::sdk, false, kStrong},
      {"new address, others in the network", false, 0, 1, false, false, ToolKind::sdk, false, kWeak},
      {"known address, nobody else in the network", false, 1, 0, false, false, ToolKind::sdk, false, kWeak},
      {"foreign endpoint never seen", false, 1, 1, true, false, ToolKind::sdk, false, kStrong},
      {"foreign endpoint seen before", false, 1, 1, true, true, ToolKind::sdk, false, kWeak},
      {"new CLI in others' network", false, 1, 1, false, false, ToolKind::cli, false, kStrong},
      {"learned CLI in others' network", false, 1, 1, false, false, ToolKind::cli, true, kWeak},
      {"new attack tool in others' network", false, 1, 1, false, false, ToolKind::attack, false, kStrong},
      {"new SDK in others' network", false, 1, 1, false, false, ToolKind::sdk, false, kWeak},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    Candidate c = call();
    c.tool_kind = row.kind;
    RemoteEvidence evidence = used_by_others();
    evidence.network_learned = row.learned;
    evidence.address_identities = row.address_identities;
    evidence.other_identities = row.other_identities;
    evidence.foreign_endpoint = row.foreign;
    evidence.endpoint_owner_seen = row.owner_seen;
    evidence.tool_learned = row.tool_learned;
    CHECK(tier_of(c, evidence) == row.tier);
  }
}

TEST_CASE("remote service token: family and tier name the variation") {
  struct Row {
    Family family;
    Variation strong, weak;
  };
  for (const Row& row : {Row{Family::eks, Variation::remote_eks_remote, Variation::remote_eks_suspicious},
                         Row{Family::ecs, Variation::remote_ecs_suspicious, Variation::remote_ecs_remote},
                         Row{Family::lambda, Variation::remote_suspicious, Variation::remote_base},
                         Row{Family::ec2, Variation::remote_suspicious, Variation::remote_base},
                         Row{Family::other, Variation::remote_suspicious, Variation::remote_base}}) {
    CHECK_EQ(judge_remote_service_token(call(row.family), RemoteEvidence{})->variation, row.strong);
    CHECK_EQ(judge_remote_service_token(call(row.family), used_by_others())->variation, row.weak);
  }
}

TEST_CASE("remote service token: absent from old AWS ranges and nothing else caps at weak and says so") {
  Candidate c = call();
  c.range_capped = true;
  const auto verdict = judge_remote_service_token(c, RemoteEvidence{});
  REQUIRE(verdict);
  CHECK_EQ(verdict->variation, Variation::remote_base);
  REQUIRE_EQ(verdict->limits.size(), 1);
  CHECK_NE(verdict->limits[0].find("networks.aws_ranges"), std::string::npos);

  RemoteEvidence endpoint;
  endpoint.foreign_endpoint = true;
  CHECK(tier_of(c, endpoint) == Tier::strong);                             // a foreign endpoint is not capped
  CHECK(judge_remote_service_token(c, used_by_others())->limits.empty());  // weak anyway: nothing was kept back
}

TEST_CASE("remote service token: the reasons carry the numbers") {
  RemoteEvidence evidence = used_by_others();
  evidence.network_days = 1;
  evidence.other_identities = 100;
  const auto verdict = judge_remote_service_token(call(), evidence);
  REQUIRE(verdict);
  const auto says = [&](std::string_view text) {
    return std::any_of(verdict->why.begin(), verdict->why.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  CHECK(says("198.51.100.7 is outside AWS, in AS64511"));
  CHECK(says("1 of the last 30 days"));
  CHECK(says("100 or more other identities"));
}

TEST_CASE("remote service token: a quarantined network says that nobody acknowledged it") {
  RemoteEvidence evidence = used_by_others();
  evidence.network_quarantined = true;
  evidence.network_days = 20;
  const auto verdict = judge_remote_service_token(call(), evidence);
  REQUIRE(verdict);
  CHECK_NE(verdict->why[1].find("nobody acknowledged"), std::string::npos);
}

TEST_CASE("remote service token: only a CLI or attack tool that is not learned quarantines the tool") {
  Candidate c = call();
  CHECK_FALSE(is_new_cli(c, RemoteEvidence{}));
  c.tool_kind = ToolKind::attack;
  CHECK(is_new_cli(c, RemoteEvidence{}));
  RemoteEvidence learned;
  learned.tool_learned = true;
  CHECK_FALSE(is_new_cli(c, learned));
}

}  // namespace
}  // namespace straykey
