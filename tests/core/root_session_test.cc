// Sessions of an account's root, as AssumeRoot gives them (core/identity/service_token).
#include <string_view>

#include "core/identity/service_token.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("service token: a session of an account's root is one only if a workload's token was given it") {
  Event event;
  event.account = event.recipient_account = "111122223333";
  event.type = IdentityType::root;
  event.arn = "arn:aws:iam::111122223333:root";
  event.access_key = "ASIAROOT000000000001";
  event.in_scope_issuer_type = "AWS::Lambda::Function";
  event.user_agent.exec_env = "AWS_Lambda_python3.12";
  const IssuedToken direct{"lambda", {}, 0};
  CHECK_FALSE(prove_service_token(event, nullptr).has_value());
  CHECK_FALSE(prove_service_token(event, &direct).has_value());
  ServiceToken parent;
  parent.service = "lambda";
  parent.role_identity = "111122223333/orders";
  const IssuedToken issued = descended_from(parent, "111122223333/root", 0);
  CHECK_EQ(prove_service_token(event, &issued).value().identity, "111122223333/root");
  CHECK_EQ(caller_identity(event), "111122223333/root");
  for (const bool own_key : {true, false}) {
    Event person = event;
    if (own_key) person.access_key = "AKIAROOT000000000001";
    person.console_session = !own_key;
    CHECK_FALSE(prove_service_token(person, &issued).has_value());
    CHECK_EQ(caller_identity(person), "arn:aws:iam::111122223333:root");
  }
  Event call;
  call.type = IdentityType::assumed_role;
  call.account = "111122223333";
  call.arn = "arn:aws:sts::111122223333:assumed-role/orders/orders-fn";
  call.event_name = "AssumeRoot";
  call.event_source = "sts.amazonaws.com";
  CHECK(call.assumes_role());
  for (const std::string_view target : {"444455556666", "arn:aws:iam::444455556666:root"}) {
    call.assumed_role_arn = target;
    CHECK_EQ(issued_role(call), "444455556666/root");
  }
  call.assumed_role_arn = "root";
  CHECK(issued_role(call).empty());
  CHECK(issued_token(call).waits);
}

}  // namespace
}  // namespace straykey
