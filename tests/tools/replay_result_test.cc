// What a run is judged by: records accounted for, alerts as expected, thresholds kept.
#include "tools/replay/replay_result.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tools/replay/sender.h"

using namespace straykey;

namespace {

const std::string kLabel =
    R"({"variation":"remote_service_token","account":"111122223333","identity":"111122223333/r/f","workload":"f",)"
    R"("network":"AS64496","day":"2026-10-26","key":"ASIAFQTXFRYN6EXAMPLE","story":"s"})";
const std::string kToolLabel = R"({"variation":"serverless_cli","account":"111122223333","identity":"111122223333/r",)"
                               R"("tool":"s5cmd","day":"2026-10-27","key":"ASIAFQTXFRYN6EXAMPLE","story":"s"})";

std::string alert(const std::string& network = "AS64496", const std::string& day = "2026-10-26") {
  return fmt::format(
      R"({{"type":"alert.created","data":{{"analytic":"remote_service_token","variation":"remote_service_token",)"
      R"("account":"111122223333","identity":"111122223333/r/f","network":"{}",)"
      R"("event":{{"eventTime":"{}T01:02:03Z"}}}}}})",
      network, day);
}
const std::string kToolAlert =
    R"({"type":"alert.created","data":{"analytic":"serverless_cli","variation":"serverless_cli",)"
    R"("account":"111122223333",)"
    R"("identity":"111122223333/r","network":"AS64500","user_agent":{"tool":"s5cmd"},)"
    R"("event":{"eventTime":"2026-10-27T00:00:00Z"}}})";

ReplayResult good() {
  ReplayResult result;
  result.tally.requests = 10;
  result.tally.records = 100;
  result.tally.accepted_records = 98;
  result.tally.rejected_records = result.tally.broken_records = 2;
  result.seconds = 2;
  return result;
}

}  // namespace

TEST_CASE("alerts are matched with labels by network or by tool") {
  const std::vector<std::string> expected{*expected_alert(kLabel, 0), *expected_alert(kToolLabel, 0)};
  const AlertComparison same = compare_alerts(expected, {kToolAlert, alert(), R"({"type":"alert.test","data":{}})"});
  CHECK(same.agrees());
  CHECK(same.matched == 2);
  CHECK(same.other_messages == 1);
  const AlertComparison other = compare_alerts(expected, {alert("AS64497"), kToolAlert});
  CHECK(other.missing == std::vector<std::string>{*expected_alert(kLabel, 0)});
  CHECK(other.surplus == std::vector<std::string>{*received_alert(alert("AS64497"))});
  CHECK_FALSE(compare_alerts(expected, {alert(), alert(), kToolAlert}).agrees());
}

TEST_CASE("alerts of other pairs may be left out of the comparison") {
  const std::vector<std::string> expected{*expected_alert(kLabel, 0)};
  const AlertComparison pairs = compare_alerts(expected, {alert(), kToolAlert}, Compared::expected_pairs);
  CHECK(pairs.agrees());
  CHECK(pairs.received == 1);
  CHECK(pairs.of_others == 1);
  // The same pair on another day is not left out.
  CHECK_FALSE(compare_alerts(expected, {alert(), alert("AS64496", "2026-10-30")}, Compared::expected_pairs).agrees());
}

TEST_CASE("labels move in time and fan out as their records do") {
  TemporaryDirectory folder;
  std::ofstream(folder.path() + "/labels.jsonl") << kLabel << "\n" << kToolLabel << "\n";
  const RecordRewriter rewriter({.shift_days = 10, .seed = 2});
  const auto expected = read_expected_alerts(folder.path() + "/labels.jsonl", rewriter, 3);
  REQUIRE(expected.ok());
  CHECK(expected.value().size() == 6);
  CHECK(expected.value()[0] == "remote_service_token 111122223333 111122223333/r/f AS64496 2026-11-05");
  CHECK(expected.value()[1].find("111122223333") == std::string::npos);
  std::ofstream(folder.path() + "/labels.jsonl", std::ios::app) << "{}\n";
  CHECK_FALSE(read_expected_alerts(folder.path() + "/labels.jsonl", rewriter, 1).ok());
}

TEST_CASE("a run in which everything is accounted for agrees") {
  CHECK(good().disagreements().empty());
  CHECK(report_text(good()).ends_with("all agrees\n"));
  CHECK(good().rate() == 50);
}

TEST_CASE("whatever does not agree is said") {
  const std::vector<std::pair<std::string, void (*)(ReplayResult&)>> rows{
      {"accounted for", [](ReplayResult& r) { r.tally.accepted_records = 97; }},
      {"other counts", [](ReplayResult& r) { r.tally.miscounted = 1; }},
      {"refused", [](ReplayResult& r) { r.tally.refused_records = 1; }},
      {"given up", [](ReplayResult& r) { r.tally.given_up_records = 1; }},
      {"only 1 were rejected",
       [](ReplayResult& r) {
         r.tally.rejected_records = 1;
         r.tally.accepted_records = 99;
       }},
      {"good records",
       [](ReplayResult& r) {
         r.simulated_input = true;
         r.tally.rejected_records = 3;
         r.tally.accepted_records = 97;
       }},
      {"wrong token", [](ReplayResult& r) { r.tally.bad_tokens_let_in = 1; }},
      {"interrupted", [](ReplayResult& r) { r.interrupted = true; }},
      {"nothing was read", [](ReplayResult& r) { r.tally = {}; }},
      {"reading ended", [](ReplayResult& r) { r.read_error = std::string("x"); }},
      {"missing alert", [](ReplayResult& r) { r.alerts = AlertComparison{.missing = {"x"}}; }},
      {"not expected", [](ReplayResult& r) { r.alerts = AlertComparison{.surplus = {"x"}}; }},
      {"other bytes", [](ReplayResult& r) { r.inbox = InboxCounts{.changed = 1}; }},
      {"wrong signature", [](ReplayResult& r) { r.inbox = InboxCounts{.wrong_signature = 1}; }},
      {"less than it acknowledged", [](ReplayResult& r) { r.server = ServerCounters{.received = 97}; }},
      {"did not reach",
       [](ReplayResult& r) {
         r.answers = ReplayResult::Answers::nothing;
         r.server = ServerCounters{.received = 99};
       }},
      {"did not reach",
       [](ReplayResult& r) {
         r.answers = ReplayResult::Answers::receipt;
         r.server = ServerCounters{.received = 99};
       }},
      {"more than were sent",
       [](ReplayResult& r) {
         r.answers = ReplayResult::Answers::nothing;
         r.server = ServerCounters{.received = 101};
       }},
      {"generator itself",
       [](ReplayResult& r) {
         r.open_loop = true;
         r.tally.late_by_generator = 2;
       }},
      {"generator was the bottleneck",
       [](ReplayResult& r) {
         r.min_rate = 1;
         r.starved_s = 0.3;
       }},
      {"--max-p99-ms",
       [](ReplayResult& r) {
         r.max_p99_ms = 1;
         r.tally.latency.add(2'000);
       }},
      {"--min-rate", [](ReplayResult& r) { r.min_rate = 51; }},
  };
  for (const auto& [sentence, spoil] : rows) {
    ReplayResult result = good();
    spoil(result);
    const std::vector<std::string> wrong = result.disagreements();
    REQUIRE_MESSAGE(wrong.size() >= 1, sentence);
    bool said = false;
    for (const std::string& one : wrong) said = said || one.find(sentence) != std::string::npos;
    CHECK_MESSAGE(said, sentence);
  }
}

TEST_CASE("one late request in ten is still a valid run") {
  ReplayResult result = good();
  result.open_loop = true;
  result.tally.late_by_generator = 1;
  CHECK(result.valid());
}

TEST_CASE(
    "a server that waits for the generator makes a measurement invalid, and a run without thresholds no failure") {
  ReplayResult result = good();
  result.starved_s = 0.2;
  CHECK(result.valid());
  result.starved_s = 0.21;
  result.answers = ReplayResult::Answers::nothing;
  CHECK(result.valid());
  result.answers = ReplayResult::Answers::counts;
  CHECK_FALSE(result.valid());
  CHECK(result.disagreements().empty());
  CHECK(report_text(result).find("invalid: the generator was the bottleneck") != std::string::npos);
  CHECK(report_json(result).find("\"valid\":false") != std::string::npos);
}

TEST_CASE("the report for machines is JSON, whatever the server said") {
  ReplayResult result = good();
  result.alerts = AlertComparison{.expected = 1, .missing = {"a \"quoted\" \n one"}};
  result.inbox = InboxCounts{};
  result.server = ServerCounters{};
  result.tally.add_problem("\x01\\");
  boost::json::error_code error;
  const auto parsed = boost::json::parse(report_json(result), error);
  REQUIRE_FALSE(error);
  CHECK(parsed.at("agrees").as_bool() == false);
  CHECK(parsed.at("records").as_int64() == 100);
  CHECK(parsed.at("alerts").at("missing").at(0).as_string() == "a \"quoted\" \n one");
}

TEST_CASE("tallies of connections add up, and problems are bounded") {
  SendTally one, two;
  one.records = 3;
  two.records = 4;
  two.statuses["503"] = 2;
  for (int i = 0; i < 50; ++i) two.add_problem(std::to_string(i));
  one.add(two);
  CHECK(one.records == 7);
  CHECK(one.statuses["503"] == 2);
  CHECK(one.problems.size() == SendTally::kSamplesMax);
}

TEST_CASE("the server's counters are summed over their labels") {
  const auto counters = parse_server_counters(
      "# HELP straykey_events_received_total x\nstraykey_events_received_total{source=\"a\"} 5\n"
      "straykey_events_received_total{source=\"b c\"} 6\nstraykey_events_rejected_total{reason=\"x\"} 1\nother_total "
      "9\n");
  REQUIRE(counters.ok());
  CHECK(counters.value().received == 11);
  CHECK(counters.value().rejected == 1);
  CHECK_FALSE(parse_server_counters("other_total 9\n").ok());
}

TEST_CASE("Retry-After is honoured when it is a number of seconds up to an hour") {
  CHECK(retry_after_s("7", 0.5) == 7);
  CHECK(retry_after_s("", 0.5) == 0.5);
  CHECK(retry_after_s("-1", 0.5) == 0.5);
  CHECK(retry_after_s("99999", 0.5) == 0.5);
  CHECK(retry_after_s("Wed, 21 Oct 2026 07:28:00 GMT", 0.5) == 0.5);
}

TEST_CASE("a webhook message again is a repeat if its bytes are the same, else it is changed") {
  WebhookInbox inbox({});
  CHECK(inbox.receive("msg_1", "1", "", alert()) == 200);
  CHECK(inbox.receive("msg_1", "2", "", alert()) == 200);
  CHECK(inbox.receive("msg_1", "3", "", alert("AS64497")) == 200);
  CHECK(inbox.receive("msg_2", "3", "", "not JSON") == 400);
  CHECK(inbox.counts().different == 1);
  CHECK(inbox.counts().repeats == 1);
  CHECK(inbox.counts().changed == 1);
  CHECK(inbox.counts().unreadable == 1);
  CHECK(inbox.bodies() == std::vector<std::string>{alert()});
  CHECK(inbox.receive("msg_3", "4", "", R"({"type":"alert.test","data":{}})") == 200);
  CHECK(inbox.counts().different == 2);
  CHECK(inbox.counts().alerts == 1);
}

TEST_CASE("a message on a line is an alert's four parts, or its type, and cannot fool a terminal") {
  CHECK(alert_line(kToolAlert).find("serverless_cli") != std::string::npos);
  CHECK(alert_line(R"({"type":"account.active","data":{}})").ends_with("account.active"));
  CHECK(alert_line("{\"type\":\"\\u001b[2J\"}").find('\x1b') == std::string::npos);
  CHECK(message_type("not JSON").empty());
}

TEST_CASE("a webhook message with a wrong signature is not kept") {
  WebhookInbox inbox({.secrets = {WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value()}});
  CHECK(inbox.receive("msg_1", "1700000000", "v1,hVsFLpmw4Ib/Xm0eZLt3KqYBZdt0U8gdGeuz0EsGv78=", R"({"a":1})") == 200);
  CHECK(inbox.receive("msg_1", "1700000001", "v1,hVsFLpmw4Ib/Xm0eZLt3KqYBZdt0U8gdGeuz0EsGv78=", R"({"a":1})") == 401);
  CHECK(inbox.counts().wrong_signature == 1);
  CHECK(inbox.counts().different == 1);
}
