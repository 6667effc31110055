#include "core/detect/respond.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "core/detect/alert_state.h"

namespace straykey {
namespace {

Alert alert() {
  Alert alert;
  alert.id = *Hash128::from_hex("0123456789abcdef0123456789abcdef");
  alert.verdict = {Variation::remote_suspicious, {}, {}};
  Candidate& call = alert.call;
  call.time = 1'711'011'900;       // 2024-03-21T09:05:00Z
  call.last_time = 1'711'011'960;  // a minute later
  call.access_key = "ASIAORDERS0000000001";
  call.event_id = "11111111-2222-3333-4444-555555555555";
  call.region = "eu-west-1";
  call.token.account = "111122223333";
  call.token.role_identity = "111122223333/orders";
  call.token.identity = "111122223333/orders/orders-fn";
  return alert;
}

TEST_CASE("respond: the policy denies what was issued until the last call, and every role of the chain gets it") {
  Alert chained = alert();
  chained.call.token.chain = "444455556666/first > 111122223333/second > 111122223333/orders";
  const Response response = response_to(chained);
  const boost::json::value policy = boost::json::parse(response.revoke_policy);
  CHECK_EQ(policy.at("Version").as_string(), "2012-10-17");
  const boost::json::value& statement = policy.at("Statement").at(0);
  CHECK_EQ(statement.at("Effect").as_string(), "Deny");
  CHECK_EQ(statement.at("Action").as_string(), "*");
  CHECK_EQ(statement.at("Resource").as_string(), "*");
  CHECK_EQ(statement.at("Condition").at("DateLessThanEquals").at("aws:TokenIssueTime").as_string(),
           "2024-03-21T09:06:00Z");
  REQUIRE_EQ(response.revoke.size(), 3);
  CHECK_EQ(response.revoke[0].role, "orders");
  CHECK_EQ(response.revoke[1].role, "second");
  CHECK_EQ(response.revoke[2].account, "444455556666");
  CHECK_EQ(response.revoke[0].command,
           "aws iam put-role-policy --role-name=orders --policy-name=straykey-revoke-01234567 --policy-document='" +
               response.revoke_policy + "'");
  chained.call.token.chain = "444455556666/a > 444455556666/b > 444455556666/c > 111122223333/orders";
  CHECK_EQ(response_to(chained).revoke.size(), kRolesRevokedMax);
}

TEST_CASE("respond: the key's calls are looked up from the time on from which it may have lived") {
  const Response response = response_to(alert());
  CHECK_EQ(response.cloudtrail_command,
           "aws cloudtrail lookup-events --lookup-attributes=AttributeKey=AccessKeyId,AttributeValue="
           "ASIAORDERS0000000001 --start-time=2024-03-19T21:05:00Z --region=eu-west-1 --query "
           "'Events[].CloudTrailEvent' --output text");
  CHECK_NE(response.athena_query.find("WHERE useridentity.accesskeyid = 'ASIAORDERS0000000001' AND eventtime >= "
                                      "'2024-03-19T21:05:00Z'"),
           std::string::npos);
  CHECK_EQ(response.acknowledge_command,
           "straykey alerts ack 0123456789abcdef0123456789abcdef --note '<why it is ours>'");
  CHECK_EQ(
      response_to(alert(), "/srv/stray key").acknowledge_command,
      "straykey alerts ack 0123456789abcdef0123456789abcdef '--data-dir=/srv/stray key' --note '<why it is ours>'");
}

TEST_CASE("respond: of an alert that took in more, the policy covers the last call and the searches every key") {
  AlertState state;
  state.take_in(alert().call);
  Candidate later = alert().call;
  later.time = later.last_time = 1'711'270'800;  // 2024-03-24T09:00:00Z
  later.access_key = "ASIAORDERS0000000002";
  state.take_in(later);
  state.keys.push_back("$(id)");
  const Response response = response_to(alert(), state);
  CHECK_NE(response.revoke_policy.find(R"("aws:TokenIssueTime":"2024-03-24T09:00:00Z")"), std::string::npos);
  CHECK_NE(response.revoke.at(0).command.find("2024-03-24T09:00:00Z"), std::string::npos);
  CHECK_EQ(response.cloudtrail_command,
           "for key in ASIAORDERS0000000001 ASIAORDERS0000000002; do aws cloudtrail lookup-events "
           "--lookup-attributes=AttributeKey=AccessKeyId,AttributeValue=$key --start-time=2024-03-19T21:05:00Z "
           "--region=eu-west-1 --query 'Events[].CloudTrailEvent' --output text; done");
  CHECK_NE(response.athena_query.find("accesskeyid IN ('ASIAORDERS0000000001', 'ASIAORDERS0000000002') AND"),
           std::string::npos);
  const std::string shown = alert_with_state(alert(), state);
  CHECK_NE(shown.find("2024-03-24T09:00:00Z\"}}}]}"), std::string::npos);
  CHECK_NE(shown.find("for key in ASIAORDERS0000000001 ASIAORDERS0000000002;"), std::string::npos);
}

TEST_CASE("respond: a call without a key is looked up by its event") {
  Alert keyless = alert();
  keyless.call.access_key.clear();
  const Response response = response_to(keyless);
  CHECK_NE(response.cloudtrail_command.find("AttributeKey=EventId,AttributeValue=11111111-2222"), std::string::npos);
  CHECK_NE(response.athena_query.find("WHERE eventid = '11111111-2222"), std::string::npos);
}

TEST_CASE("respond: what has not the form of a name reaches no command") {
  for (const std::string& hostile :
       {std::string("x'; rm -rf ~; '"), std::string("$(id)"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xe2\x80\xae"), std::string("`id`"), std::string("a b"), std::string(200, 'a'), std::string()}) {
    CAPTURE(hostile);
    Alert bad = alert();
    bad.call.access_key = bad.call.event_id = bad.call.region = hostile;
    bad.call.token.role_identity = "111122223333/" + hostile;
    bad.call.token.chain = hostile + "/orders > 111122223333/" + hostile;
    const Response response = response_to(bad);
    CHECK(response.revoke_policy.empty());
    CHECK(response.revoke.empty());
    CHECK(response.cloudtrail_command.empty());
    CHECK(response.athena_query.empty());
    CHECK_FALSE(response.acknowledge_command.empty());
  }
  Alert no_region = alert();
  no_region.call.region = "eu-west-1 --debug";
  CHECK_EQ(response_to(no_region).cloudtrail_command.find("--region"), std::string::npos);
}

TEST_CASE("respond: whatever stands in a shell word is one argument") {
  CHECK_EQ(shell_word("orders-role_1"), "orders-role_1");
  CHECK_EQ(shell_word(""), "''");
  CHECK_EQ(shell_word("it's"), R"('it'"'"'s')");
  CHECK_EQ(shell_word("$(id) `id` \\ \""), "'$(id) `id` \\ \"'");
}

}  // namespace
}  // namespace straykey
