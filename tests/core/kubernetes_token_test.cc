// Tokens of pods in clusters that are not EKS's (core/identity/service_token).
#include <string_view>

#include "core/identity/service_token.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::string_view kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.cluster.example.com/one";

Event exchange_elsewhere() {
  Event event;
  event.time = 1'711'000'000;
  event.type = IdentityType::web_identity;
  event.event_name = "AssumeRoleWithWebIdentity";
  event.event_source = "sts.amazonaws.com";
  event.identity_provider = kProvider;
  event.user_name = "system:serviceaccount:shop:orders";
  event.recipient_account = "111122223333";
  event.assumed_role_arn = "arn:aws:iam::111122223333:role/pods";
  event.issued_key = "ASIAISSUED";
  return event;
}

Event session_elsewhere() {
  Event event;
  event.time = 1'711'000'000;
  event.type = IdentityType::assumed_role;
  event.account = event.recipient_account = "111122223333";
  event.arn = "arn:aws:sts::111122223333:assumed-role/pods/somebody";
  event.session_issuer_arn = "arn:aws:iam::111122223333:role/pods";
  event.access_key = "ASIAEXAMPLE";
  event.federated_provider = kProvider;
  return event;
}

TEST_CASE("service token: a service account's exchange elsewhere proves Kubernetes, and tells who assumed the role") {
  const auto token = prove_service_token(exchange_elsewhere(), nullptr);
  REQUIRE(token);
  CHECK_EQ(token->family, Family::kubernetes);
  CHECK_EQ(token->identity, "111122223333/pods");
  CHECK_EQ(token->workload, "shop/orders");
  CHECK_FALSE(token->serverless);
  CHECK(token->must_have_assumed.empty());
  const IssuedToken issued = issued_token(exchange_elsewhere());
  CHECK_EQ(issued.service, "kubernetes");
  CHECK_EQ(assuming_principal(exchange_elsewhere()), "kubernetes oidc.cluster.example.com/one");
  Event session = session_elsewhere();
  CHECK_EQ(prove_service_token(session, &issued)->family, Family::kubernetes);
  CHECK_FALSE(teaches_networks(session));
}

TEST_CASE("service token: another cluster's provider proves weakly, if asked and if the issuing event is not known") {
  Event session = session_elsewhere();
  CHECK_FALSE(prove_service_token(session, nullptr).has_value());
  const auto token = prove_service_token(session, nullptr, Clusters::all);
  REQUIRE(token);
  CHECK_EQ(token->family, Family::kubernetes);
  CHECK_EQ(token->must_have_assumed, "kubernetes");
  CHECK_EQ(token->assumed_role, assuming_principal(exchange_elsewhere()));
  const IssuedToken somebody;
  CHECK_FALSE(prove_service_token(session, &somebody, Clusters::all).has_value());
  session.federated_provider = "oidc.eks.eu-west-1.amazonaws.com/id/ABC";
  CHECK_EQ(prove_service_token(session, nullptr, Clusters::all)->family, Family::eks);
  CHECK(prove_service_token(session, nullptr, Clusters::all)->must_have_assumed.empty());
}

}  // namespace
}  // namespace straykey
