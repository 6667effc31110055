#include "core/engine/activity.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace straykey {
namespace {

Event event_of(std::string_view api, Seconds time, std::string_view error = {}) {
  Event event;
  event.time = time;
  event.event_name = api;
  event.event_source = "s3.amazonaws.com";
  event.source_ip = "198.51.100.7";
  event.user_agent_text = "Boto3/1.34.0";
  event.error_code = error;
  return event;
}

TEST_CASE("activity: calls are counted by API, with errors and times in any order") {
  Activity activity;
  activity.count(event_of("ListBuckets", 200));
  activity.count(event_of("ListBuckets", 100, "AccessDenied"));
  activity.count(event_of("GetObject", 150));
  CHECK_EQ(activity.calls, 3);
  CHECK_EQ(activity.errors, 1);
  CHECK_EQ(activity.first, 100);
  CHECK_EQ(activity.last, 200);
  REQUIRE_EQ(activity.apis.size(), 2);
  CHECK_EQ(activity.apis[0].count, 2);
  CHECK_EQ(activity.apis[0].errors, 1);
  CHECK_EQ(activity.apis[0].first, 100);
  CHECK_EQ(activity.apis[0].last, 200);
  CHECK_EQ(activity.sources[0].count, 3);
  CHECK_EQ(activity.agents[0].text, "Boto3/1.34.0");
}

TEST_CASE("activity: a counter that looks at like calls once counts as one that looks at each") {
  std::mt19937 random(3);
  Activity plain;
  ActivityCounter counter;
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t like = random() % 2'000;  // more kinds of calls than it remembers, more APIs than are listed
    const std::string api = "Api" + std::to_string(like % 90), address = "192.0.2." + std::to_string(like % 23),
                      agent = "agent" + std::to_string(like % 11) + "/1." + std::to_string(like % 3);
    Event event = event_of(api, 1'000 + random() % 100, random() % 4 == 0 ? "AccessDenied" : "");
    event.source_ip = address;
    event.user_agent_text = agent;
    plain.count(event);
    counter.count(like, event.time, !event.error_code.empty(), event);
  }
  CHECK_EQ(encode_activity(counter.release()), encode_activity(plain));
  CHECK(counter.empty());
  counter.count(1, 7, false, event_of("ListBuckets", 7));
  CHECK_FALSE(counter.empty());
  CHECK_EQ(counter.release().apis.size(), 1);
}

TEST_CASE("activity: the same name of another service is another API") {
  Activity activity;
  Event event = event_of("ListTags", 1);
  activity.count(event);
  event.event_source = "sqs.amazonaws.com";
  activity.count(event);
  CHECK_EQ(activity.apis.size(), 2);
}

TEST_CASE("activity: an API name longer than the bound is still one API") {
  Activity activity;
  const std::string name(1'000, 'x');
  activity.count(event_of(name, 1));
  activity.count(event_of(name, 2));
  REQUIRE_EQ(activity.apis.size(), 1);
  CHECK_EQ(activity.apis[0].count, 2);
}

TEST_CASE("activity: what does not fit is counted as other, and every list stays bounded") {
  Activity activity;
  for (std::size_t i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i);
    Event event = event_of(text, 1);
    event.source_ip = event.user_agent_text = text;
    activity.count(event);
  }
  CHECK_EQ(activity.apis.size(), Activity::kApisMax);
  CHECK_EQ(activity.other_api_calls, 100 - Activity::kApisMax);
  CHECK_EQ(activity.sources.size(), Activity::kSourcesMax);
  CHECK_EQ(activity.agents.size(), Activity::kAgentsMax);
  CHECK_EQ(activity.calls, 100);
}

// Eight versions and commands of one tool filled the list, and the ninth entry, a thief's own tool, was not shown.
TEST_CASE("activity: user agents are listed once for each tool and platform, whatever their versions and commands") {
  Activity activity;
  Event event = event_of("ListBuckets", 1);
  const auto count = [&](Activity& to, const std::string& agent) {
    event.user_agent_text = agent;
    event.user_agent = classify_user_agent(agent);
    to.count(event);
  };
  for (int i = 0; i < 20; ++i) {
    const std::string version = std::to_string(i);
    count(activity, "aws-cli/2.15." + version + " Python/3.11.6 Linux/5.10.0 exe/x86_64 prompt/off command/s3.ls");
    count(activity, "aws-cli/2.15." + version + " Python/3.11.6 Darwin/23.1.0 exe/arm64 prompt/off command/s3.cp");
    count(activity, "Boto3/1.34." + version + " Python/3.12.1 Linux/6.1.0 Botocore/1.34." + version);
    count(activity, "made-here/" + version);
    count(activity, "made-there/" + version);
  }
  REQUIRE_EQ(activity.agents.size(), 5);
  CHECK_EQ(activity.agents[0].text, "aws-cli/2.15.0 Python/3.11.6 Linux/5.10.0 exe/x86_64 prompt/off command/s3.ls");
  for (const Activity::Counted& agent : activity.agents) CHECK_EQ(agent.count, 20);

  Activity later;
  count(later, "aws-cli/2.22.0 Python/3.12.0 Linux/6.1.0 exe/x86_64 prompt/off command/iam.list-users");
  count(later, "made-elsewhere/1");
  const auto stored = decode_activity(encode_activity(activity));
  REQUIRE(stored);
  Activity merged = *stored;
  merged.merge(later);
  REQUIRE_EQ(merged.agents.size(), 6);
  CHECK_EQ(merged.agents[0].count, 21);
  CHECK_EQ(merged.agents[5].text, "made-elsewhere/1");
}

TEST_CASE("activity: an agent longer than a row keeps is told by what the row keeps, before and after it was stored") {
  const std::string agent = "Boto3/1.34.0 " + std::string(300, 'x') + " Darwin/23.1.0";
  Event event = event_of("ListBuckets", 1);
  event.user_agent_text = agent;
  event.user_agent = classify_user_agent(agent);
  REQUIRE(event.user_agent.platform == Platform::macos);
  Activity activity;
  activity.count(event);
  auto stored = decode_activity(encode_activity(activity));
  REQUIRE(stored);
  event.user_agent_text = "Boto3/1.35.0";
  event.user_agent = classify_user_agent(event.user_agent_text);
  activity.count(event);
  stored->count(event);
  CHECK_EQ(activity.agents.size(), 1);
  CHECK_EQ(stored->agents.size(), 1);
}

TEST_CASE("activity: a text that is cut stays UTF-8") {
  Activity activity;
  Event event = event_of("ListBuckets", 1);
  const std::string text = std::string(255, 'a') + "ä";
  event.user_agent_text = text;
  activity.count(event);
  CHECK_EQ(activity.agents[0].text, std::string(255, 'a'));
}

TEST_CASE("activity: it reads back, and cut or changed bytes are refused or bounded") {
  Activity activity;
  for (int i = 0; i < 5; ++i) activity.count(event_of(std::to_string(i % 3), i, i % 2 == 0 ? "AccessDenied" : ""));
  const std::string bytes = encode_activity(activity);
  const auto decoded = decode_activity(bytes);
  REQUIRE(decoded);
  CHECK_EQ(encode_activity(*decoded), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_activity(bytes.substr(0, size)).has_value());
  std::mt19937 random(37);
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    if (const auto read = decode_activity(changed)) REQUIRE_LE(read->apis.size(), Activity::kApisMax);
  }
}

}  // namespace
}  // namespace straykey
