#include "core/identity/principal.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace straykey {
namespace {

TEST_CASE("principal: an ARN's five first colons separate, later ones belong to the resource") {
  const auto arn = parse_arn("arn:aws-cn:lambda:cn-north-1:111122223333:function:orders:7");
  REQUIRE(arn);
  CHECK_EQ(arn->partition, "aws-cn");
  CHECK_EQ(arn->service, "lambda");
  CHECK_EQ(arn->region, "cn-north-1");
  CHECK_EQ(arn->account, "111122223333");
  CHECK_EQ(arn->resource, "function:orders:7");
}

TEST_CASE("principal: what is no ARN is none") {
  for (const std::string_view text :
       {"", "arn", "arn:aws:iam::1", "arn:aws:iam::111122223333:", "urn:aws:iam::1:role/x"})
    CHECK_FALSE(parse_arn(text).has_value());
}

TEST_CASE("principal: a role's path and name are told apart") {
  const auto plain = parse_role_arn("arn:aws:iam::111122223333:role/orders");
  REQUIRE(plain);
  CHECK_EQ(plain->path, "/");
  CHECK_EQ(plain->role, "orders");
  const auto deep =
      parse_role_arn("arn:aws:iam::111122223333:role/aws-service-role/lex.amazonaws.com/AWSServiceRoleForLex");
  REQUIRE(deep);
  CHECK_EQ(deep->account, "111122223333");
  CHECK_EQ(deep->path, "/aws-service-role/lex.amazonaws.com/");
  CHECK_EQ(deep->role, "AWSServiceRoleForLex");
}

TEST_CASE("principal: users, empty names and sessions are no roles") {
  for (const std::string_view text :
       {"arn:aws:iam::111122223333:user/eve", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/path/",
        "arn:aws:sts::111122223333:assumed-role/a/b"})
    CHECK_FALSE(parse_role_arn(text).has_value());
}

TEST_CASE("principal: a role session keeps colons in the role and slashes in the session") {
  const auto session =
      parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/aws:ec2-instance/i-0123456789abcdef0");
  REQUIRE(session);
  CHECK_EQ(session->role, "aws:ec2-instance");
  CHECK_EQ(session->session, "i-0123456789abcdef0");
  CHECK_EQ(parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/r/a/b")->session, "a/b");
  CHECK_EQ(parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/r/")->session, "");
}

TEST_CASE("principal: without role or session there is no role session") {
  for (const std::string_view text :
       {"arn:aws:sts::111122223333:assumed-role/", "arn:aws:sts::111122223333:assumed-role/r",
        "arn:aws:sts::111122223333:assumed-role//s", "arn:aws:iam::111122223333:role/r/s"})
    CHECK_FALSE(parse_role_session_arn(text).has_value());
}

TEST_CASE("principal: an account is twelve digits") {
  CHECK(is_account_id("000000000001"));
  for (const std::string_view text : {"", "11112222333", "1111222233334", "11112222333x", "1111-2222-33"})
    CHECK_FALSE(is_account_id(text));
}

TEST_CASE("principal: temporary keys begin with ASIA") {
  CHECK(is_temporary_key("ASIAEXAMPLE"));
  CHECK_FALSE(is_temporary_key("AKIAEXAMPLE"));
  CHECK_FALSE(is_temporary_key(""));
}

TEST_CASE("principal: each principal of the closed table names its service, in every partition that has its domain") {
  struct Row {
    std::string_view principal, service;
  };
  for (const Row& row :
       {Row{"lambda", "lambda"}, Row{"edgelambda", "lambda"}, Row{"ecs-tasks", "ecs"}, Row{"pods.eks", "eks"},
        Row{"ec2", "ec2"}, Row{"codebuild", "codebuild"}, Row{"glue", "glue"}, Row{"sagemaker", "sagemaker"},
        Row{"tasks.apprunner", "apprunner"}, Row{"emr-serverless", "emr-serverless"},
        Row{"ops.emr-serverless", "emr-serverless"}, Row{"airflow", "airflow"}, Row{"airflow-env", "airflow"},
        Row{"kinesisanalytics", "kinesisanalytics"}, Row{"gamelift", "gamelift"},
        Row{"bedrock-agentcore", "bedrock-agentcore"}}) {
    for (const std::string_view domain : {".amazonaws.com", ".amazonaws.com.cn"}) {
      const std::string invoked_by = std::string(row.principal) + std::string(domain);
      CAPTURE(invoked_by);
      const Service* const service = service_by_principal(invoked_by);
      REQUIRE(service != nullptr);
      CHECK_EQ(service->name, row.service);
      CHECK_EQ(service, service_by_name(row.service));
    }
  }
}

TEST_CASE("principal: whoever does AWS's own work, and whatever only looks like a principal, is no service") {
  for (const std::string_view other :
       {"rds.amazonaws.com", "inspector2.amazonaws.com", "ssm.amazonaws.com", "rolesanywhere.amazonaws.com",
        "iot.amazonaws.com", "eks.amazonaws.com", "apprunner.amazonaws.com", "lambda", ".amazonaws.com",
        "lambda.amazonaws.com.evil.example", "xlambda.amazonaws.com", "lambda.amazonaws.com.cn.com", ""})
    CHECK(service_by_principal(other) == nullptr);
}

TEST_CASE("principal: an issuer type and a principal of one service give it one name") {
  struct Row {
    std::string_view type, principal;
  };
  for (const Row& row :
       {Row{"AWS::Lambda::Function", "lambda"}, Row{"AWS::ECS::Task", "ecs-tasks"}, Row{"AWS::EKS::Pod", "pods.eks"},
        Row{"AWS::EC2::Instance", "ec2"}, Row{"AWS::CodeBuild::Project", "codebuild"}, Row{"AWS::Glue::Job", "glue"},
        Row{"AWS::SageMaker::NotebookInstance", "sagemaker"}, Row{"AWS::AppRunner::Service", "tasks.apprunner"},
        Row{"AWS::EMRServerless::Application", "ops.emr-serverless"}, Row{"AWS::MWAA::Environment", "airflow-env"},
        Row{"AWS::KinesisAnalytics::Application", "kinesisanalytics"},
        Row{"AWS::KinesisAnalyticsV2::Application", "kinesisanalytics"}, Row{"AWS::GameLift::Fleet", "gamelift"},
        Row{"AWS::BedrockAgentCore::Runtime", "bedrock-agentcore"}}) {
    CAPTURE(row.type);
    const Service* const service = service_by_issuer(workload_issuer(row.type));
    REQUIRE(service != nullptr);
    CHECK_EQ(service, service_by_principal(std::string(row.principal) + ".amazonaws.com"));
  }
}

TEST_CASE("principal: an issuer that is not in the table keeps its own name") {
  CHECK_EQ(workload_issuer("AWS::NewThing::Box"), "NewThing");
  CHECK(service_by_issuer("NewThing") == nullptr);
  CHECK(service_by_issuer("") == nullptr);
}

TEST_CASE("principal: AWS's own workers, and what is not AWS::service::kind, issue no workload's token") {
  for (const std::string_view type :
       {"AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule", "AWS::Events::Rule",
        "AWS::CloudFormation::Stack", "AWS::SSM::Automation", "AWS::IoT::Rule", "", "AWS", "AWS::", "AWS::Lambda",
        "AWS::Lambda::", "AWS::::Function", "Lambda::Function", "aws::Lambda::Function"}) {
    CAPTURE(type);
    CHECK_EQ(workload_issuer(type), "");
  }
}

TEST_CASE("principal: the issuer of an EKS cluster is known by its host, in every form in which CloudTrail writes it") {
  for (const std::string_view host :
       {"oidc.eks.eu-west-1.amazonaws.com", "oidc.eks.cn-north-1.amazonaws.com.cn", "oidc-eks.us-east-2.api.aws",
        "oidc-eks.cn-northwest-1.api.amazonwebservices.com.cn", "oidc-eks.eusc-de-east-1.api.amazonwebservices.eu",
        "oidc.eks.us-gov-west-1.amazonaws.com"}) {
    const std::string issuer = std::string(host) + "/id/EXAMPLED539D4633E53D";
    CAPTURE(issuer);
    CHECK(is_eks_issuer(host));
    CHECK(is_eks_issuer(issuer));
    CHECK(is_eks_issuer("https://" + issuer));
    CHECK(is_eks_issuer("arn:aws:iam::111122223333:oidc-provider/" + issuer));
    CHECK(is_eks_issuer("arn:aws-cn:iam::111122223333:oidc-provider/" + issuer +
                        ":sts.amazonaws.com:system:serviceaccount:shop:orders"));
  }
}

TEST_CASE("principal: a provider whose text only holds the name of an EKS host is no EKS issuer") {
  for (const std::string_view other :
       {"", "https://", "oidc.eks.amazonaws.com", "oidc.eks..amazonaws.com", "oidc.eks.a.b.amazonaws.com",
        "oidc.eks.eu-west-1.amazonaws.com.evil.example/id/A", "evil.example/oidc.eks.eu-west-1.amazonaws.com/id/A",
        "xoidc.eks.eu-west-1.amazonaws.com", "https://evil.example/https://oidc.eks.eu-west-1.amazonaws.com",
        "oidc.eks.eu-west-1.api.aws", "oidc-eks.eu-west-1.amazonaws.com", "oidc-eks.eu-west-1.api.aws.example",
        "arn:aws:iam::111122223333:oidc-provider/token.ci.example.com:oidc.eks.eu-west-1.amazonaws.com",
        "arn:aws:iam::111122223333:saml-provider/oidc.eks.eu-west-1.amazonaws.com",
        "token.ci.example.com:sts.amazonaws.com:repo:oidc.eks.eu-west-1.amazonaws.com", "accounts.google.com"}) {
    CAPTURE(other);
    CHECK_FALSE(is_eks_issuer(other));
  }
}

TEST_CASE("principal: a provider has one name in every form, and an ARN of something else has none") {
  for (const std::string_view form :
       {"oidc.cluster.example.com/one", "https://oidc.cluster.example.com/one",
        "arn:aws:iam::111122223333:oidc-provider/oidc.cluster.example.com/one",
        "arn:aws:iam::111122223333:oidc-provider/oidc.cluster.example.com/one:sts.amazonaws.com:system:x"})
    CHECK_EQ(provider_name(form), "oidc.cluster.example.com/one");
  CHECK_EQ(provider_name("arn:aws:iam::111122223333:saml-provider/one"), "");
}

}  // namespace
}  // namespace straykey
