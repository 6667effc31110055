// Events of one signature teach the same; whatever decides changes it.
#include "core/engine/signature.h"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace straykey;

namespace {

Event event() {
  Event out;
  out.time = 1'790'000'000;
  out.type = IdentityType::assumed_role;
  out.arn = "arn:aws:sts::111122223333:assumed-role/orders/orders-fn";
  out.account = out.recipient_account = "111122223333";
  out.access_key = "ASIAEXAMPLE";
  out.source_ip = "192.0.2.10";
  out.user_agent.tool = "boto3";
  return out;
}

Hash128 signature(const Event& of) {
  return signature_of({1, 2}, of).teaching;
}
std::uint64_t call(const Event& of) {
  return signature_of({1, 2}, of).call;
}

}  // namespace

TEST_CASE("what decides nothing leaves the signature as it is") {
  Event other = event();
  other.event_id = "another";
  other.time += 60;
  other.event_name = "ListBuckets";
  other.user_agent_text = "Boto3/1.42 m/b";
  CHECK(signature(other) == signature(event()));
}

TEST_CASE("whatever facts and candidates depend on changes the signature") {
  const std::vector<std::function<void(Event&)>> changes{
      [](Event& e) { e.time += kSecondsPerDay; },
      [](Event& e) { e.type = IdentityType::iam_user; },
      [](Event& e) { e.arn = "arn:aws:sts::111122223333:assumed-role/orders/other"; },
      [](Event& e) { e.account = "444455556666"; },
      [](Event& e) { e.recipient_account = "444455556666"; },
      [](Event& e) { e.access_key = "ASIAOTHER"; },
      [](Event& e) { e.invoked_by = "lambda.amazonaws.com"; },
      [](Event& e) { e.session_issuer_arn = "arn:aws:iam::111122223333:role/orders"; },
      [](Event& e) { e.federated_provider = "oidc.eks"; },
      [](Event& e) { e.ec2_role_delivery = "2.0"; },
      [](Event& e) { e.in_scope_issuer_type = "AWS::Lambda::Function"; },
      [](Event& e) { e.source_ip = "192.0.2.11"; },
      [](Event& e) { e.region = "xx-new-1"; },
      [](Event& e) { e.vpc_endpoint_account = "999900001111"; },
      [](Event& e) { e.error_code = "ExpiredToken"; },
      [](Event& e) { e.user_agent.tool = "aws-cli"; },
      [](Event& e) { e.user_agent.kind = ToolKind::cli; },
      [](Event& e) { e.user_agent.platform = Platform::macos; },
      [](Event& e) { e.user_agent.exec_env = "CloudShell"; },
      [](Event& e) { e.console_session = true; },
      [](Event& e) { e.sign_in_failed = true; },
      [](Event& e) { e.presigned = true; },
      [](Event& e) { e.delegated = true; },
      [](Event& e) { e.user_agent.kind = ToolKind::mcp; },
      [](Event& e) { e.user_agent.letters = 8; },
      [](Event& e) { e.user_agent.letters = 64; },
      [](Event& e) { e.event_name = "GetSigninToken"; },
      [](Event& e) { e.event_name = "CreateOAuth2TokenWithIAM"; },
      [](Event& e) {
        e.event_name = "GetWebIdentityToken";
        e.event_source = "sts.amazonaws.com";
      },
      [](Event& e) { e.from_future = true; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Event changed = event();
    changes[i](changed);
    CHECK(signature(changed) != signature(event()));
  }
}

TEST_CASE("the same hash key gives the same signature, whatever was signed between; another key gives another") {
  const EventSignature before = signature_of({1, 2}, event());
  CHECK(signature_of({3, 4}, event()).teaching != before.teaching);
  Event other = event();
  const std::string agent(5'000, 'x'), arn(5'000, 'y');
  other.user_agent_text = agent;
  other.arn = arn;
  CHECK(signature_of({1, 2}, other).teaching != before.teaching);
  CHECK(signature_of({1, 2}, event()).teaching == before.teaching);
  CHECK(signature_of({1, 2}, event()).call == before.call);
}

TEST_CASE("a call is told apart by address, user agent and API") {
  const std::vector<std::function<void(Event&)>> changes{
      [](Event& e) { e.source_ip = "192.0.2.11"; },
      [](Event& e) { e.user_agent_text = "Boto3/1.42"; },
      [](Event& e) { e.event_name = "ListBuckets"; },
      [](Event& e) { e.event_source = "s3.amazonaws.com"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Event changed = event();
    changes[i](changed);
    CHECK(call(changed) != call(event()));
  }
  Event other = event();
  other.event_id = "another";
  other.time += 60;
  CHECK(call(other) == call(event()));
  Event a = event(), b = event();
  a.source_ip = "192.0.2.1";
  a.user_agent_text = "1x";
  b.source_ip = "192.0.2.11";
  b.user_agent_text = "x";
  CHECK(call(a) != call(b));
  a = b = event();
  a.event_source = "s3";
  a.event_name = "List";
  b.event_source = "s3L";
  b.event_name = "ist";
  CHECK(call(a) != call(b));
}

TEST_CASE("bytes that move from one field to the next change the signature") {
  Event a = event(), b = event();
  a.invoked_by = "ab";
  a.session_issuer_arn = "c";
  b.invoked_by = "a";
  b.session_issuer_arn = "bc";
  CHECK(signature(a) != signature(b));
}
