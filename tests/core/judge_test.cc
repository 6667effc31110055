#include "core/engine/judge.h"

#include <memory>
#include <string>
#include <vector>

#include "core/engine/memory_store.h"
#include "tests/core/judge_bench.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Bench = JudgeBench;

TEST_CASE("judge: an account is active after 14 days since its first and 7 different days, not one less") {
  for (const auto& [first, days, active] :
       std::vector<std::tuple<int, int, bool>>{{14, 7, true}, {13, 13, false}, {14, 6, false}, {40, 7, true}}) {
    Bench bench;
    std::vector<int> ago{first};
    for (int day = 1; day < days; ++day) ago.push_back(day);
    bench.seen(FactKind::account, kTestAccount, "", ago);
    CAPTURE(first);
    CAPTURE(days);
    CHECK_EQ(bench.judge(call()).judged == Judged::judged, active);
  }
}

TEST_CASE("judge: the day itself does not help an account to become active") {
  Bench bench;
  bench.seen(FactKind::account, kTestAccount, "", {0, 14, 1, 2, 3, 4, 5});
  CHECK(bench.judge(call()).judged == Judged::not_active);
}

TEST_CASE("judge: an account that is known to be active stays so, for its later days") {
  Bench bench;
  bench.seen(FactKind::account, kTestAccount, "", {1});
  CHECK(bench.judge(call(), kToday).judged == Judged::judged);
  CHECK(bench.judge(call(), kToday + 1).judged == Judged::not_active);
  bench.detection.activation_days = 0;
  CHECK(bench.judge(call()).judged == Judged::judged);
}

TEST_CASE("judge: 33 days late is judged, 34 days late is not, whatever has been learned since") {
  Bench bench;
  bench.seen(FactKind::account, kTestAccount, "", {-40, 10});
  bench.newest_day = kToday + 33;
  const Judge::Answer in_time = bench.judge(call(), kToday);
  CHECK(in_time.judged == Judged::judged);
  REQUIRE_FALSE(in_time.judgements.empty());
  bench.newest_day = kToday + 34;
  const Judge::Answer late = bench.judge(call(), kToday);
  CHECK(late.judged == Judged::too_late);
  CHECK(late.judgements.empty());
}

TEST_CASE("judge: a weak proof needs the service to have assumed the role before") {
  Bench bench;
  Candidate c = call();
  c.token.must_have_assumed = "lambda";
  CHECK(bench.judge(c).judged == Judged::not_proven);
  bench.seen(FactKind::role_service, kRole, "lambda", {0});
  CHECK(bench.judge(c).judged == Judged::not_proven);
  bench.seen(FactKind::role_service, kRole, "lambda", {3});
  CHECK(bench.judge(c).judged == Judged::judged);
}

TEST_CASE("judge: two learned days silence, in whichever partitions they lie; one, or the day itself, do not") {
  Bench bench;
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {1, 0});
  CHECK(only(bench.judge(call())).has_value());
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {30}, 1);
  CHECK_FALSE(only(bench.judge(call())).has_value());
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {31}, 1);
  CHECK(only(bench.judge(call())).has_value());
}

TEST_CASE("judge: learned under the prefix is learned, so that arriving ASN data make nothing new") {
  Bench bench;
  bench.seen(FactKind::identity_network, kIdentity, "198.51.100.0/24", {1, 2});
  CHECK_FALSE(only(bench.judge(call())).has_value());
}

TEST_CASE("judge: another identity with two days in the network makes it weak, one day or this role's own do not") {
  Bench bench;
  constexpr std::string_view kEve = "arn:aws:iam::111122223333:user/eve";
  bench.seen(FactKind::network_identity, "AS64511", kRole, {5, 6});
  bench.seen(FactKind::network_identity, "AS64511", kIdentity, {5, 6});
  bench.seen(FactKind::network_identity, "AS64511", kEve, {5, 0});
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
  bench.seen(FactKind::network_identity, "AS64511", kEve, {5, 30});
  CHECK(only(bench.judge(call())) == Variation::remote_base);
}

TEST_CASE("judge: another function of the role counts for a function, and only for one") {
  Bench bench;
  bench.seen(FactKind::network_identity, "AS64511", kRole, {5, 6});
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/orders/refunds-fn", {5, 6});
  const auto answer = bench.judge(call());
  CHECK(only(answer) == Variation::remote_base);
  CHECK_NE(answer.judgements[0].verdict.why[2].find("by 1 other identity"), std::string::npos);
  Candidate instance = call();
  instance.token.family = Family::ec2;
  instance.token.identity = instance.token.role_identity;
  CHECK(only(bench.judge(instance)) == Variation::remote_suspicious);
  bench.quarantined(FactKind::quarantine_identity_network, "111122223333/orders/refunds-fn", "198.51.100.0/24", {3});
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
}

TEST_CASE("judge: functions of another role are counted one by one, and not with a role that is left out") {
  Bench bench;
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/other", {5, 6});
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/other/a", {5, 6});
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/other/b", {5, 6});
  const auto answer = bench.judge(call());
  CHECK(only(answer) == Variation::remote_base);
  CHECK_NE(answer.judgements[0].verdict.why[2].find("by 2 other identities"), std::string::npos);
  bench.quarantined(FactKind::quarantine_network_role, "AS64511", "111122223333/other", {5});
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
}

TEST_CASE("judge: roles that outsiders assume say nothing about our networks") {
  for (const auto& [principal, lends] : std::vector<std::pair<std::string, bool>>{
           {"444455556666:AIDAEXAMPLEVENDOR0001", true},
           {"arn:aws:iam::444455556666:user/scanner", true},
           {"444455556666/hub", true},
           {"federation arn:aws:iam::111122223333:oidc-provider/token.actions.example.com", true},
           {"arn:aws:iam::111122223333:user/eve", false},
           {"111122223333/hub", false},
           {"lambda.amazonaws.com", false}}) {
    CAPTURE(principal);
    Bench bench;
    bench.seen(FactKind::network_identity, "AS64511", "111122223333/other", {5, 6});
    bench.seen(FactKind::role_principal, "111122223333/other", principal, {30});
    CHECK((only(bench.judge(call())) == Variation::remote_suspicious) == lends);
    bench.detection.accounts = {"444455556666"};  // declared: ours
    CHECK((only(bench.judge(call())) == Variation::remote_suspicious) ==
          (lends && principal.starts_with("federation")));
    bench.detection.accounts = {};
    bench.seen(FactKind::role_principal, "111122223333/other", principal, {31});
    CHECK(only(bench.judge(call())) == Variation::remote_base);
  }
}

TEST_CASE("judge: what only quarantined users taught counts for nobody") {
  Bench bench;
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/other", {5, 6});
  CHECK(only(bench.judge(call())) == Variation::remote_base);
  bench.quarantined(FactKind::quarantine_network_role, "AS64511", "111122223333/other", {5});
  CHECK(only(bench.judge(call())) == Variation::remote_suspicious);
  bench.quarantined(FactKind::quarantine_network_role, "AS64511", "111122223333/other", {5}, true);
  CHECK(only(bench.judge(call())) == Variation::remote_base);
}

TEST_CASE("judge: a quarantined pair speaks although it has learned days, until it is acknowledged or 30 days old") {
  Bench bench;
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {1, 2, 3, 4});
  bench.quarantined(FactKind::quarantine_identity_network, kIdentity, "AS64511", {30});
  CHECK(only(bench.judge(call())).has_value());
  bench.quarantined(FactKind::quarantine_identity_network, kIdentity, "AS64511", {31});
  CHECK_FALSE(only(bench.judge(call())).has_value());
  bench.quarantined(FactKind::quarantine_identity_network, kIdentity, "AS64511", {1}, true);
  CHECK_FALSE(only(bench.judge(call())).has_value());
}

TEST_CASE("judge: an endpoint of an account seen earlier is no foreign one; of one never seen it is") {
  Bench bench;
  Candidate c = call();
  c.address_class = SourceClass::private_range;
  c.address = "10.0.0.7";
  c.network = c.prefix_network = "";
  c.endpoint_owner = "444455556666";
  const auto answer = bench.judge(c);
  CHECK(only(answer) == Variation::remote_suspicious);
  CHECK_EQ(answer.judgements[0].network, "vpce:444455556666");
  CHECK(answer.judgements[0].source_class == SourceClass::foreign_endpoint);
  bench.seen(FactKind::account, "444455556666", "", {0});
  CHECK(only(bench.judge(c)).has_value());
  bench.seen(FactKind::account, "444455556666", "", {1});
  CHECK_FALSE(only(bench.judge(c)).has_value());
}

TEST_CASE("judge: an endpoint's owner is learned from three workloads of three roles on two days each, nobody else") {
  Bench bench;
  Candidate c = call();
  c.endpoint_owner = "444455556666";
  const auto foreign = [&] {
    const auto answer = bench.judge(c);
    return !answer.judgements.empty() && answer.judgements[0].source_class == SourceClass::foreign_endpoint;
  };
  const std::string network = c.endpoint_network();
  bench.seen(FactKind::network_identity, network, "111122223333/a", {1, 2});
  bench.seen(FactKind::network_identity, network, "111122223333/b", {1, 2});
  bench.seen(FactKind::network_identity, network, "arn:aws:iam::111122223333:user/eve", {1, 2});
  bench.seen(FactKind::network_identity, network, "111122223333/c", {1, 0});
  CHECK(foreign());
  bench.seen(FactKind::network_identity, network, "111122223333/c", {1, 2});
  CHECK_FALSE(foreign());
  bench.quarantined(FactKind::quarantine_network_role, network, "111122223333/c", {2});
  CHECK(foreign());
  bench.seen(FactKind::network_identity, network, "111122223333/c", {2});
  bench.quarantined(FactKind::quarantine_network_role, network, "111122223333/c", {2}, true);
  CHECK_FALSE(foreign());  // an acknowledged pair counts, whatever its days
}

TEST_CASE("judge: an impossible platform is one until the identity has learned it, or somebody acknowledged it") {
  Bench bench;
  Candidate c = cli_call();
  c.platform = Platform::macos;
  bench.seen(FactKind::identity_tool, kIdentity, "aws-cli", {1, 2});
  const auto answer = bench.judge(c);
  CHECK(only(answer) == Variation::cli_unusual);
  CHECK_EQ(answer.judgements[0].quarantined_runtimes, std::vector<std::string>{"macos"});
  bench.seen(FactKind::identity_runtime, kIdentity, "macos ", {3});
  bench.seen(FactKind::identity_runtime, kIdentity, "macos CloudShell", {4}, 1);
  CHECK_FALSE(only(bench.judge(c)).has_value());
  bench.quarantined(FactKind::quarantine_identity_runtime, kIdentity, "macos", {3});
  CHECK(only(bench.judge(c)) == Variation::cli_unusual);
  bench.quarantined(FactKind::quarantine_identity_runtime, kIdentity, "macos", {3}, true);
  CHECK_FALSE(only(bench.judge(c)).has_value());
}

TEST_CASE("judge: in a learned network an attack tool and Kali are strong, another new tool or platform is weak") {
  Bench bench;
  bench.seen(FactKind::identity_network, kIdentity, "AS64511", {1, 2});
  const auto remote = [&](ToolKind kind, Platform platform) -> std::optional<Variation> {
    Candidate c = call();
    c.token.serverless = false;
    c.tool = "tool";
    c.tool_kind = kind;
    c.platform = platform;
    const auto answer = bench.judge(c);
    for (const Judgement& judgement : answer.judgements) CHECK(judgement.quarantined_networks.empty());
    REQUIRE_EQ(answer.judged, Judged::judged);
    if (answer.judgements.empty()) return std::nullopt;
    return answer.judgements[0].verdict.variation;  // the third analytic may speak of the platform, too
  };
  CHECK_FALSE(remote(ToolKind::sdk, Platform::linux_os).has_value());
  CHECK(remote(ToolKind::sdk, Platform::macos) == Variation::remote_base);
  CHECK(remote(ToolKind::sdk, Platform::kali) == Variation::remote_suspicious);
  CHECK(remote(ToolKind::cli, Platform::linux_os) == Variation::remote_base);
  CHECK(remote(ToolKind::attack, Platform::linux_os) == Variation::remote_suspicious);
  bench.seen(FactKind::identity_tool, kIdentity, "tool", {1, 2});
  CHECK_FALSE(remote(ToolKind::attack, Platform::linux_os).has_value());
}

TEST_CASE("judge: a serverless CLI is unusual, then aws-cli, then silent") {
  Bench bench;
  CHECK(only(bench.judge(cli_call())) == Variation::cli_unusual);
  bench.seen(FactKind::tool_identity, "aws-cli", "111122223333/other/fn", {5});
  CHECK(only(bench.judge(cli_call())) == Variation::cli_aws_cli);
  bench.quarantined(FactKind::quarantine_identity_tool, "111122223333/other/fn", "aws-cli", {5});
  CHECK(only(bench.judge(cli_call())) == Variation::cli_unusual);
  bench.seen(FactKind::identity_tool, kIdentity, "aws-cli", {1, 2});
  CHECK_FALSE(only(bench.judge(cli_call())).has_value());
  bench.quarantined(FactKind::quarantine_identity_tool, kIdentity, "aws-cli", {2});
  CHECK(only(bench.judge(cli_call())).has_value());
  bench.quarantined(FactKind::quarantine_identity_tool, kIdentity, "aws-cli", {2}, true);
  CHECK_FALSE(only(bench.judge(cli_call())).has_value());
}

TEST_CASE("judge: ECS tasks on own instances are not serverless") {
  Bench bench;
  Candidate c = cli_call();
  c.token.family = Family::ecs;
  c.token.service = "ecs";
  CHECK(only(bench.judge(c)) == Variation::cli_unusual);
  bench.seen(FactKind::identity_runtime, kIdentity, "linux AWS_ECS_EC2", {4, 0});
  CHECK(only(bench.judge(c)) == Variation::cli_unusual);  // one day, which a thief could claim
  bench.seen(FactKind::identity_runtime, kIdentity, "linux AWS_ECS_EC2", {4, 5});
  CHECK_FALSE(only(bench.judge(c)).has_value());
  c.exec_env = "AWS_ECS_FARGATE";
  CHECK(only(bench.judge(c)) == Variation::cli_unusual);
  c.exec_env.clear();
  bench.seen(FactKind::identity_runtime, kIdentity, "linux AWS_ECS_MANAGED_INSTANCES", {9});
  CHECK(only(bench.judge(c)) == Variation::cli_unusual);
}

TEST_CASE("judge: a task on own instances is no serverless identity for others, either") {
  Bench bench;
  bench.seen(FactKind::tool_identity, "aws-cli", "111122223333/box", {5});
  CHECK(only(bench.judge(cli_call())) == Variation::cli_aws_cli);
  bench.seen(FactKind::identity_runtime, "111122223333/box", "linux AWS_ECS_EC2", {4, 5});
  CHECK(only(bench.judge(cli_call())) == Variation::cli_unusual);
}

TEST_CASE("judge: both analytics may speak of one call") {
  Bench bench;
  Candidate c = call();
  c.tool = "aws-cli";
  c.tool_kind = ToolKind::cli;
  const auto answer = bench.judge(c);
  REQUIRE_EQ(answer.judgements.size(), 2);
  CHECK(answer.judgements[0].quarantines_tool);
  CHECK_EQ(answer.judgements[0].subjects, std::vector<std::string>{"AS64511", "198.51.100.0/24"});
  CHECK_EQ(answer.judgements[1].subjects, std::vector<std::string>{"aws-cli"});
}

TEST_CASE("judge: a partition that cannot be read gives no verdict") {
  Bench bench;
  bench.partitions[1]->break_down("the disk is gone");
  CHECK(bench.judge(call(), kToday).judged == Judged::unreadable);
}

// Passes everything on, and counts the rows that it shows.
class CountingReader : public StoreReader {
 public:
  CountingReader(std::unique_ptr<StoreReader> inner, std::size_t& rows) : inner_(std::move(inner)), rows_(rows) {}
  std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
    ++rows_;
    return inner_->get_aged(table, key);
  }
  void scan(Table table, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    inner_->scan(table, prefix, from, [&](std::string_view key, std::string_view value) {
      ++rows_;
      return visit(key, value);
    });
  }
  void scan_aged(Table table, std::string_view prefix, std::string_view from,
                 const std::function<bool(std::string_view, std::string_view, RunHour)>& visit) override {
    inner_->scan_aged(table, prefix, from, [&](std::string_view key, std::string_view value, RunHour put_at) {
      ++rows_;
      return visit(key, value, put_at);
    });
  }
  std::uint64_t rows(Table table) override { return inner_->rows(table); }
  std::string_view failure() const override { return inner_->failure(); }

 private:
  std::unique_ptr<StoreReader> inner_;
  std::size_t& rows_;
};

TEST_CASE("judge: identities that are all new in one network on one day cost rows as their number, not as its square") {
  for (const bool at_endpoint : {false, true}) {
    const auto rows_read = [&](int identities) {
      Bench bench;
      Candidate one = call();
      one.tool_kind = ToolKind::cli;
      one.tool = "aws-cli";
      one.endpoint_owner = at_endpoint ? "999988887777" : "";
      const std::string network = at_endpoint ? one.endpoint_network() : one.network;
      for (int i = 0; i < identities; ++i) {
        const std::string user = "111122223333/role-" + std::to_string(i);
        bench.seen(FactKind::network_identity, network, user, {0}, static_cast<std::size_t>(i % 2));
        bench.seen(FactKind::tool_identity, one.tool, user, {0});
      }
      std::size_t rows = 0;
      std::vector<std::unique_ptr<StoreReader>> readers;
      for (const auto& partition : bench.partitions)
        readers.push_back(std::make_unique<CountingReader>(partition->read(), rows));
      const auto alerts = bench.alerts.read();
      const BaselineView view(kKey, readers, *alerts);
      for (int i = 0; i < identities; ++i) {
        one.token.role_identity = one.token.identity = "111122223333/role-" + std::to_string(i);
        CHECK_FALSE(Judge(kKey, bench.detection).judge(one, view, {kToday - 20}).judgements.empty());
      }
      return rows;
    };
    const std::size_t few = rows_read(50), many = rows_read(500);
    CAPTURE(at_endpoint);
    CHECK_GT(many, 5 * few);
    CHECK_LT(many, 11 * few);
  }
}

TEST_CASE(
    "judge: what was answered of a day is asked anew when quarantine of an earlier day, or an acknowledgement, changes "
    "it") {
  Bench bench;
  bench.seen(FactKind::network_identity, "AS64511", "111122223333/else", {1, 2});
  std::vector<std::unique_ptr<StoreReader>> readers;
  for (const auto& partition : bench.partitions) readers.push_back(partition->read());
  const auto tier = [&](const BaselineView& view) {
    const Judge::Answer answer = Judge(kKey, bench.detection).judge(call(), view, {kToday - 20});
    REQUIRE_EQ(answer.judgements.size(), 1);
    return answer.judgements[0].verdict.entry().tier;
  };
  const auto writer = bench.alerts.write();
  const BaselineView view(kKey, readers, *writer);
  CHECK(tier(view) == Tier::weak);  // somebody else used the network
  const FactRef pair{FactKind::quarantine_network_role, "AS64511", "111122223333/else"};
  Fact fact;
  fact.seen(kToday - 1);
  writer->put(Table::quarantine, fact_key(kKey, pair), encode_fact(fact, pair));
  view.note_quarantined(kToday);  // of the day itself: changes nothing that was answered
  CHECK(tier(view) == Tier::weak);
  view.note_quarantined(kToday - 1);
  CHECK(tier(view) == Tier::strong);
  fact.acknowledged = true;
  writer->put(Table::quarantine, fact_key(kKey, pair), encode_fact(fact, pair));
  view.forget_answers();
  CHECK(tier(view) == Tier::weak);
}

}  // namespace
}  // namespace straykey
