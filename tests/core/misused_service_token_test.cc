#include "core/detect/misused_service_token.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace straykey {
namespace {

Candidate call(std::string evidence = "") {
  Candidate c;
  c.token.family = Family::ecs;
  c.token.service = "ecs";
  c.tool = "boto3";
  c.tool_kind = ToolKind::sdk;
  c.event_name = "GetSigninToken";
  c.evidence = std::move(evidence);
  return c;
}

std::vector<NewEvidence> all_new(const Candidate& c) {
  std::vector<NewEvidence> out;
  for (std::string& text : evidence_of(c)) out.push_back({std::move(text)});
  return out;
}

std::optional<Variation> variation_of(const Candidate& c, bool remote_is_strong = false, bool platform_said = false) {
  const auto unlearned = all_new(c);
  const auto verdict = judge_misused_service_token(c, {30, unlearned, remote_is_strong, platform_said});
  if (!verdict) return std::nullopt;
  return verdict->variation;
}

TEST_CASE("misused service token: the decision table, line by line, from the last line up") {
  Candidate c = call();
  CHECK_FALSE(variation_of(c).has_value());
  c.platform = Platform::macos;
  CHECK(variation_of(c) == Variation::misused_platform);
  c.evidence = "letter:n";
  CHECK(variation_of(c) == Variation::misused_pasted);
  c.evidence = "exchanged:GetWebIdentityToken,letter:n";
  CHECK(variation_of(c) == Variation::misused_exchanged);
  c.tool = "pacu";
  c.tool_kind = ToolKind::attack;
  CHECK(variation_of(c) == Variation::misused_attack_tool);
  c.evidence = "console,exchanged:GetWebIdentityToken,letter:n";
  CHECK(variation_of(c) == Variation::misused_console);
}

TEST_CASE("misused service token: what another alert of the event says gives no alert, and hides no other evidence") {
  Candidate c = call();
  c.tool = "pacu";
  c.tool_kind = ToolKind::attack;
  CHECK_FALSE(variation_of(c, true).has_value());
  c.platform = Platform::kali;
  CHECK(variation_of(c, true) == Variation::misused_platform);
  CHECK_FALSE(variation_of(c, true, true).has_value());
  CHECK(variation_of(c, false, true) == Variation::misused_attack_tool);
  c.evidence = "letter:n";
  CHECK(variation_of(c, true, true) == Variation::misused_pasted);
}

TEST_CASE("misused service token: what counts as evidence depends on whose token it is") {
  using Texts = std::vector<std::string>;
  Candidate c = call("console,letter:g,letter:n");
  for (const Family family : {Family::ecs, Family::eks, Family::kubernetes, Family::ec2}) {
    c.token.family = family;
    CHECK_EQ(evidence_of(c), Texts{"console", "letter:g", "letter:n"});
  }
  c.token.family = Family::lambda;
  c.token.service = "lambda";
  CHECK_EQ(evidence_of(c), Texts{"console", "letter:n"});
  c.token.parent_role = "111122223333/ci";
  CHECK_EQ(evidence_of(c), Texts{"console"});
  c.evidence = "letter:n";
  CHECK_FALSE(has_evidence(c));
  c.exec_env = "CloudShell";
  CHECK(has_evidence(c));
  CHECK_EQ(evidence_of(c), Texts{"platform:CloudShell"});
  c.evidence = "console";
  c.console_session = true;
  CHECK_EQ(evidence_of(c), Texts{"console"});
}

TEST_CASE("misused service token: the reasons begin with what names the alert, and count days or tell of quarantine") {
  const Candidate c = call("console,letter:n,letter:v");
  const std::vector<NewEvidence> unlearned{{"console", 1, false}, {"letter:n", 4, true}};
  const auto verdict = judge_misused_service_token(c, {30, unlearned});
  REQUIRE(verdict);
  REQUIRE_EQ(verdict->why.size(), 4);
  CHECK_EQ(verdict->why[0], "GetSigninToken turns a token of ecs into a console session.");
  CHECK_EQ(verdict->why[1], "This identity did the same on 1 of the last 30 days; 2 make it known.");
  CHECK_EQ(verdict->why[2],
           "The client says that it found the token in a shared credentials file (m/ holds n), where ecs puts none.");
  CHECK_EQ(verdict->why[3],
           "The same raised an alert for this identity in the last 30 days and nobody acknowledged it.");
  CHECK_EQ(verdict->entry().severity, Severity::high);
}

TEST_CASE("misused service token: the platform is said as people call it") {
  Candidate c = call();
  c.platform = Platform::wsl;
  const auto unlearned = all_new(c);
  const auto verdict = judge_misused_service_token(c, {30, unlearned});
  REQUIRE(verdict);
  CHECK_EQ(verdict->why[0], "Its user agent says the Windows Subsystem for Linux, where ecs cannot run.");
}

}  // namespace
}  // namespace straykey
