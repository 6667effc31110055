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
    int days;  // of this identity in the network
    bool quarantined;
    int others;
    bool foreign;
    ToolKind kind;
    bool tool_learned;
    std::string_view impossible;
    bool new_kali;
    std::optional<Tier> tier;
  };
  constexpr auto kStrong = Tier::strong, kWeak = Tier::weak;
  constexpr auto kSdk = ToolKind::sdk, kCli = ToolKind::cli, kAttack = ToolKind::attack;
  const Row rows[] = {
      {"attack tool in a learned network", true, 5, false, 1, false, kAttack, false, "", false, kStrong},
      {"learned attack tool there", true, 5, false, 1, false, kAttack, true, "", false, std::nullopt},
      {"Kali in a learned network", true, 5, false, 1, false, kSdk, false, "", true, kStrong},
      {"new CLI in a learned network", true, 5, false, 1, false, kCli, false, "", false, kWeak},
      {"impossible platform there", true, 5, false, 1, false, kSdk, false, "macOS", false, kWeak},
      {"learned network", true, 5, false, 0, false, kSdk, false, "", false, std::nullopt},
      {"learned network, learned CLI", true, 5, false, 0, false, kCli, true, "", false, std::nullopt},
      {"new place", false, 0, false, 0, false, kSdk, false, "", false, kStrong},
      {"an earlier day", false, 1, false, 0, false, kSdk, false, "", false, kWeak},
      {"an earlier day in quarantine", false, 1, true, 0, false, kSdk, false, "", false, kStrong},
      {"others' place", false, 0, false, 1, false, kSdk, false, "", false, kWeak},
      {"foreign endpoint", false, 1, false, 1, true, kSdk, false, "", false, kStrong},
      {"new CLI in others' place", false, 0, false, 1, false, kCli, false, "", false, kStrong},
      {"learned CLI in others' place", false, 0, false, 1, false, kCli, true, "", false, kWeak},
      {"impossible platform in others' place", false, 0, false, 1, false, kSdk, false, "macOS", false, kWeak},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    Candidate c = call();
    c.tool_kind = row.kind;
    RemoteEvidence evidence;
    evidence.network = "AS64511";
    evidence.network_learned = row.learned;
    evidence.network_days = row.days;
    evidence.network_quarantined = row.quarantined;
    evidence.other_identities = row.others;
    evidence.foreign_endpoint = row.foreign;
    evidence.tool_learned = row.tool_learned;
    evidence.impossible = row.impossible;
    evidence.new_kali = row.new_kali;
    CHECK(tier_of(c, evidence) == row.tier);
  }
}

TEST_CASE("remote service token: a presigned request, line by line") {
  struct Row {
    const char* line;
    bool learned;  // the network
    int days;      // in the network
    int others;
    bool acknowledged, presigned_learned, foreign;
    std::optional<Tier> tier;
  };
  const Row rows[] = {
      {"learned network", true, 5, 0, false, false, false, std::nullopt},
      {"acknowledged links, new place", false, 0, 0, true, false, false, std::nullopt},
      {"learned links, new place", false, 0, 0, false, true, false, Tier::weak},
      {"learned links, foreign endpoint", false, 0, 0, false, true, true, Tier::weak},
      {"new place", false, 0, 0, false, false, false, Tier::strong},
      {"an earlier day", false, 1, 0, false, false, false, Tier::weak},
      {"others' place", false, 0, 1, false, false, false, Tier::weak},
      {"foreign endpoint", false, 1, 1, false, false, true, Tier::strong},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    Candidate c = call();
    c.presigned = true;
    c.tool_kind = ToolKind::unknown;
    RemoteEvidence evidence;
    evidence.network = "AS64511";
    evidence.network_learned = row.learned;
    evidence.network_days = row.days;
    evidence.other_identities = row.others;
    evidence.presigned_acknowledged = row.acknowledged;
    evidence.presigned_learned = row.presigned_learned;
    evidence.foreign_endpoint = row.foreign;
    CHECK(tier_of(c, evidence) == row.tier);
    if (const auto verdict = judge_remote_service_token(c, evidence))
      CHECK(verdict->why.front().starts_with("The request was presigned: its signature travelled"));
  }
}

TEST_CASE("remote service token: family and tier name the variation") {
  struct Row {
    Family family;
    Variation strong, weak;
  };
  for (const Row& row : {Row{Family::eks, Variation::remote_eks_remote, Variation::remote_eks_suspicious},
                         Row{Family::kubernetes, Variation::remote_eks_remote, Variation::remote_eks_suspicious},
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
  CHECK(says("100 or more other identities on 2 or more"));
  CHECK_FALSE(says("Login servers"));
}

TEST_CASE("remote service token: what login servers do, what cannot run and what declares an endpoint is said") {
  RemoteEvidence evidence = used_by_others();
  evidence.only_identity_call = evidence.foreign_endpoint = true;
  evidence.impossible = "macOS";
  Candidate c = call();
  c.endpoint_owner = "444455556666";
  const auto verdict = judge_remote_service_token(c, evidence);
  REQUIRE(verdict);
  for (const std::string_view text : {"Login servers", "macOS", "networks.accounts"})
    CHECK(std::any_of(verdict->why.begin(), verdict->why.end(),
                      [&](const std::string& line) { return line.find(text) != std::string::npos; }));
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
