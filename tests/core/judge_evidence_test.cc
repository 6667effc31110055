// What the third analytic, presigned requests, descended keys and weak proofs rest on in the facts.
#include "core/detect/misused_service_token.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/judge.h"
#include "core/engine/sequence.h"

#include <string>
#include <vector>

#include "tests/core/judge_bench.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Bench = JudgeBench;

// A call from inside AWS with an SDK, which neither of the first two analytics speaks of.
Candidate inside_call(std::string evidence = "") {
  Candidate c = cli_call();
  c.tool = "boto3";
  c.tool_kind = ToolKind::sdk;
  c.evidence = std::move(evidence);
  return c;
}

TEST_CASE("judge: each evidence raises its alert until it was seen on two days, whose quarantine counts again") {
  const auto attack = [] {
    Candidate c = inside_call();
    c.tool = "pacu";
    c.tool_kind = ToolKind::attack;
    c.token.family = Family::eks;
    c.token.service = "eks";
    c.token.serverless = false;
    return c;
  };
  const auto mac = [] {
    Candidate c = inside_call();
    c.platform = Platform::macos;
    return c;
  };
  struct Row {
    Candidate call;
    Variation variation;
    FactKind fact;
    std::string value;
    FactKind quarantine;
    std::string pair;
  };
  constexpr auto kFact = FactKind::identity_evidence;
  constexpr auto kPair = FactKind::quarantine_identity_evidence;
  const std::string exchanged = "exchanged:GetWebIdentityToken";
  for (const Row& row : {
           Row{inside_call("console"), Variation::misused_console, kFact, "console", kPair, "console"},
           Row{attack(), Variation::misused_attack_tool, FactKind::identity_tool, "pacu",
               FactKind::quarantine_identity_tool, "pacu"},
           Row{inside_call(exchanged), Variation::misused_exchanged, kFact, exchanged, kPair, exchanged},
           Row{inside_call("letter:n"), Variation::misused_pasted, kFact, "letter:n", kPair, "letter:n"},
           Row{mac(), Variation::misused_platform, FactKind::identity_runtime, "macos ",
               FactKind::quarantine_identity_runtime, "macos"},
       }) {
    CAPTURE(catalogue_entry(row.variation).id);
    Bench bench;
    CHECK(only(bench.judge(row.call)) == row.variation);
    bench.seen(row.fact, kIdentity, row.value, {0, 2});
    const auto answer = bench.judge(row.call);
    REQUIRE(only(answer) == row.variation);
    const auto pairs = quarantined_pairs(answer.judgements[0], row.call);
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0], AlertPairs::Pair{row.quarantine, std::string(kIdentity), row.pair});
    CHECK_EQ(answer.judgements[0].subjects, std::vector{std::string(catalogue_entry(row.variation).id)});
    bench.seen(row.fact, kIdentity, row.value, {2, 9}, 1);
    CHECK_FALSE(only(bench.judge(row.call)).has_value());
    bench.quarantined(row.quarantine, kIdentity, row.pair, {30});
    CHECK(only(bench.judge(row.call)) == row.variation);
    bench.quarantined(row.quarantine, kIdentity, row.pair, {31});
    CHECK_FALSE(only(bench.judge(row.call)).has_value());
    bench.quarantined(row.quarantine, kIdentity, row.pair, {1}, true);
    CHECK_FALSE(only(bench.judge(row.call)).has_value());
  }
}

TEST_CASE(
    "judge: of several evidences the first gives the alert its name, the others are said and put into quarantine") {
  Bench bench;
  Candidate c = inside_call("console,exchanged:CreateOAuth2TokenWithIAM,letter:n");
  c.platform = Platform::macos;
  const auto answer = bench.judge(c);
  REQUIRE(only(answer) == Variation::misused_console);
  const Judgement& judgement = answer.judgements[0];
  CHECK_EQ(judgement.quarantined_evidence,
           std::vector<std::string>{"console", "exchanged:CreateOAuth2TokenWithIAM", "letter:n"});
  CHECK_EQ(judgement.quarantined_runtimes, std::vector<std::string>{"macos"});
  CHECK_EQ(judgement.verdict.why.size(), 8);
  bench.seen(FactKind::identity_evidence, kIdentity, "console", {3, 4});
  CHECK(only(bench.judge(c)) == Variation::misused_exchanged);
  CHECK_EQ(bench.judge(c).judgements[0].quarantined_evidence,
           std::vector<std::string>{"exchanged:CreateOAuth2TokenWithIAM", "letter:n"});
}

TEST_CASE("judge: what another alert of the call says is not said again") {
  Bench bench;
  Candidate c = call();
  c.tool = "pacu";
  c.tool_kind = ToolKind::attack;
  c.token.serverless = false;
  REQUIRE(only(bench.judge(c)) == Variation::remote_suspicious);
  c.range_capped = true;  // the first analytic is kept at weak, so the third speaks
  const auto capped = bench.judge(c);
  REQUIRE_EQ(capped.judgements.size(), 2);
  CHECK_EQ(capped.judgements[1].verdict.variation, Variation::misused_attack_tool);
  Candidate mac = cli_call();
  mac.platform = Platform::macos;
  const auto unusual = bench.judge(mac);
  CHECK(only(unusual) == Variation::cli_unusual);
  CHECK_EQ(unusual.judgements[0].quarantined_runtimes, std::vector<std::string>{"macos"});
}

TEST_CASE("judge: one call may raise three alerts") {
  Bench bench;
  Candidate c = call();
  c.tool = "aws-cli";
  c.tool_kind = ToolKind::cli;
  c.evidence = "letter:n";
  const auto answer = bench.judge(c);
  REQUIRE_EQ(answer.judgements.size(), 3);
  CHECK_EQ(answer.judgements[2].verdict.variation, Variation::misused_pasted);
  CHECK(answer.judgements[2].quarantines_tool);
}

TEST_CASE("judge: environment variables are evidence only where the service has an endpoint for credentials") {
  Bench bench;
  for (const Family family : {Family::lambda, Family::ecs, Family::eks, Family::ec2, Family::other}) {
    Candidate c = inside_call("letter:g");
    c.token.family = family;
    c.token.service = family == Family::other ? "glue" : "ecs";
    c.token.serverless = false;
    const bool natural = family == Family::lambda || family == Family::other;
    CHECK_EQ(only(bench.judge(c)).has_value(), !natural);
  }
}

TEST_CASE("judge: of a descended key no file says anything, and console and platform only where the pair is new") {
  const std::string parent = "111122223333/ci", child(kRole);
  Candidate descended = inside_call();
  descended.token.proof = Proof::descended;
  descended.token.parent_role = parent;
  Candidate console = descended, platform = descended, pasted = descended, attack = descended, exchanged = descended;
  console.evidence = "console";
  platform.platform = Platform::macos;
  pasted.evidence = "letter:n,letter:v";
  exchanged.evidence = "exchanged:GetWebIdentityToken";
  attack.tool = "pacu";
  attack.tool_kind = ToolKind::attack;
  attack.token.serverless = false;
  Bench bench;
  CHECK_FALSE(only(bench.judge(pasted)).has_value());
  const auto answer = bench.judge(console);
  REQUIRE(only(answer) == Variation::misused_console);
  const auto pairs = quarantined_pairs(answer.judgements[0], console);
  CHECK_EQ(pairs.back(), AlertPairs::Pair{FactKind::quarantine_role_child, parent, child});
  CHECK_NE(answer.judgements[0].verdict.why.back().find(parent), std::string::npos);
  CHECK(only(bench.judge(platform)) == Variation::misused_platform);
  bench.seen(FactKind::role_child, parent, child, {0, 4});
  CHECK(only(bench.judge(console)) == Variation::misused_console);
  bench.seen(FactKind::role_child, parent, child, {4, 5});
  CHECK_FALSE(only(bench.judge(console)).has_value());
  CHECK_FALSE(only(bench.judge(platform)).has_value());
  CHECK(only(bench.judge(attack)) == Variation::misused_attack_tool);
  CHECK(only(bench.judge(exchanged)) == Variation::misused_exchanged);
  bench.quarantined(FactKind::quarantine_role_child, parent, child, {3});
  CHECK(only(bench.judge(console)) == Variation::misused_console);
  bench.quarantined(FactKind::quarantine_role_child, parent, child, {3}, true);
  CHECK_FALSE(only(bench.judge(console)).has_value());
}

TEST_CASE(
    "judge: after an upgrade what rests on a new kind of fact is judged once it was kept for the activation period") {
  Bench bench;
  const auto kept_for = [&](Day days) {
    const auto writer = bench.alerts.write();
    writer->put(Table::progress, kKeptSinceKey, encode_sequence(kToday - days));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  };
  Candidate link = call();
  link.presigned = true;
  link.tool_kind = ToolKind::unknown;
  Candidate mac = inside_call();
  mac.platform = Platform::macos;
  Candidate child = call(), child_cli = cli_call();
  child.token.chain = child_cli.token.chain = "111122223333/ci > " + child.token.role_identity;
  kept_for(13);
  CHECK_FALSE(only(bench.judge(child)).has_value());
  CHECK_FALSE(only(bench.judge(child_cli)).has_value());
  CHECK_FALSE(only(bench.judge(inside_call("letter:n"))).has_value());
  CHECK_FALSE(only(bench.judge(inside_call("exchanged:GetWebIdentityToken"))).has_value());
  CHECK_FALSE(only(bench.judge(link)).has_value());
  CHECK(only(bench.judge(inside_call("console"))) == Variation::misused_console);
  CHECK(only(bench.judge(mac)) == Variation::misused_platform);  // platforms were kept before
  kept_for(14);
  CHECK(only(bench.judge(inside_call("letter:n"))) == Variation::misused_pasted);
  CHECK(only(bench.judge(link)) == Variation::remote_suspicious);
  CHECK(only(bench.judge(child)) == Variation::remote_suspicious);
  CHECK(only(bench.judge(child_cli)).has_value());
}

TEST_CASE("judge: a tool that had no row before an upgrade is known to whoever used other tools, for the window") {
  Bench bench;
  const auto kept_for = [&](Day days) {
    const auto writer = bench.alerts.write();
    writer->put(Table::progress, kKeptSinceKey, encode_sequence(kToday - days));
    REQUIRE(writer->commit() == CommitOutcome::committed);
  };
  Candidate chalice = cli_call(), rclone = cli_call(), pacu = cli_call();
  chalice.tool = "aws-chalice";
  rclone.tool = "rclone";
  pacu.tool = "pacu";
  pacu.tool_kind = ToolKind::attack;
  bench.seen(FactKind::identity_tool, kIdentity, "other", {0, 10});
  kept_for(5);
  CHECK(only(bench.judge(chalice)) == Variation::cli_unusual);
  bench.seen(FactKind::identity_tool, kIdentity, "other", {10, 11});
  CHECK_FALSE(only(bench.judge(chalice)).has_value());
  CHECK(only(bench.judge(rclone)) == Variation::cli_unusual);  // it had a row
  CHECK_EQ(bench.judge(pacu).judgements.size(), 2);
  kept_for(30);
  CHECK_FALSE(only(bench.judge(chalice)).has_value());
  kept_for(31);
  CHECK(only(bench.judge(chalice)) == Variation::cli_unusual);
}

TEST_CASE("judge: of a console session neither the place nor the tool is judged") {
  Bench bench;
  Candidate c = call();
  c.console_session = true;
  c.evidence = "console";
  c.tool = "pacu";
  c.tool_kind = ToolKind::attack;
  c.platform = Platform::macos;
  const auto answer = bench.judge(c);
  REQUIRE(only(answer) == Variation::misused_console);
  CHECK_EQ(quarantined_pairs(answer.judgements[0], c).size(), 1);
  bench.seen(FactKind::identity_evidence, kIdentity, "console", {3, 4});
  CHECK_FALSE(only(bench.judge(c)).has_value());
}

TEST_CASE(
    "judge: a presigned request is one alert whatever the network, and its links are what is put into quarantine") {
  Bench bench;
  Candidate c = call();
  c.presigned = true;
  c.tool = "unknown";
  c.tool_kind = ToolKind::unknown;
  auto answer = bench.judge(c);
  REQUIRE(only(answer) == Variation::remote_suspicious);
  CHECK_EQ(answer.judgements[0].subjects, std::vector<std::string>{"presigned"});
  CHECK_EQ(quarantined_pairs(answer.judgements[0], c),
           std::vector{AlertPairs::Pair{FactKind::quarantine_identity_presigned, std::string(kIdentity), ""}});
  bench.seen(FactKind::identity_presigned, kIdentity, "", {2, 3});
  answer = bench.judge(c);
  REQUIRE(only(answer) == Variation::remote_base);
  CHECK(quarantined_pairs(answer.judgements[0], c).empty());
  // An alert of them that nobody answered: known to travel, and not known to be ours.
  bench.quarantined(FactKind::quarantine_identity_presigned, kIdentity, "", {3});
  answer = bench.judge(c);
  REQUIRE(only(answer) == Variation::remote_base);
  CHECK_EQ(quarantined_pairs(answer.judgements[0], c).size(), 1);
  bench.quarantined(FactKind::quarantine_identity_presigned, kIdentity, "", {3}, true);
  CHECK_FALSE(only(bench.judge(c)).has_value());
}

TEST_CASE("judge: what weakly proven tokens taught counts for weakly proven tokens only") {
  Bench bench;
  bench.seen(FactKind::role_service, kRole, "lambda", {5});
  Candidate weak = call();
  weak.token.proof = Proof::lambda_user_agent;
  weak.token.must_have_assumed = "lambda";
  REQUIRE(only(bench.judge(weak)) == Variation::remote_suspicious);
  bench.seen(FactKind::weak_identity_network, kIdentity, "AS64511", {2, 3});
  CHECK_FALSE(only(bench.judge(weak)).has_value());
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {2, 3});
  CHECK_FALSE(only(bench.judge(call())).has_value());

  Candidate weak_cli = cli_call();
  weak_cli.token = weak.token;
  bench.seen(FactKind::weak_tool_identity, "aws-cli", "111122223333/other/fn", {2});
  CHECK(only(bench.judge(weak_cli)) == Variation::cli_aws_cli);
  CHECK(only(bench.judge(cli_call())) == Variation::cli_unusual);
  bench.seen(FactKind::weak_identity_tool, kIdentity, "aws-cli", {2, 3});
  CHECK_FALSE(only(bench.judge(weak_cli)).has_value());
  CHECK(only(bench.judge(cli_call())) == Variation::cli_unusual);

  Candidate weak_pasted = inside_call("letter:n");
  weak_pasted.token = weak.token;
  bench.seen(FactKind::weak_identity_evidence, kIdentity, "letter:n", {2});
  bench.seen(FactKind::identity_evidence, kIdentity, "letter:n", {3});
  CHECK_FALSE(only(bench.judge(weak_pasted)).has_value());  // a day of each
  CHECK(only(bench.judge(inside_call("letter:n"))) == Variation::misused_pasted);
}

TEST_CASE("judge: a key that a build's token was given is silent with a tool that three builds use") {
  Bench bench;
  Candidate c = cli_call();
  c.token.service = "codebuild";
  c.token.family = Family::other;
  c.token.identity = c.token.role_identity = "111122223333/deploy";
  c.token.parent_role = "111122223333/ci";
  for (const std::string_view build : {"a", "b"})
    bench.seen(FactKind::tool_identity, "aws-cli", "111122223333/" + std::string(build) + "#codebuild", {3});
  bench.seen(FactKind::tool_identity, "aws-cli", "111122223333/other", {3});  // a descended key's, which is no build
  CHECK(only(bench.judge(c)) == Variation::cli_aws_cli);
  bench.seen(FactKind::tool_identity, "aws-cli", "111122223333/ci#codebuild", {3});
  CHECK_FALSE(only(bench.judge(c)).has_value());
}

}  // namespace
}  // namespace straykey
