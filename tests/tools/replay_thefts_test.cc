// Thefts put into a trail: which tokens can be taken, what the thief's calls look like, which alerts are promised.
#include "tools/replay/theft_plan.h"

#include <fmt/format.h>

#include <set>

#include "tools/replay/record_reader.h"

#include <doctest/doctest.h>  // last: its CHECK is the one that counts

using namespace straykey;

namespace {

const Day kFirstDay = *parse_day("2026-10-01");
constexpr std::string_view kSdk = "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#5.10 md/arch#x86_64";
constexpr std::string_view kCli = "aws-cli/2.30.1 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/command#s3.ls";

// A call by function `function` on a day of the trail.
std::string lambda_call(const std::string& function, Day day, std::string_view agent = kSdk) {
  return fmt::format(R"({{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:{0}",)"
                     R"("arn":"arn:aws:sts::111122223333:assumed-role/{0}-role/{0}","accountId":"111122223333",)"
                     R"("accessKeyId":"ASIA{1:06}EXAMPLE","sessionContext":{{"sessionIssuer":{{"type":"Role",)"
                     R"("arn":"arn:aws:iam::111122223333:role/{0}-role"}}}},)"
                     R"("inScopeOf":{{"issuerType":"AWS::Lambda::Function",)"
                     R"("credentialsIssuedTo":"arn:aws:lambda:us-east-1:111122223333:function:{0}"}}}},)"
                     R"("eventTime":"{2}T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject",)"
                     R"("awsRegion":"us-east-1","sourceIPAddress":"198.18.0.9","userAgent":"{3}","eventID":"{0}-{1}",)"
                     R"("recipientAccountId":"111122223333"}})",
                     function, day, format_day(day), agent);
}

std::string person_call(Day day) {
  return fmt::format(
      R"({{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice",)"
      R"("accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"alice"}},"eventTime":"{0}T11:00:00Z",)"
      R"("eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"us-east-1",)"
      R"("sourceIPAddress":"203.0.113.7","userAgent":"{2}","eventID":"alice-{1}",)"
      R"("recipientAccountId":"111122223333"}})",
      format_day(day), day, kCli);
}

NetworkMap networks(Day ranges_of = kFirstDay) {
  NetworkInputs inputs;
  inputs.aws_ranges = {*parse_prefix("198.18.0.0/16")};
  inputs.aws_ranges_created = ranges_of * kSecondsPerDay;
  return NetworkMap(std::move(inputs));
}

struct Trail {
  std::vector<std::string> records;
  Trail& days(const std::string& function, unsigned first, unsigned last, std::string_view agent = kSdk) {
    for (unsigned day = first; day <= last; ++day) records.push_back(lambda_call(function, kFirstDay + day, agent));
    return *this;
  }
  Trail& person(unsigned first, unsigned last) {
    for (unsigned day = first; day <= last; ++day) records.push_back(person_call(kFirstDay + day));
    return *this;
  }
  Result<std::vector<Theft>> steal(TheftSettings settings, const NetworkMap& map = networks()) const {
    const DetectionSettings detection;
    TokenSurvey survey(detection, map, settings.seed);
    for (const std::string& record : records) survey.add(record);
    return plan_thefts(survey, settings);
  }
};

std::set<std::string> variations(const std::vector<Theft>& thefts) {
  std::set<std::string> out;
  for (const Theft& theft : thefts)
    for (const TheftLabel& label : theft.labels) out.insert(label.variation);
  return out;
}

}  // namespace

TEST_CASE("a token is stolen 14 days after its identity was first seen, not a day before") {
  const auto none = Trail().days("orders", 0, 13).steal({.count = 1});
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().message.find("1 are not known for 14 days") != std::string::npos);
  // Its account is active; the function is not old enough.
  CHECK_FALSE(Trail().person(0, 30).days("orders", 10, 23).steal({.count = 1}).ok());

  const auto thefts = Trail().days("orders", 0, 14).steal({.count = 1});
  REQUIRE(thefts.ok());
  CHECK(thefts.value()[0].behind == 14);
  CHECK_FALSE(Trail().days("orders", 0, 14).steal({.count = 2}).ok());
}

TEST_CASE("the thief calls with the key that was in use, soon after it, on the same day") {
  const Trail trail = Trail().days("orders", 0, 30).days("billing", 0, 30);
  const auto thefts = trail.steal({.count = 2});
  REQUIRE(thefts.ok());
  std::set<std::string> identities;
  for (const Theft& theft : thefts.value()) {
    const std::string& own = trail.records[theft.behind];
    const std::string key = own.substr(own.find("ASIA"), 17);
    REQUIRE_FALSE(theft.records.empty());
    for (const std::string& record : theft.records) {
      CHECK(record.find(key) != std::string::npos);
      CHECK(day_of(*event_time_in(record)) == day_of(*event_time_in(own)));
      CHECK(*event_time_in(record) >= *event_time_in(own));
    }
    for (const TheftLabel& label : theft.labels) identities.insert(label.identity);
  }
  CHECK(identities == std::set<std::string>{"111122223333/orders-role/orders", "111122223333/billing-role/billing"});
}

TEST_CASE("every way to steal a serverless token is taken, and its alerts are those of the decision tables") {
  Trail trail = Trail().person(0, 40).days("builder", 0, 40, kCli);
  for (const char* function : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}) trail.days(function, 0, 40);
  const auto thefts = trail.steal({.count = 10}, networks(kFirstDay + 20));
  REQUIRE(thefts.ok());
  std::set<std::string_view> ways;
  for (const Theft& theft : thefts.value()) {
    ways.insert(theft.way);
    const TheftLabel& first = theft.labels.at(0);
    CHECK(theft.labels.size() == (theft.way == "kali-outside" || theft.way == "attack-tool" ? 2 : 1));
    if (theft.way == "outside" || theft.way == "kali-outside") {
      CHECK(first.variation == "remote_service_token.suspicious");
      CHECK(first.network.starts_with("3fff:"));
    }
    if (theft.way == "foreign-endpoint") CHECK(first.network.starts_with("vpce:"));
    if (theft.way == "known-network") {
      CHECK(first.variation == "remote_service_token");
      CHECK(first.network == "203.0.113.0/24");
    }
    if (theft.way == "kali-inside") CHECK(first.variation == "serverless_cli.unusual");
    if (theft.way == "usual-tool") CHECK(first.variation == "serverless_cli.aws_cli");
    if (theft.way == "attack-tool") {
      CHECK(first.variation == "serverless_cli.unusual");
      CHECK(theft.labels.at(1).variation == "misused_service_token.attack_tool");
    }
    for (const std::string_view way : {"pasted", "exchanged", "console"})
      if (theft.way == way) CHECK(first.variation == "misused_service_token." + std::string(way));
    if (theft.way == "console" || theft.way == "exchanged") CHECK(theft.records.size() == 1);
  }
  CHECK(ways.size() == 10);
}

TEST_CASE("what an identity does by itself rules out the thefts that it could blur") {
  // Each uses a command line, which finds its token in a file: places that nobody knows remain, and what no tool does.
  const std::string agent = std::string(kCli) + " m/n,E";
  const auto thefts = Trail()
                          .days("a", 0, 40, agent)
                          .days("b", 0, 40, agent)
                          .days("c", 0, 40, agent)
                          .days("d", 0, 40, agent)
                          .steal({.count = 4});
  REQUIRE(thefts.ok());
  std::set<std::string_view> ways;
  for (const Theft& theft : thefts.value()) ways.insert(theft.way);
  CHECK(ways == std::set<std::string_view>{"outside", "foreign-endpoint", "exchanged", "console"});
}

TEST_CASE("ranges that are too old for the day of sending keep the promised verdict at the weak tier") {
  Trail trail;
  for (const char* function : {"a", "b"}) trail.days(function, 0, 20, kCli);
  const auto fresh = trail.steal({.count = 2});
  REQUIRE(fresh.ok());
  CHECK(variations(fresh.value()) == std::set<std::string>{"remote_service_token.suspicious"});
  // 20 days behind the ranges at most, moved by 40 more. A foreign endpoint stays what it is.
  const auto moved = trail.steal({.count = 2, .shift_days = 40});
  REQUIRE(moved.ok());
  for (const Theft& theft : moved.value()) {
    CHECK(theft.labels.at(0).variation ==
          (theft.way == "outside" ? "remote_service_token" : "remote_service_token.suspicious"));
    CHECK(theft.labels.at(0).day == day_of(theft.time) + 40);
  }
}

TEST_CASE("a seed gives the same thefts, another seed others") {
  Trail trail;
  for (const char* function : {"a", "b", "c", "d"}) trail.days(function, 0, 40);
  const auto records = [&](std::uint64_t seed) {
    const auto thefts = trail.steal({.count = 4, .seed = seed});
    REQUIRE(thefts.ok());
    std::vector<std::string> out;
    for (const Theft& theft : thefts.value()) out.insert(out.end(), theft.records.begin(), theft.records.end());
    return out;
  };
  CHECK(records(7) == records(7));
  CHECK(records(7) != records(8));
}
