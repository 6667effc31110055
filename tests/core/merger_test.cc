#include "core/engine/merger.h"

#include <algorithm>

#include <boost/json.hpp>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/detect/alert_state.h"
#include "core/detect/message.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/operate/alert_answers.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{3, 4};

// The whole engine on one thread, with an account that is active at once.
struct Bench {
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::vector<Delivery> delivered;
  std::unique_ptr<NetworkMap> networks = test_networks();
  std::unique_ptr<InlinePipeline> engine;
  std::deque<std::unique_ptr<Request>> requests;

  Bench() {
    detection.activation_days = 0;
    restart();
  }
  void restart() {
    engine = std::make_unique<InlinePipeline>(
        kKey, 1u, detection, InlinePipeline::Stores{{&partition}, &alerts},
        std::vector<WebhookRoute>{{"siem", Severity::informational, {}, {}}},
        [this](Delivery d) { delivered.push_back(std::move(d)); }, metrics);
  }
  Merger& merger() { return engine->merger(); }
  // `newest_day`: the newest day on which an account had been seen when it came.
  std::vector<CandidateRange> learn(const std::vector<Call>& calls, Day newest_day = 0) {
    requests.push_back(request_of(calls));
    requests.back()->newest_day_before = newest_day;
    REQUIRE(engine->learn(*requests.back(), *networks) == RequestOutcome::committed);
    std::vector<CandidateRange> ranges;
    for (const Request::ShardBatch& batch : requests.back()->batches)
      if (batch.candidates.last != 0) ranges.push_back(batch.candidates);
    return ranges;
  }
  void learn_and_judge(const std::vector<Call>& calls) {
    merger().judge(learn(calls));
    REQUIRE(merger().commit() == CommitOutcome::committed);
  }
  // The alerts on disk with their state, oldest first.
  std::vector<boost::json::value> shown() {
    std::vector<boost::json::value> out;
    const auto reader = alerts.read();
    std::vector<std::string> ids;
    reader->scan(Table::alerts_by_time, {}, {}, [&](std::string_view key, std::string_view) {
      ids.emplace_back(key.substr(8));
      return true;
    });
    for (const std::string& id : ids) {
      const auto alert = decode_message(reader->get(Table::alerts, id).value());
      const auto state = decode_alert_state(reader->get(Table::alert_state, id).value());
      out.push_back(boost::json::parse(alert_with_state(message_document(*alert), state.value())));
    }
    return out;
  }
  std::vector<std::string> variations() {
    std::vector<std::string> out;
    for (const auto& alert : shown()) out.emplace_back(alert.at("variation").as_string());
    return out;
  }
  int occurrences(std::size_t i) { return shown().at(i).at("occurrences").to_number<int>(); }
};

Call from_elsewhere(std::string id, int day = 21) {
  Call call;
  call.id = std::move(id);
  call.at = march(day);
  return call;
}

TEST_CASE(
    "merger: the run clock counts what the process has run, over its restarts, and is on disk within five minutes") {
  Bench bench;
  const auto live = [&](double uptime) {
    bench.merger().advance_clock(uptime);
    REQUIRE(bench.merger().commit() == CommitOutcome::committed);
  };
  live(1'000);
  CHECK_EQ(bench.merger().run_hour(), 0);
  live(1'000 + 3'600 * 50);
  CHECK_EQ(bench.merger().run_hour(), 50);
  bench.restart();
  CHECK_EQ(bench.merger().run_hour(), 50);
  live(7);  // a new process, a new count
  live(7 + 299);
  bench.restart();
  CHECK_EQ(bench.merger().run_hour(), 50);
  live(20);
  live(10);  // such a clock does not run backward; if it did, nothing would be added
  live(10 + 3'600);
  CHECK_EQ(bench.merger().run_hour(), 51);
}

TEST_CASE("merger: a hit becomes one alert, one outbox row and one delivery") {
  Bench bench;
  bench.learn_and_judge({from_elsewhere("1")});
  CHECK_EQ(bench.variations(), std::vector<std::string>{"remote_service_token.suspicious"});
  REQUIRE_EQ(bench.delivered.size(), 1);
  CHECK_EQ(boost::json::parse(bench.delivered[0].body).at("data").at("id"), bench.shown()[0].at("id"));
  CHECK_EQ(bench.merger().judged_up_to(0), 2);
}

TEST_CASE("merger: a commit that failed leaves nothing; tried again it gives the same alert, once") {
  Bench bench;
  const auto ranges = bench.learn({from_elsewhere("1")});
  bench.alerts.fail_next_commit(CommitOutcome::failed);
  bench.merger().judge(ranges);
  CHECK(bench.merger().commit() == CommitOutcome::failed);
  CHECK_FALSE(bench.merger().failure().empty());
  CHECK(bench.shown().empty());
  CHECK(bench.delivered.empty());
  CHECK_EQ(bench.merger().judged_up_to(0), 0);
  bench.merger().judge(ranges);
  CHECK(bench.merger().commit() == CommitOutcome::committed);
  Bench untroubled;
  untroubled.learn_and_judge({from_elsewhere("1")});
  CHECK_EQ(bench.shown(), untroubled.shown());
  CHECK_EQ(bench.delivered.size(), 1);
}

TEST_CASE("merger: a partition that cannot be read fails the commit and nothing is passed over") {
  Bench bench;
  const auto ranges = bench.learn({from_elsewhere("1")});
  bench.partition.break_down("the disk is gone");
  bench.merger().judge(ranges);
  CHECK(bench.merger().commit() == CommitOutcome::failed);
  CHECK_EQ(bench.merger().judged_up_to(0), 0);
  bench.partition.restart();
  bench.merger().judge(ranges);
  CHECK(bench.merger().commit() == CommitOutcome::committed);
  CHECK_EQ(bench.shown().size(), 1);
}

TEST_CASE("merger: requests may finish out of order; progress waits for the gap and nothing is lost at a crash") {
  Bench bench;
  const auto first = bench.learn({from_elsewhere("1")});
  Call other = from_elsewhere("2");
  other.role = "billing";
  const auto second = bench.learn({other});
  bench.merger().judge(second);
  REQUIRE(bench.merger().commit() == CommitOutcome::committed);
  CHECK_EQ(bench.merger().judged_up_to(0), 0);
  bench.restart();  // the second is judged again and taken into its own alert
  REQUIRE(bench.engine->judge_all() == CommitOutcome::committed);
  CHECK_EQ(bench.merger().judged_up_to(0), 3);
  CHECK_EQ(bench.shown().size(), 2);

  Bench gap;
  const auto one = gap.learn({from_elsewhere("1")}), two = gap.learn({other});
  gap.merger().judge(two);
  REQUIRE(gap.merger().commit() == CommitOutcome::committed);
  gap.merger().judge(one);
  REQUIRE(gap.merger().commit() == CommitOutcome::committed);
  CHECK_EQ(gap.merger().judged_up_to(0), 3);
}

TEST_CASE("merger: the same candidates again raise nothing and notify nobody") {
  Bench bench;
  const auto ranges = bench.learn({from_elsewhere("1")});
  for (int i = 0; i < 2; ++i) {
    bench.merger().judge(ranges);
    REQUIRE(bench.merger().commit() == CommitOutcome::committed);
  }
  CHECK_EQ(bench.shown().size(), 1);
  CHECK_EQ(bench.delivered.size(), 1);
}

TEST_CASE("merger: a call that was in time when it arrived is judged, however much has been learned meanwhile") {
  Bench bench;
  const auto waits = bench.learn({from_elsewhere("1", 10)});
  Call much_later = from_elsewhere("2", 10);
  much_later.at = "2024-04-25T12:00:00Z";
  much_later.role = "later";
  const auto later = bench.learn({much_later});
  Call late = from_elsewhere("3", 11);
  late.role = "late";
  const auto too_late = bench.learn({late}, day_of(*parse_time(much_later.at)));
  for (const auto& request : {waits, later, too_late}) {
    bench.merger().judge(request);
    REQUIRE(bench.merger().commit() == CommitOutcome::committed);
  }
  std::set<std::string> identities;
  for (const auto& alert : bench.shown()) identities.emplace(alert.at("identity").as_string());
  CHECK_EQ(identities, std::set<std::string>{"111122223333/orders/orders-fn", "111122223333/later/orders-fn"});
  CHECK_EQ(bench.metrics.counter("straykey_candidates_judged_total", "", {{"result", "too_late"}}).value(), 1);
}

TEST_CASE("merger: hits of the next four days are taken in, the fifth day speaks again") {
  Bench bench;
  for (int day = 10; day <= 14; ++day) bench.learn_and_judge({from_elsewhere(std::to_string(day), day)});
  CHECK_EQ(bench.shown().size(), 1);
  CHECK_EQ(bench.occurrences(0), 5);
  CHECK_EQ(bench.delivered.size(), 1);
  bench.learn_and_judge({from_elsewhere("15", 15)});
  CHECK_EQ(bench.shown().size(), 2);
  CHECK_EQ(bench.delivered.size(), 2);
}

TEST_CASE("merger: strong after weak is a second alert that names the first, weak after strong is taken in") {
  Bench bench;
  Call eve = from_elsewhere("0", 19);  // somebody else's use makes the network known
  eve.role = "eve";
  eve.issuer_type = "";
  eve.ip = "198.51.100.200";
  bench.learn_and_judge({eve});
  eve.id = "00";
  eve.at = march(18);
  bench.learn_and_judge({eve});
  bench.learn_and_judge({from_elsewhere("1", 20)});
  Call with_cli = from_elsewhere("2", 21);
  with_cli.issuer_type = "AWS::EC2::Instance";
  CHECK_EQ(bench.variations(), std::vector<std::string>{"remote_service_token"});
  Call strong = from_elsewhere("3", 21);
  strong.agent = "pacu/1.5";
  bench.learn_and_judge({strong});
  const auto shown = bench.shown();
  std::size_t named = 0;
  for (const auto& alert : shown)
    for (const auto& related : alert.at("related").as_array())
      if (related.at("relation") == "weaker_evidence" && related.at("id") == shown[0].at("id")) ++named;
  CHECK_EQ(named, 1);
  const std::size_t before = shown.size();
  bench.learn_and_judge({from_elsewhere("4", 22)});
  CHECK_EQ(bench.shown().size(), before);
}

TEST_CASE("merger: two alerts of one call name each other") {
  Bench bench;
  Call call = from_elsewhere("1");
  call.agent = std::string(kAwsCli);
  bench.learn_and_judge({call});
  const auto shown = bench.shown();
  REQUIRE_EQ(shown.size(), 2);
  CHECK_EQ(shown[0].at_pointer("/related/0/id"), shown[1].at("id"));
  CHECK_EQ(shown[1].at_pointer("/related/0/id"), shown[0].at("id"));
  CHECK_EQ(shown[0].at_pointer("/related/0/relation"), "same_event");
}

TEST_CASE("merger: three alerts of one call name each other, and are told apart by their analytic") {
  Bench bench;
  Call call = from_elsewhere("e1");
  call.agent = std::string(kAwsCli) + " m/n";
  bench.learn_and_judge({call});
  const auto alerts = bench.shown();
  REQUIRE_EQ(alerts.size(), 3);
  std::set<std::string> ids, variations;
  for (const auto& alert : alerts) {
    ids.emplace(alert.at("id").as_string());
    variations.emplace(alert.at("variation").as_string());
  }
  CHECK_EQ(ids.size(), 3);
  CHECK_EQ(variations, std::set<std::string>{"misused_service_token.pasted", "remote_service_token.suspicious",
                                             "serverless_cli.unusual"});
  for (const auto& alert : alerts) {
    std::set<std::string> named{std::string(alert.at("id").as_string())};
    for (const auto& other : alert.at("related").as_array()) {
      CHECK_EQ(other.at("relation").as_string(), "same_event");
      named.emplace(other.at("id").as_string());
    }
    CHECK_EQ(named, ids);
  }
  bench.learn_and_judge({from_elsewhere("e2", 22)});  // without evidence: the first analytic's alone
  CHECK_EQ(bench.shown().size(), 3);
}

TEST_CASE("merger: repeats reach the alert, and those of a silent combination nothing") {
  Bench bench;
  bench.learn_and_judge({from_elsewhere("1")});
  (void)bench.learn({from_elsewhere("2"), from_elsewhere("3")});
  REQUIRE(bench.engine->flush() == CommitOutcome::committed);
  CHECK_EQ(bench.occurrences(0), 3);
  bench.merger().count({{{77, 77}, 5, 1}});
  REQUIRE(bench.merger().commit() == CommitOutcome::committed);
  CHECK_EQ(bench.occurrences(0), 3);
}

TEST_CASE("merger: an alert shows what its key did") {
  Bench bench;
  Call denied = from_elsewhere("2");
  denied.api = "GetObject";
  bench.learn_and_judge({from_elsewhere("1"), denied});
  const auto alert = bench.shown().at(0);
  CHECK_EQ(alert.at_pointer("/investigation/key_calls/calls").to_number<int>(), 2);
  CHECK_EQ(alert.at_pointer("/investigation/key_calls/apis").as_array().size(), 2);
}

TEST_CASE("merger: acknowledged, the pair is silent from then on, and the alert says who said so") {
  Bench bench;
  bench.learn_and_judge({from_elsewhere("1", 10)});
  const auto id = bench.delivered.at(0).alert_id;
  REQUIRE(bench.engine->carry_out(*acknowledge(kKey, {id, "our office"}, 1'711'000'000)).kind ==
          ChangeOutcome::Kind::done);
  CHECK_EQ(bench.shown()[0].at("status"), "acknowledged");
  CHECK_EQ(bench.shown()[0].at("note"), "our office");
  bench.learn_and_judge({from_elsewhere("2", 20)});
  bench.learn_and_judge({from_elsewhere("3", 31)});
  CHECK_EQ(bench.shown().size(), 1);
}

TEST_CASE("merger: beyond a cap nothing is sent, and when the day is over one summary counts the rest") {
  Bench bench;
  bench.detection.flood_max = 3;
  std::vector<Call> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(from_elsewhere(std::to_string(i)));
    calls.back().role = "role-" + std::to_string(i);
  }
  bench.learn_and_judge(calls);
  CHECK_EQ(bench.shown().size(), 3);
  CHECK_EQ(bench.delivered.size(), 3);
  CHECK_EQ(bench.metrics.counter("straykey_alerts_suppressed_total", "", {{"reason", "cap"}}).value(), 7);
  Call next = from_elsewhere("next", 22);
  next.role = "role-0";
  bench.learn_and_judge({next});
  REQUIRE_EQ(bench.delivered.size(), 4);
  const auto body = boost::json::parse(bench.delivered.back().body);
  CHECK_EQ(body.at("type"), "alerts.summary");
  CHECK_EQ(body.at_pointer("/data/suppressed").to_number<int>(), 7);
  // Hits of that day that come later are suppressed, and the summary is not told again.
  Call late = from_elsewhere("late");
  late.role = "role-late";
  bench.learn_and_judge({late});
  next.id = "after";
  next.at = march(23);
  bench.learn_and_judge({next});
  CHECK_EQ(bench.delivered.size(), 4);
}

TEST_CASE("merger: the order of calls inside a day changes no alert") {
  Bench forward, backward;
  std::vector<Call> calls;
  for (int i = 0; i < 6; ++i) {
    calls.push_back(from_elsewhere(std::to_string(i)));
    calls.back().at = march(21, 3 + i);
    calls.back().ip = "198.51.100." + std::to_string(10 + i);
    if (i % 2 == 0) calls.back().agent = std::string(kAwsCli);
  }
  forward.learn_and_judge(calls);
  backward.learn_and_judge({calls.rbegin(), calls.rend()});
  CHECK_EQ(forward.variations(), backward.variations());
  REQUIRE_EQ(forward.shown().size(), backward.shown().size());
  for (std::size_t i = 0; i < forward.shown().size(); ++i)
    CHECK_EQ(forward.shown()[i].at("id"), backward.shown()[i].at("id"));
}

TEST_CASE("merger: without activation an account is silent and the candidate is passed over") {
  Bench bench;
  bench.detection.activation_days = 14;
  bench.learn_and_judge({from_elsewhere("1")});
  CHECK(bench.shown().empty());
  CHECK_EQ(bench.merger().judged_up_to(0), 2);
  CHECK_EQ(bench.metrics.counter("straykey_candidates_judged_total", "", {{"result", "account_not_active"}}).value(),
           1);
}

}  // namespace
}  // namespace straykey
