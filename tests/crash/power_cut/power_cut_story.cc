#include "tests/crash/power_cut/power_cut_story.h"

#include <fmt/format.h>

#include "tests/support/calls.h"

namespace straykey {
namespace {

std::string role_of(int number) {
  return fmt::format("role-{}", number);
}
std::string function_of(int number) {
  return fmt::format("fn-{}", number);
}
std::string caller_of(int number) {
  return fmt::format("{}/{}", kTestAccount, role_of(number));
}
std::string identity_of(int number) {
  return caller_of(number) + '/' + function_of(number);
}
bool uses_cli(int number) {
  return number % 3 == 0;
}
bool is_other_network(int number) {
  return number % 2 == 0;
}
std::string address_of(int number) {
  return fmt::format("{}.{}", is_other_network(number) ? "203.0.113" : "198.51.100", 1 + number % 250);
}

Call call_of(const PowerCutStory& story, int number, const std::string& what) {
  Call call;
  call.at = march(story.day(number), 8 + number % 8);
  call.id = fmt::format("{}-{}-{}", story.seed, number, what);
  call.key = fmt::format("ASIA{:08}{:08}", story.seed % 100'000'000, number);
  call.role = role_of(number);
  call.session = function_of(number);
  call.ip = address_of(number);
  return call;
}

}  // namespace

bool PowerCutStory::proven_later(int number) const noexcept {
  return number % 4 == 1 && number + 1 < requests && day(number) == day(number + 1);
}

std::unique_ptr<Request> PowerCutStory::request(int number) const {
  auto request = std::make_unique<Request>();
  Call theft = call_of(*this, number, "theft");
  if (proven_later(number)) theft.issuer_type.clear();
  add(*request, theft);
  if (uses_cli(number) && !proven_later(number)) {
    Call cli = call_of(*this, number, "cli");
    cli.ip = "192.0.2.10";
    cli.agent = std::string(kAwsCli);
    add(*request, cli);
  }
  // Again, of another key: another shard's, and nothing new but the combination of another address.
  if (const int before = number - 5; before >= 0 && !proven_later(before)) {
    Call again = call_of(*this, before, "again");
    again.key += "A";
    again.ip = address_of(before + 2);
    add(*request, again);
  }
  if (const int before = number - 1; before >= 0 && proven_later(before)) {
    Issue issue;
    issue.at = march(day(before), 7);
    issue.id = fmt::format("{}-{}-issue", seed, before);
    issue.role = role_of(before);
    issue.session = function_of(before);
    issue.issued_key = call_of(*this, before, "").key;
    add(*request, issue);
  }
  return request;
}

std::vector<PowerCutStory::Lesson> PowerCutStory::lessons(int number) const {
  const Day day = day_of(*parse_time(march(this->day(number))));
  const std::string caller = caller_of(number), identity = identity_of(number);
  const std::string network = is_other_network(number) ? "AS64500" : "AS64511";
  Lesson anyway{{number},
                {
                    {FactKind::account, std::string(kTestAccount), "", day},
                    {FactKind::network_identity, network, caller, day},
                },
                {}};
  Lesson proven{
      {number},
      {{FactKind::identity_network, identity, network, day}, {FactKind::identity_tool, identity, "boto3", day}},
      {{"remote_service_token", identity}}};
  if (proven_later(number)) {
    proven.needs.push_back(number + 1);
    proven.facts.push_back({FactKind::role_service, caller, "lambda", day});
  } else if (uses_cli(number)) {
    proven.facts.push_back({FactKind::identity_tool, identity, "aws-cli", day});
    proven.facts.push_back({FactKind::tool_identity, "aws-cli", identity, day});
    proven.alerts.emplace_back("serverless_cli", identity);
  }
  return {std::move(anyway), std::move(proven)};
}

}  // namespace straykey
