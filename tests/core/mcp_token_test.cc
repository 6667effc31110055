// Whose token stands behind a call that AWS's MCP server made: the order of the proofs.
#include "core/identity/mcp_token.h"

#include <doctest/doctest.h>

#include <string_view>

#include "core/event/mcp_event.h"

namespace straykey {
namespace {

constexpr Day kDay = 20'000;

Event call(std::string_view arn = "arn:aws:sts::111122223333:assumed-role/orders/orders-fn") {
  Event event;
  event.time = static_cast<Seconds>(kDay) * kSecondsPerDay;
  event.event_type = "AwsApiCall";
  event.type = IdentityType::assumed_role;
  event.account = event.recipient_account = "111122223333";
  event.arn = arn;
  event.session_issuer_arn = "arn:aws:iam::111122223333:role/orders";
  event.principal_id = "AROAEXAMPLE:orders-fn";
  event.access_key = "ASIAEXAMPLEDOWNSTREAM";
  event.invoked_by = "aws-mcp.amazonaws.com";
  note_mcp(event);
  return event;
}

IssuedToken session() {
  IssuedToken known;
  known.service = "lambda";
  known.issued_day = kDay;
  known.session_role = "111122223333/orders";
  return known;
}

TEST_CASE("mcp token: without a proof it is nobody's, and what is known of a key proves nothing") {
  CHECK_FALSE(prove_through_mcp(call(), nullptr).has_value());
  IssuedToken of_a_key = session();
  of_a_key.session_role.clear();
  CHECK_FALSE(prove_through_mcp(call(), &of_a_key).has_value());
}

TEST_CASE("mcp token: the session proves it") {
  const IssuedToken known = session();
  const auto token = prove_through_mcp(call(), &known);
  REQUIRE(token.has_value());
  CHECK_EQ(token->proof, Proof::session);
  CHECK_EQ(token->identity, "111122223333/orders/orders-fn");
}

TEST_CASE("mcp token: what the record says by itself comes before the session, and the session before its name") {
  const IssuedToken known = session();
  Event event = call();
  event.in_scope_issuer_type = "AWS::ECS::Task";
  CHECK_EQ(prove_through_mcp(event, &known)->proof, Proof::in_scope_of);
  event = call();
  event.federated_provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC";
  CHECK_EQ(prove_through_mcp(event, &known)->proof, Proof::oidc_provider);
  event = call();
  event.ec2_role_delivery = "2.0";
  CHECK_EQ(prove_through_mcp(event, &known)->proof, Proof::ec2_delivery);
  const Event shaped = call("arn:aws:sts::111122223333:assumed-role/orders/0123456789abcdef0123456789abcdef");
  CHECK_EQ(prove_through_mcp(shaped, nullptr)->proof, Proof::session_name);
  CHECK_EQ(prove_through_mcp(shaped, &known)->proof, Proof::session);
}

TEST_CASE("mcp token: service-linked roles and people's roles are none") {
  const IssuedToken known = session();
  Event event = call();
  event.session_issuer_arn = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0";
  CHECK_FALSE(prove_through_mcp(event, &known).has_value());
  CHECK(is_known_by_session(call()));
  CHECK_FALSE(may_be_service_token(call()));
  CHECK(may_be_service_token(as_the_caller(call())));
}

}  // namespace
}  // namespace straykey
