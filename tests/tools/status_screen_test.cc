#include "tools/commands/status_screen.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "tools/terminal/color.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

json::object status_of(const std::string& series, const std::string& rest = "\"ready\":true,\"reasons\":[]") {
  return json::parse("{\"version\":\"1\"," + rest + ",\"unjudged\":3,\"series\":[" + series + "]}").as_object();
}

std::string counter(const std::string& name, const std::string& label, int value) {
  return "{\"name\":\"" + name + "\",\"labels\":{" + label + "},\"value\":" + std::to_string(value) + "}";
}

const std::string kIn = counter("straykey_events_received_total", "\"source\":\"forwarder\"", 1'200) + "," +
                        counter("straykey_events_received_total", "\"source\":\"syslog_tcp\"", 34);

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("status: what comes in is told by its source, with its rate") {
  StatusAnswers answers{
      .status = status_of(kIn),
      .earlier = status_of(counter("straykey_events_received_total", "\"source\":\"forwarder\"", 1'000)),
      .seconds_between = 2,
      .webhooks = {},
      .open_alerts = {}};
  const std::string screen = status_screen(answers, "/var/lib/straykey", false);
  CHECK(holds(screen, "straykey 1 on /var/lib/straykey: ready\n"));
  CHECK(holds(screen, "1,234 events since the start, 117.0 a second now: forwarder 1,200, syslog_tcp 34\n"));
  CHECK(holds(screen, "3 calls to be judged"));
  CHECK(holds(screen, "wrong     nothing\n"));
}

TEST_CASE("status: whatever is wrong comes with what to do, the grave first") {
  StatusAnswers answers{
      .status = status_of(kIn + "," + counter("straykey_events_rejected_total", "\"reason\":\"bad_json\"", 7),
                          "\"ready\":false,\"reasons\":[\"damaged: shard-01\"]"),
      .earlier = {},
      .webhooks = {json::parse(R"({"name":"soc","paused":true,"failing":false,"waiting":5})").as_object()},
      .open_alerts =
          json::parse(R"({"alerts":4,"facets":{"severity":[{"value":"low","alerts":3},{"value":"high","alerts":1}]}})")
              .as_object(),
      .warnings = {"known office ends with 2026-12-31"},
      .rejects_kept = 7};
  const auto troubles = troubles_of(answers);
  REQUIRE_EQ(troubles.size(), 4);
  CHECK(troubles[0].grave);
  CHECK(holds(troubles[0].what, "damaged: shard-01"));
  CHECK(holds(troubles[0].remedy, "straykey restore"));
  CHECK(troubles[1].grave);
  CHECK_EQ(troubles[1].remedy, "straykey webhook resume soc");
  CHECK_EQ(troubles[2].what, "7 records were rejected and are kept");
  CHECK_EQ(troubles[2].remedy, "straykey rejects list");
  CHECK_FALSE(troubles[3].grave);
  const std::string screen = status_screen(answers, "d", false);
  CHECK(holds(screen, "not ready"));
  CHECK(holds(screen, "webhook   soc: 5 waiting, paused\n"));
  CHECK(holds(screen, "alerts    4 open: high 1, low 3\n"));
  CHECK_FALSE(holds(screen, "\x1b"));
  CHECK(holds(status_screen(answers, "d", true), "\x1b[31m"));
}

TEST_CASE("status: the process is told where the server tells it, so that a signal reaches this one and no other") {
  StatusAnswers answers{
      .status = status_of(kIn, R"("pid":4711,"ready":true)"), .earlier = {}, .webhooks = {}, .open_alerts = {}};
  CHECK(holds(status_screen(answers, "d", false), "straykey 1 on d, process 4711: ready\n"));
}

TEST_CASE("status: a webhook with something undelivered wants a look before it counts as failing") {
  const auto webhook = [](const std::string& rest) {
    return json::parse(R"({"name":"soc",)" + rest + '}').as_object();
  };
  const auto late = webhook(R"("paused":false,"failing":false,"waiting":1,"oldest_s":334)");
  CHECK_EQ(webhook_state(late), "undelivered for 334 s");
  CHECK_EQ(webhook_state(webhook(R"("waiting":1,"oldest_s":30)")), "well");
  CHECK_EQ(webhook_state(webhook(R"("failing":true,"oldest_s":334)")), "failing");
  CHECK_EQ(webhook_state(webhook(R"("failing":true,"paused":true,"oldest_s":334)")), "paused");
  const StatusAnswers answers{.status = status_of(kIn), .earlier = {}, .webhooks = {late}, .open_alerts = {}};
  const auto troubles = troubles_of(answers);
  REQUIRE_EQ(troubles.size(), 1);
  CHECK_FALSE(troubles[0].grave);
  CHECK_EQ(troubles[0].what, "webhook soc: something is undelivered for 334 s");
  CHECK(holds(troubles[0].remedy, "straykey webhook test soc"));
  CHECK(holds(status_screen(answers, "d", false), "webhook   soc: 1 waiting, undelivered for 334 s\n"));
}

TEST_CASE("status: what is wrong with what comes in stands there with what to do") {
  const std::string health =
      R"("ready":true,"health":[{"kind":"event_lag","subject":"b","sentence":"events of b are late",)"
      R"("advice":"look at its queue"},)"
      R"({"kind":"source_silent","subject":"a","sentence":"a is silent for 3 hours","advice":"look at the sender"}])";
  const auto troubles =
      troubles_of({.status = status_of(kIn, health), .earlier = {}, .webhooks = {}, .open_alerts = {}});
  REQUIRE_EQ(troubles.size(), 2);
  CHECK_EQ(troubles[0], Trouble{true, "a is silent for 3 hours", "look at the sender"});
  CHECK_EQ(troubles[1], Trouble{false, "events of b are late", "look at its queue"});
}

TEST_CASE("status: the last reload's errors and waiting settings are told, and former reloads no more") {
  const auto troubles_after = [](const std::string& reload) {
    return troubles_of({.status = status_of(kIn + "," + counter("straykey_reload_failures_total", "", 2),
                                            "\"ready\":true,\"reload\":" + reload),
                        .earlier = {},
                        .webhooks = {},
                        .open_alerts = {}});
  };
  CHECK(troubles_after(R"({"applied":true,"errors":[],"wait_for_next_start":[]})").empty());
  const auto wrong =
      troubles_after(R"({"applied":false,"errors":["a.toml:9:1: no"],"wait_for_next_start":["data_dir"]})");
  REQUIRE_EQ(wrong.size(), 2);
  CHECK_EQ(wrong[0].what, "the last reload changed nothing: a.toml:9:1: no");
  CHECK(holds(wrong[0].remedy, "straykey check-config"));
  CHECK_EQ(wrong[1].what, "data_dir was changed and waits for the next start");
  CHECK(holds(troubles_after(R"({"applied":true,"errors":["x"]})")[0].what, "left a part as it was: x"));
}

std::string kafka_counter(const std::string& name, int value) {
  return "," + counter("straykey_kafka_" + name, "\"source\":\"trail\"", value);
}

TEST_CASE("status: a source of Kafka tells how far it is, and what is wrong with it") {
  const std::string lag = "," + counter("straykey_kafka_lag_messages", R"("source":"trail","partition":"0")", 1'200) +
                          "," + counter("straykey_kafka_lag_messages", R"("source":"trail","partition":"1")", 34);
  StatusAnswers answers;
  answers.status = status_of(kIn + kafka_counter("partitions", 2) + kafka_counter("held_partitions", 1) +
                             kafka_counter("last_commit_timestamp_seconds", 1'711'000'000) + lag);
  CHECK(holds(status_screen(answers, "d", false),
              "kafka     trail: 2 partitions (1 wait for others), 1,234 messages behind, last commit "
              "2024-03-21T05:46:40Z\n"));
  CHECK(troubles_of(answers).empty());

  answers.status = status_of(kIn + kafka_counter("partitions", 0) + kafka_counter("strangers", 2) +
                             kafka_counter("deleted_unread_messages_total", 30));
  CHECK(holds(status_screen(answers, "d", false), "0 partitions, 0 messages behind, no commit since the start\n"));
  const auto troubles = troubles_of(answers);
  REQUIRE_EQ(troubles.size(), 3);
  CHECK(troubles[0].grave);
  CHECK(holds(troubles[0].what, "deleted before they were read: 30"));
  CHECK(holds(troubles[1].what, "not ours: 2"));
  CHECK(holds(troubles[2].what, "has no partition"));
}

TEST_CASE("status: a node of two says whether it judges, since when, and how far it is behind") {
  const auto with = [](const std::string& standby) {
    StatusAnswers answers;
    answers.status = status_of(kIn, "\"ready\":true,\"reasons\":[],\"standby\":{" + standby + "}");
    return answers;
  };
  const StatusAnswers judge =
      with(R"("judges":true,"since":"2024-03-21T05:46:40Z","judge":"a","behind":0,"differs":[],)"
           R"("waits_for":"")");
  CHECK(holds(status_screen(judge, "d", false), "standby   judges since 2024-03-21T05:46:40Z\n"));
  CHECK(troubles_of(judge).empty());
  const StatusAnswers other = with(R"("judges":false,"since":"2024-03-21T05:46:40Z","judge":"a","behind":7,)"
                                   R"("differs":["tools","network data"],"waits_for":"it has alerts of its own")");
  CHECK(holds(status_screen(other, "d", false), "standby   follows a since 2024-03-21T05:46:40Z, 7 messages behind\n"));
  REQUIRE_EQ(troubles_of(other).size(), 2);
  CHECK(holds(troubles_of(other)[0].what, "it has alerts of its own"));
  CHECK(holds(troubles_of(other)[1].what, "tools, network data"));
  CHECK(holds(status_screen(with(R"("judges":false,"since":null,"judge":"","behind":0)"), "d", false),
              "standby   follows nobody yet, 0 messages behind\n"));
}

std::string s3_counter(const std::string& name, const std::string& outcome, int value) {
  return "," + counter("straykey_s3_" + name,
                       R"("source":"trail")" + (outcome.empty() ? "" : R"(,"outcome":")" + outcome + '"'), value);
}

TEST_CASE("status: an S3 source that reads nothing is wrong, and what it leaves is told by its reason") {
  const auto troubles_with = [](const std::string& series) {
    return troubles_of({.status = status_of(kIn + series), .earlier = {}, .webhooks = {}, .open_alerts = {}});
  };
  const std::string idle = s3_counter("queue_errors_total", "", 0) + s3_counter("messages_total", "deleted", 0) +
                           s3_counter("objects_total", "denied", 0) + s3_counter("waiting_messages", "", 7);
  CHECK(troubles_with(idle).empty());
  const auto dead =
      troubles_with(s3_counter("queue_errors_total", "", 12) + s3_counter("messages_total", "deleted", 0));
  REQUIRE_EQ(dead.size(), 1);
  CHECK(dead[0].grave);
  CHECK_EQ(dead[0].what, "S3 source trail has read nothing: calls to its queue failed 12 times since the start");
  CHECK(holds(dead[0].remedy, "queue_url"));
  const std::string working = s3_counter("messages_total", "deleted", 5);
  const auto troubled = troubles_with(working + s3_counter("queue_errors_total", "", 1));
  REQUIRE_EQ(troubled.size(), 1);
  CHECK_FALSE(troubled[0].grave);
  const auto denied =
      troubles_with(working + s3_counter("objects_total", "denied", 3) + s3_counter("objects_total", "absent", 1) +
                    s3_counter("messages_total", "unreadable", 2));
  REQUIRE_EQ(denied.size(), 2);
  CHECK(denied[0].grave);
  CHECK_EQ(denied[0].what, "S3 source trail: objects were not read: absent 1, denied 3");
  CHECK(holds(denied[0].remedy, "s3:GetObject"));
  CHECK_EQ(denied[1].what, "S3 source trail: messages that are no notification: 2");
  CHECK_FALSE(troubles_with(working + s3_counter("objects_total", "absent", 1))[0].grave);
  const StatusAnswers answers{.status = status_of(kIn + idle), .earlier = {}, .webhooks = {}, .open_alerts = {}};
  CHECK(holds(status_screen(answers, "d", false), "s3        trail: 0 objects stored, 7 messages wait in its queue\n"));
}

TEST_CASE("status: rejects that were dropped are told no more, and those that are not kept are") {
  const std::string rejected = kIn + "," + counter("straykey_events_rejected_total", "\"reason\":\"bad_json\"", 7);
  StatusAnswers answers{.status = status_of(rejected + "," + counter("straykey_rejects_kept_total", "", 7)),
                        .earlier = {},
                        .webhooks = {},
                        .open_alerts = {}};
  CHECK(troubles_of(answers).empty());
  answers.rejects_kept = 1;
  CHECK_EQ(troubles_of(answers)[0].what, "1 record was rejected and is kept");
  answers.rejects_kept = 1'000;
  answers.rejects_more = true;
  CHECK_EQ(troubles_of(answers)[0].what, "more than 1,000 records were rejected and are kept");
  answers.rejects_kept = 0;
  answers.status = status_of(rejected);
  CHECK_EQ(troubles_of(answers)[0].what, "7 records were rejected, and none is kept");
}

TEST_CASE("status: one is one, and the commands of the advice name what this one was told") {
  const StatusAnswers answers{
      .status = status_of(kIn + "," + counter("straykey_syslog_dropped_total", "", 1) + "," +
                              counter("straykey_aws_ranges_failures_total", "", 2),
                          R"("ready":false,"reasons":["damaged: shard-01"],"reload":{"errors":["x"]})"),
      .earlier = {},
      .webhooks = {json::parse(R"({"name":"soc","failing":true})").as_object()},
      .open_alerts = {},
      .rejects_kept = 2,
      .config_option = " --config 'my file'",
      .data_dir_option = " --data-dir d"};
  std::vector<std::string> said;
  for (const Trouble& one : troubles_of(answers)) said.push_back(one.what + " -> " + one.remedy);
  const auto says = [&](const std::string& part) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& one) { return holds(one, part); });
  };
  CHECK(says("1 syslog message was lost -> "));
  CHECK(says("2 fetches of AWS's address ranges failed -> straykey ranges update --config 'my file', or"));
  CHECK(says("`straykey check d`"));
  CHECK(says("`straykey restore FROM --config 'my file' --data-dir d`"));
  CHECK(says("straykey webhook test soc --config 'my file' --data-dir d"));
  CHECK(says("straykey rejects list --config 'my file' --data-dir d"));
  CHECK(says("straykey check-config --config 'my file', mend it"));
}

TEST_CASE("status: a server that nobody sends to is told so, and a text of others is only text") {
  const StatusAnswers answers{.status = status_of(""),
                              .earlier = {},
                              .webhooks = {json::parse("{\"name\":\"a\\u001b[31m\",\"failing\":true}").as_object()},
                              .open_alerts = {}};
  const std::string screen = status_screen(answers, "d", false);
  CHECK(holds(screen, "nothing has come in since the start"));
  CHECK_FALSE(holds(screen, "\x1b"));
}

TEST_CASE("colours: none without a terminal, and none in what is not to have any") {
  CHECK_FALSE(colors_wanted());  // the tests' output is no terminal, or NO_COLOR is set
  CHECK_EQ(colored("x", Color::red, false), "x");
  CHECK_EQ(colored("x", Color::red, true), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace straykey
