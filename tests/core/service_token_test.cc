#include "core/identity/service_token.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

#include "core/event/user_agent.h"

namespace straykey {
namespace {

constexpr std::string_view kUuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
constexpr std::string_view kProvider =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC";

// A role session without any proof.
Event unproven() {
  Event event;
  event.time = 1'711'000'000;
  event.type = IdentityType::assumed_role;
  event.account = event.recipient_account = "111122223333";
  event.arn = "arn:aws:sts::111122223333:assumed-role/orders/somebody";
  event.session_issuer_arn = "arn:aws:iam::111122223333:role/orders";
  event.access_key = "ASIAEXAMPLE";
  return event;
}

Event with_session(std::string& arn, std::string_view session) {
  Event event = unproven();
  arn = "arn:aws:sts::111122223333:assumed-role/orders/" + std::string(session);
  event.arn = arn;
  return event;
}

Event exchange() {
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

TEST_CASE("service token: a role session without any proof is none, but may become one") {
  CHECK_FALSE(prove_service_token(unproven(), nullptr).has_value());
  CHECK(may_be_service_token(unproven()));
}

TEST_CASE("service token: inScopeOf proves every service of the table, and names its identity") {
  struct Row {
    std::string_view issuer, service;
    Family family;
    bool serverless;
    std::string_view identity;
  };
  for (const Row& row : {
           Row{"AWS::Lambda::Function", "lambda", Family::lambda, true, "111122223333/orders/somebody"},
           Row{"AWS::ECS::Task", "ecs", Family::ecs, true, "111122223333/orders"},
           Row{"AWS::EKS::PodIdentity", "eks", Family::eks, false, "111122223333/orders"},
           Row{"AWS::EC2::Instance", "ec2", Family::ec2, false, "111122223333/orders"},
           Row{"AWS::CodeBuild::Project", "codebuild", Family::other, true, "111122223333/orders#codebuild"},
           Row{"AWS::Glue::Job", "glue", Family::other, true, "111122223333/orders#glue"},
           Row{"AWS::SageMaker::Notebook", "sagemaker", Family::other, false, "111122223333/orders#sagemaker"},
           Row{"AWS::AppRunner::Service", "apprunner", Family::other, true, "111122223333/orders#apprunner"},
           Row{"AWS::EMRServerless::Application", "emr-serverless", Family::other, true,
               "111122223333/orders#emr-serverless"},
           Row{"AWS::MWAA::Environment", "airflow", Family::other, true, "111122223333/orders#airflow"},
           Row{"AWS::BedrockAgentCore::Runtime", "bedrock-agentcore", Family::other, true,
               "111122223333/orders#bedrock-agentcore"},
           Row{"AWS::NewThing::Box", "newthing", Family::other, false, "111122223333/orders#newthing"},
       }) {
    CAPTURE(row.issuer);
    Event event = unproven();
    event.in_scope_issuer_type = row.issuer;
    const auto token = prove_service_token(event, nullptr);
    REQUIRE(token);
    CHECK_EQ(token->proof, Proof::in_scope_of);
    CHECK_EQ(token->service, row.service);
    CHECK_EQ(token->family, row.family);
    CHECK_EQ(token->serverless, row.serverless);
    CHECK_EQ(token->identity, row.identity);
    CHECK_EQ(token->role_identity, "111122223333/orders");
    CHECK_EQ(token->account, "111122223333");
    CHECK(token->must_have_assumed.empty());
  }
}

TEST_CASE("service token: an issuer type of no workload proves nothing, and a later proof may hold") {
  for (const std::string_view issuer : {"", "AWS::Lambda", "Lambda::Function", "AWS::StepFunctions::StateMachine"}) {
    CAPTURE(issuer);
    Event event = unproven();
    event.in_scope_issuer_type = issuer;
    CHECK_FALSE(prove_service_token(event, nullptr).has_value());
    event.ec2_role_delivery = "2.0";
    const auto token = prove_service_token(event, nullptr);
    REQUIRE(token);
    CHECK_EQ(token->proof, Proof::ec2_delivery);
  }
}

TEST_CASE("service token: the workload is the function without its version") {
  Event event = unproven();
  event.in_scope_issuer_type = "AWS::Lambda::Function";
  event.in_scope_issued_to = "arn:aws:lambda:eu-west-1:111122223333:function:orders:42";
  CHECK_EQ(prove_service_token(event, nullptr)->workload, "arn:aws:lambda:eu-west-1:111122223333:function:orders");
  event.in_scope_issued_to = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
  CHECK_EQ(prove_service_token(event, nullptr)->workload, event.in_scope_issued_to);
}

TEST_CASE("service token: another provider's session is none, whatever it is named and whatever its agent says") {
  std::string arn;
  for (const std::string& session : {std::string("i-0123456789abcdef0"), std::string(32, 'a')}) {
    Event event = with_session(arn, session);
    event.user_agent = classify_user_agent("Boto3/1.34.0 exec-env/AWS_Lambda_python3.12");
    CHECK(prove_service_token(event, nullptr).has_value());
    event.federated_provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.example.com";
    CHECK_FALSE(prove_service_token(event, nullptr).has_value());
  }
}

TEST_CASE("service token: where the issuing event is known, no session name and no user agent outweighs it") {
  const IssuedToken to_a_person{};
  std::string arn;
  for (const std::string& session : {std::string("i-0123456789abcdef0"), std::string(32, 'a'), std::string("me")}) {
    CAPTURE(session);
    Event event = with_session(arn, session);
    event.user_agent = classify_user_agent("Boto3/1.34.0 exec-env/AWS_Lambda_python3.12");
    CHECK(prove_service_token(event, nullptr).has_value());
    CHECK_FALSE(prove_service_token(event, &to_a_person).has_value());
  }
  Event event = unproven();
  event.ec2_role_delivery = "2.0";  // AWS's own word
  CHECK(prove_service_token(event, &to_a_person).has_value());
}

TEST_CASE("service token: behind a session name's shape a Lambda user agent is the second weak proof") {
  std::string arn;
  Event event = with_session(arn, std::string(32, 'a'));
  const auto first = prove_service_token(event, nullptr);
  REQUIRE(first);
  CHECK_FALSE(second_weak_proof(event, *first).has_value());
  event.user_agent = classify_user_agent("Boto3/1.34.0 exec-env/AWS_Lambda_python3.12");
  const auto second = second_weak_proof(event, *first);
  REQUIRE(second);
  CHECK_EQ(second->proof, Proof::lambda_user_agent);
  CHECK_EQ(second->must_have_assumed, "lambda");
  CHECK_EQ(second->identity, "111122223333/orders/" + std::string(32, 'a'));
  CHECK_FALSE(second_weak_proof(event, *second).has_value());
  CHECK_EQ(service_of_session_name(std::string(32, 'a')), "ecs");
  CHECK(service_of_session_name("orders-fn").empty());
}

TEST_CASE("service token: an issuing event names the role by account and name, if it names one") {
  Event event = exchange();
  CHECK_EQ(issued_role(event), "111122223333/pods");
  event.assumed_role_arn = "arn:aws:iam::111122223333:role/some/path/pods";
  CHECK_EQ(issued_role(event), "111122223333/pods");
  for (const std::string_view arn : {"", "pods", "arn:aws:iam::XXXXXXXXXXXX:role/pods"}) {
    event.assumed_role_arn = arn;
    CHECK(issued_role(event).empty());
  }
}

TEST_CASE("service token: what an issuing event says is remembered and proves the key's later calls") {
  Event issue;
  issue.time = 1'711'000'000;
  issue.event_name = "AssumeRole";
  issue.event_source = "sts.amazonaws.com";
  issue.type = IdentityType::aws_service;
  issue.invoked_by = "ecs-tasks.amazonaws.com";
  const IssuedToken issued = issued_token(issue);
  CHECK_EQ(issued.service, "ecs");
  Event edge = issue;
  edge.invoked_by = "edgelambda.amazonaws.com";
  CHECK_EQ(issued_token(edge).service, "lambda");
  const auto decoded = decode_issued_token(encode(issued));
  REQUIRE(decoded);
  CHECK_EQ(decoded->service, "ecs");
  CHECK_EQ(decoded->issued_day, issue.day());
  const auto token = prove_service_token(unproven(), &*decoded);
  REQUIRE(token);
  CHECK_EQ(token->proof, Proof::issuing_event);
  CHECK_EQ(token->identity, "111122223333/orders");

  issue.type = IdentityType::iam_user;  // a person who names a service is no service
  CHECK(issued_token(issue).service.empty());
  const IssuedToken nobody = issued_token(issue);
  CHECK_FALSE(prove_service_token(unproven(), &nobody).has_value());
}

// A role session calls AssumeRole.
Event assumption() {
  Event event = unproven();
  event.event_name = "AssumeRole";
  event.event_source = "sts.amazonaws.com";
  event.assumed_role_arn = "arn:aws:iam::444455556666:role/path/archive";
  event.issued_key = "ASIACHILD";
  return event;
}

TEST_CASE("service token: a key that a role session was given waits for what is known of the session") {
  Event event = assumption();
  CHECK(assumes_by_session(event));
  CHECK(issued_token(event).waits);
  const IssuedToken waits = issued_token(event);
  CHECK_FALSE(waits.proves());
  CHECK(waits.may_be_proven_on(event.day() + 2));
  CHECK_FALSE(waits.may_be_proven_on(event.day() + 3));
  event.invoked_by = "pods.eks.amazonaws.com";  // in the name of the pod
  CHECK(assumes_by_session(event));
  event.invoked_by = "cloudformation.amazonaws.com";
  CHECK_FALSE(issued_token(event).waits);
  event = assumption();
  event.session_issuer_arn =
      "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef";
  CHECK_FALSE(issued_token(event).waits);
  event = assumption();
  event.event_name = "AssumeRoleWithSAML";
  CHECK_FALSE(issued_token(event).waits);
  event = Event{};
  event.event_name = "AssumeRole";
  event.event_source = "sts.amazonaws.com";
  event.type = IdentityType::aws_account;
  event.principal_id = "AROAEXAMPLE:session";  // the other account's copy
  CHECK(issued_token(event).waits);
  event.principal_id = "AIDAEXAMPLE";
  CHECK_FALSE(issued_token(event).waits);
}

TEST_CASE("service token: no session name and no user agent proves a key that waits") {
  const IssuedToken waits = issued_token(assumption());
  std::string arn;
  Event event = with_session(arn, std::string(32, 'a'));
  event.user_agent = classify_user_agent("Boto3/1.34.0 exec-env/AWS_Lambda_python3.12");
  CHECK_FALSE(prove_service_token(event, &waits).has_value());
  event.in_scope_issuer_type = "AWS::Lambda::Function";
  CHECK(prove_service_token(event, &waits).has_value());
}

TEST_CASE("service token: a descended key has its parent's service, its own role, and the whole chain") {
  const IssuedToken lambda{"lambda", {}, 0};
  const auto parent = prove_caller(assumption(), &lambda);
  REQUIRE(parent);
  IssuedToken issued = descended_from(*parent, "444455556666/archive", 19'800);
  const auto decoded = decode_issued_token(encode(issued));
  REQUIRE(decoded);
  CHECK(*decoded == issued);
  ServiceToken token = service_token_from_issue(*decoded, "444455556666/archive", "session");
  CHECK_EQ(token.family, Family::lambda);
  CHECK_EQ(token.proof, Proof::descended);
  CHECK_EQ(token.identity, "444455556666/archive");
  CHECK_EQ(token.account, "444455556666");
  CHECK_EQ(token.parent_role, "111122223333/orders");
  CHECK_EQ(token.chain, "111122223333/orders > 444455556666/archive");
  CHECK(token.must_have_assumed.empty());
  for (int depth = 2; depth <= 12; ++depth)
    token = service_token_from_issue(descended_from(token, "111122223333/r" + std::to_string(depth), 19'800),
                                     "111122223333/r" + std::to_string(depth), {});
  CHECK_EQ(token.chain,
           "111122223333/orders > 444455556666/archive > 111122223333/r2 > 111122223333/r3 > 111122223333/r4 > "
           "111122223333/r5 > 111122223333/r6 > 111122223333/r7 > 111122223333/r8 > 8 or more > 111122223333/r12");
}

TEST_CASE("service token: a weakly proven parent's key is as weak, and a stronger proof takes its place") {
  std::string arn;
  Event event = assumption();
  arn = "arn:aws:sts::111122223333:assumed-role/orders/" + std::string(32, 'a');
  event.arn = arn;
  const auto parent = prove_caller(event, nullptr);
  REQUIRE(parent);
  const IssuedToken weak = descended_from(*parent, "444455556666/archive", 19'800);
  const ServiceToken token = service_token_from_issue(weak, "444455556666/archive", {});
  CHECK_EQ(token.must_have_assumed, "ecs");
  CHECK_EQ(token.assumed_role, "111122223333/orders");
  const ServiceToken next =
      service_token_from_issue(descended_from(token, "444455556666/next", 19'800), "444455556666/next", {});
  CHECK_EQ(next.assumed_role, "111122223333/orders");
  const IssuedToken lambda{"lambda", {}, 0}, somebodys{};
  CHECK(issued_token(assumption()).weight() < weak.weight());
  const IssuedToken session = known_of_session(token, 0), stranger = known_of_stranger("111122223333/orders", 0);
  CHECK(issued_token(assumption()).weight() < session.weight());
  CHECK(session.weight() < stranger.weight());
  CHECK(stranger.weight() < weak.weight());
  CHECK(weak.weight() < somebodys.weight());
  CHECK(somebodys.weight() < descended_from(*prove_caller(assumption(), &lambda), "444455556666/a", 0).weight());
}

TEST_CASE("service token: Pod Identity and the OIDC exchange show the service account and do not key by it") {
  Event pod;
  pod.event_name = "AssumeRole";
  pod.event_source = "sts.amazonaws.com";
  pod.type = IdentityType::aws_service;
  pod.invoked_by = "pods.eks.amazonaws.com";
  pod.kubernetes_namespace = "shop";
  pod.kubernetes_service_account = "orders";
  CHECK_EQ(issued_token(pod).workload, "shop/orders");

  CHECK_EQ(issued_token(exchange()).service, "eks");
  CHECK_EQ(issued_token(exchange()).workload, "shop/orders");
  const auto token = prove_service_token(exchange(), nullptr);
  REQUIRE(token);
  CHECK_EQ(token->proof, Proof::oidc_provider);
  CHECK_EQ(token->family, Family::eks);
  CHECK_EQ(token->identity, "111122223333/pods");
  CHECK_EQ(token->workload, "shop/orders");
  Event failed = exchange();
  failed.error_code = "AccessDenied";
  CHECK_FALSE(prove_service_token(failed, nullptr));
}

TEST_CASE("service token: an exchange with another provider is none, whatever the provider's text says") {
  Event event = exchange();
  event.user_name = "repo:example/system:serviceaccount:app";
  for (const std::string_view provider :
       {"arn:aws:iam::111122223333:oidc-provider/token.actions.example.com",
        "arn:aws:iam::111122223333:oidc-provider/token.actions.example.com/oidc.eks.eu-west-1.amazonaws.com"}) {
    event.identity_provider = provider;
    event.principal_id = "token.actions.example.com:sts.amazonaws.com:oidc.eks.eu-west-1.amazonaws.com";
    CHECK_FALSE(prove_service_token(event, nullptr).has_value());
    CHECK(issued_token(event).service.empty());
    Event session = unproven();
    session.federated_provider = provider;
    CHECK_FALSE(prove_service_token(session, nullptr).has_value());
  }
}

TEST_CASE("service token: a session that carries an EKS provider is a pod's") {
  Event event = unproven();
  event.federated_provider = kProvider;
  CHECK_EQ(prove_service_token(event, nullptr)->family, Family::eks);
  CHECK_EQ(prove_service_token(event, nullptr)->proof, Proof::oidc_provider);
}

TEST_CASE("service token: role delivery or an instance's name proves EC2") {
  Event event = unproven();
  event.ec2_role_delivery = "2.0";
  CHECK_EQ(prove_service_token(event, nullptr)->proof, Proof::ec2_delivery);
  std::string arn;
  for (const std::string_view session : {"i-0123abcd", "i-0123456789abcdef0"}) {
    const auto token = prove_service_token(with_session(arn, session), nullptr);
    REQUIRE(token);
    CHECK_EQ(token->family, Family::ec2);
    CHECK_EQ(token->workload, session);
    CHECK_EQ(token->identity, "111122223333/orders");
  }
  for (const std::string_view session : {"i-0123abc", "i-0123abcg", "i-0123456789abcdef01", "x-0123abcd"})
    CHECK_FALSE(prove_service_token(with_session(arn, session), nullptr).has_value());
}

TEST_CASE(
    "service token: a session name's shape is a weak proof, which needs the role to have been assumed by the service") {
  struct Row {
    std::string session;
    std::string_view service;
  };
  std::string arn;
  for (const Row& row :
       {Row{std::string(32, 'a'), "ecs"}, Row{std::string(kUuid), "ecs"},
        Row{"eks-cluster-pod-" + std::string(kUuid), "eks"}, Row{"AWSCodeBuild-" + std::string(kUuid), "codebuild"},
        Row{"GlueJobRunnerSession", "glue"}, Row{"SageMaker", "sagemaker"}}) {
    CAPTURE(row.session);
    const auto token = prove_service_token(with_session(arn, row.session), nullptr);
    REQUIRE(token);
    CHECK_EQ(token->proof, Proof::session_name);
    CHECK_EQ(token->service, row.service);
    CHECK_EQ(token->must_have_assumed, row.service);
  }
  for (const std::string& session :
       {std::string(31, 'a'), std::string(32, 'g'), "eks-" + std::string(kUuid), std::string("sagemaker")})
    CHECK_FALSE(prove_service_token(with_session(arn, session), nullptr).has_value());
}

TEST_CASE("service token: Lambda's exec-env in the user agent is a weak proof") {
  Event event = unproven();
  event.user_agent = classify_user_agent("Boto3/1.34.0 exec-env/AWS_Lambda_python3.12 Botocore/1.34.0");
  const auto token = prove_service_token(event, nullptr);
  REQUIRE(token);
  CHECK_EQ(token->proof, Proof::lambda_user_agent);
  CHECK_EQ(token->must_have_assumed, "lambda");
}

TEST_CASE("service token: the first proof that holds counts, and the identity does not depend on which") {
  Event event = unproven();
  event.in_scope_issuer_type = "AWS::Lambda::Function";
  const IssuedToken issued{"lambda", {}, 0};
  event.ec2_role_delivery = "2.0";
  CHECK_EQ(prove_service_token(event, &issued)->proof, Proof::in_scope_of);
  const std::string identity = prove_service_token(event, &issued)->identity;
  event.in_scope_issuer_type = {};
  CHECK_EQ(prove_service_token(event, &issued)->proof, Proof::issuing_event);
  CHECK_EQ(prove_service_token(event, &issued)->identity, identity);
  CHECK_EQ(service_token_from_issue(issued, "111122223333/orders", "somebody").identity, identity);
}

TEST_CASE("service token: whoever is no workload is never in scope, whatever else the event says") {
  const auto refused = [](const auto& change) {
    Event event = unproven();
    event.in_scope_issuer_type = "AWS::Lambda::Function";
    event.ec2_role_delivery = "2.0";
    change(event);
    const IssuedToken issued{"lambda", {}, 0};
    return !may_be_service_token(event) && !prove_service_token(event, &issued).has_value();
  };
  CHECK_FALSE(refused([](Event&) {}));
  CHECK(refused([](Event& e) { e.invoked_by = "athena.amazonaws.com"; }));
  CHECK(refused([](Event& e) { e.console_session = true; }));
  CHECK(refused([](Event& e) {
    e.session_issuer_arn = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
  }));
  CHECK(refused([](Event& e) {
    e.session_issuer_arn = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0";
  }));
  CHECK(refused([](Event& e) {
    e.session_issuer_arn = {};
    e.arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0/eve";
  }));
  CHECK(refused([](Event& e) { e.session_issuer_arn = e.arn = {}; }));
  for (const IdentityType type :
       {IdentityType::none, IdentityType::iam_user, IdentityType::role, IdentityType::federated_user,
        IdentityType::directory, IdentityType::aws_account, IdentityType::aws_service, IdentityType::identity_center,
        IdentityType::saml_user, IdentityType::other})
    CHECK(refused([&](Event& e) { e.type = type; }));
}

TEST_CASE("service token: the account is the credential's, else the recipient") {
  Event event = unproven();
  event.in_scope_issuer_type = "AWS::EC2::Instance";
  event.account = "444455556666";
  CHECK_EQ(prove_service_token(event, nullptr)->identity, "444455556666/orders");
  event.account = {};
  CHECK_EQ(prove_service_token(event, nullptr)->identity, "111122223333/orders");
}

TEST_CASE("service token: names longer than AWS gives make no identity") {
  std::string arn;
  Event event = with_session(arn, std::string(500, 's'));
  event.in_scope_issuer_type = "AWS::Lambda::Function";
  CHECK_FALSE(prove_service_token(event, nullptr).has_value());
}

TEST_CASE("service token: callers have one name each") {
  CHECK_EQ(caller_identity(unproven()), "111122223333/orders");
  CHECK_EQ(caller_identity(exchange()), "111122223333/pods");
  Event user;
  user.type = IdentityType::iam_user;
  user.account = "111122223333";
  user.user_name = "eve";
  CHECK_EQ(caller_identity(user), "111122223333:eve");
  user.arn = "arn:aws:iam::111122223333:user/eve";
  CHECK_EQ(caller_identity(user), user.arn);
  Event root;
  root.type = IdentityType::root;
  root.account = "111122223333";
  CHECK_EQ(caller_identity(root), "111122223333:root");
  CHECK_EQ(caller_identity(Event{}), "");
}

TEST_CASE("service token: only authenticated callers of our accounts teach") {
  const std::set<std::string> none, declared{"444455556666"};
  CHECK(is_own_authenticated(unproven(), none));
  const auto changed = [&](const auto& change, const std::set<std::string>& accounts) {
    Event event = unproven();
    change(event);
    return is_own_authenticated(event, accounts);
  };
  CHECK_FALSE(changed([](Event& e) { e.account = "444455556666"; }, none));
  CHECK(changed([](Event& e) { e.account = "444455556666"; }, declared));
  CHECK(changed([](Event& e) { e.account = {}; }, none));
  CHECK(changed([](Event& e) { e.error_code = "AccessDenied"; }, none));
  CHECK_FALSE(changed([](Event& e) { e.error_code = "InvalidClientTokenId"; }, none));
  CHECK_FALSE(changed([](Event& e) { e.sign_in_failed = true; }, none));
  CHECK_FALSE(changed([](Event& e) { e.principal_id = "ANONYMOUS_PRINCIPAL"; }, none));
  CHECK_FALSE(changed([](Event& e) { e.type = IdentityType::aws_account; }, none));
  CHECK_FALSE(changed([](Event& e) { e.type = IdentityType::aws_service; }, none));
}

}  // namespace
}  // namespace straykey
