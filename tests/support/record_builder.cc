#include "tests/support/record_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

#include "core/base/hash.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::string_view kOidcProvider =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53D";

struct ServiceNames {
  std::string_view service, principal, resource_type, arn_service, arn_kind;
};
constexpr std::array<ServiceNames, 13> kServiceNames{
    {{"lambda", "lambda", "AWS::Lambda::Function", "lambda", "function:"},
     {"ecs", "ecs-tasks", "AWS::ECS::Task", "ecs", "task/"},
     {"eks", "pods.eks", "AWS::EKS::Pod", "eks", "pod/"},
     {"ec2", "ec2", "AWS::EC2::Instance", "ec2", "instance/"},
     {"codebuild", "codebuild", "AWS::CodeBuild::Project", "codebuild", "project/"},
     {"glue", "glue", "AWS::Glue::Job", "glue", "job/"},
     {"sagemaker", "sagemaker", "AWS::SageMaker::NotebookInstance", "sagemaker", "notebook-instance/"},
     {"apprunner", "tasks.apprunner", "AWS::AppRunner::Service", "apprunner", "service/"},
     {"emr-serverless", "emr-serverless", "AWS::EMRServerless::Application", "emr-serverless", "/applications/"},
     {"airflow", "airflow-env", "AWS::MWAA::Environment", "airflow", "environment/"},
     {"kinesisanalytics", "kinesisanalytics", "AWS::KinesisAnalyticsV2::Application", "kinesisanalytics",
      "application/"},
     {"gamelift", "gamelift", "AWS::GameLift::Fleet", "gamelift", "fleet/"},
     {"bedrock-agentcore", "bedrock-agentcore", "AWS::BedrockAgentCore::Runtime", "bedrock-agentcore", "runtime/"}}};

const ServiceNames& names_of(std::string_view service) {
  const auto at = std::find_if(kServiceNames.begin(), kServiceNames.end(),
                               [&](const ServiceNames& n) { return n.service == service; });
  INVARIANT(at != kServiceNames.end());
  return *at;
}

void put(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

json::object identity_of(const TrailRecord& record) {
  json::object identity;
  put(identity, "type", record.type);
  put(identity, "principalId", record.principal_id);
  put(identity, "arn", record.arn);
  put(identity, "accountId", record.account);
  put(identity, "accessKeyId", record.access_key);
  put(identity, "userName", record.user_name);
  put(identity, "invokedBy", record.invoked_by);
  put(identity, "identityProvider", record.identity_provider);
  if (!record.delegate.empty()) identity["invokedByDelegate"] = json::object{{"accountId", record.delegate}};
  if (!record.session_issuer_arn.empty()) {
    json::object session{
        {"sessionIssuer", json::object{{"type", "Role"}, {"arn", record.session_issuer_arn}}},
        {"attributes", json::object{{"creationDate", format_time(record.time)}, {"mfaAuthenticated", "false"}}},
        {"webIdFederationData", json::object{}}};
    if (!record.federated_provider.empty())
      session["webIdFederationData"] =
          json::object{{"federatedProvider", record.federated_provider}, {"attributes", json::object{}}};
    put(session, "ec2RoleDelivery", record.ec2_role_delivery);
    identity["sessionContext"] = std::move(session);
  }
  if (!record.in_scope_issuer_type.empty())
    identity["inScopeOf"] =
        json::object{{"issuerType", record.in_scope_issuer_type}, {"credentialsIssuedTo", record.in_scope_issued_to}};
  return identity;
}

void add_assume_role(json::object& out, const TrailRecord& record) {
  json::object parameters{{"roleArn", record.assumed_role_arn}, {"roleSessionName", record.role_session_name}};
  if (record.event_name == "AssumeRoot") parameters = json::object{{"targetPrincipal", record.assumed_role_arn}};
  if (!record.kubernetes_service_account.empty())
    parameters["tags"] =
        json::array{json::object{{"key", "kubernetes-namespace"}, {"value", record.kubernetes_namespace}},
                    json::object{{"key", "kubernetes-service-account"}, {"value", record.kubernetes_service_account}}};
  out["requestParameters"] = std::move(parameters);
  if (!record.issued_key.empty())
    out["responseElements"] = json::object{{"credentials", json::object{{"accessKeyId", record.issued_key}}}};
}

std::string uuid_of(std::string_view text) {
  const std::string hex = made_up_hex(text, 32);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

void split_service_account(const Workload& workload, std::string& name_space, std::string& account) {
  const std::size_t slash = workload.name.find('/');
  name_space = slash == std::string::npos ? "default" : workload.name.substr(0, slash);
  account = slash == std::string::npos ? workload.name : workload.name.substr(slash + 1);
}

std::string system_of(std::string_view platform) {
  if (platform == "macos") return "os/macos#25.5.0";
  if (platform == "windows") return "os/windows#11";
  if (platform == "wsl") return "os/linux#6.6.87.2-microsoft-standard-WSL2";
  if (platform == "kali") return "os/linux#6.8.11-amd64 md/distrib#kali.2026";
  return "os/linux#5.10.240";
}

}  // namespace

void TrailRecord::set_api(std::string_view service_and_name) {
  const std::size_t colon = service_and_name.find(':');
  INVARIANT(colon != std::string_view::npos);
  event_source = std::string(service_and_name.substr(0, colon)) + ".amazonaws.com";
  event_name = service_and_name.substr(colon + 1);
}

std::string TrailRecord::json() const {
  json::object out{{"eventVersion", "1.11"}, {"userIdentity", identity_of(*this)}, {"eventTime", format_time(time)}};
  put(out, "eventSource", event_source);
  put(out, "eventName", event_name);
  put(out, "awsRegion", region);
  put(out, "sourceIPAddress", source_ip);
  put(out, "userAgent", user_agent);
  put(out, "errorCode", error_code);
  if (!assumed_role_arn.empty()) add_assume_role(out, *this);
  if (sign_in_failed) out["responseElements"] = json::object{{"ConsoleLogin", "Failure"}};
  if (presigned) {
    out["additionalEventData"] = json::object{{"AuthenticationMethod", "QueryString"}, {"CipherSuite", "TLS"}};
    out["requestParameters"] = json::object{{"bucketName", "orders"}, {"X-Amz-Expires", "3600"}};
  }
  if (!source_principal.empty())
    out["additionalEventData"] =
        json::object{{"crossPartitionData",
                      json::object{{"sourcePrincipalArn", source_principal}, {"sourceRegion", "eu-central-1"}}}};
  put(out, "eventID", event_id);
  put(out, "sharedEventID", shared_event_id);
  put(out, "eventType", event_type);
  out["eventCategory"] = "Management";
  put(out, "recipientAccountId", recipient_account);
  put(out, "vpcEndpointId", vpc_endpoint);
  put(out, "vpcEndpointAccountId", vpc_endpoint_account);
  if (console_session) out["sessionCredentialFromConsole"] = "true";
  return json::serialize(out);
}

std::string role_arn(std::string_view account, std::string_view role_with_path) {
  return fmt::format("arn:aws:iam::{}:role/{}", account, role_with_path);
}

std::string session_name_of(const Workload& workload, std::string_view salt) {
  const std::string text = fmt::format("{}/{}", workload.name, salt);
  if (workload.service == "lambda") return workload.name;
  if (workload.service == "ecs") return made_up_hex(text, 32);
  if (workload.service == "eks") return fmt::format("eks-prod-{}-{}", made_up_hex(text, 5), uuid_of(text));
  if (workload.service == "ec2") return "i-0" + made_up_hex(text, 16);
  if (workload.service == "codebuild") return "AWSCodeBuild-" + uuid_of(text);
  if (workload.service == "glue") return "GlueJobRunnerSession";
  if (workload.service == "sagemaker") return "SageMaker";
  return workload.name;
}

TrailRecord session_record(const Workload& workload, std::string_view session, std::string_view access_key) {
  TrailRecord record;
  record.type = "AssumedRole";
  record.principal_id = fmt::format("AROA{}:{}", made_up_hex(workload.role, 16), session);
  record.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", workload.account, workload.role, session);
  record.account = workload.account;
  record.recipient_account = workload.account;
  record.access_key = access_key;
  record.session_issuer_arn = role_arn(workload.account, workload.role);
  return record;
}

void add_in_scope_of(TrailRecord& record, const Workload& workload) {
  const ServiceNames& names = names_of(workload.service);
  record.in_scope_issuer_type = names.resource_type;
  record.in_scope_issued_to = fmt::format("arn:aws:{}:eu-central-1:{}:{}{}", names.arn_service, workload.account,
                                          names.arn_kind, workload.name);
}

void add_oidc_provider(TrailRecord& record) {
  record.federated_provider = kOidcProvider;
}

TrailRecord issuing_record(const Workload& workload, std::string_view session, std::string_view issued_key) {
  TrailRecord record;
  record.set_api("sts:AssumeRole");
  record.type = "AWSService";
  record.invoked_by = std::string(names_of(workload.service).principal) + ".amazonaws.com";
  record.source_ip = record.invoked_by;
  record.user_agent = record.invoked_by;
  record.recipient_account = workload.account;
  record.assumed_role_arn = role_arn(workload.account, workload.role);
  record.role_session_name = session;
  record.issued_key = issued_key;
  if (workload.service == "eks")
    split_service_account(workload, record.kubernetes_namespace, record.kubernetes_service_account);
  return record;
}

TrailRecord exchange_record(const Workload& workload, std::string_view session, std::string_view issued_key) {
  TrailRecord record;
  record.set_api("sts:AssumeRoleWithWebIdentity");
  record.type = "WebIdentityUser";
  std::string name_space, account;
  split_service_account(workload, name_space, account);
  record.user_name = fmt::format("system:serviceaccount:{}:{}", name_space, account);
  record.principal_id = fmt::format("{}:sts.amazonaws.com:{}", kOidcProvider, record.user_name);
  record.identity_provider = kOidcProvider;
  record.recipient_account = workload.account;
  record.assumed_role_arn = role_arn(workload.account, workload.role);
  record.role_session_name = session;
  record.issued_key = issued_key;
  return record;
}

std::string made_up_hex(std::string_view text, std::size_t digits) {
  INVARIANT(digits <= 32);
  return hash128(kFixedHashKey, text).hex().substr(0, digits);
}

std::string made_up_key(std::string_view prefix, std::string_view text) {
  std::string key = std::string(prefix) + made_up_hex(text, 16);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return key;
}

std::string user_agent_of(std::string_view tool, std::string_view exec_env) {
  std::string platform;
  if (const std::size_t slash = tool.find('/'); slash != std::string_view::npos) {
    platform = tool.substr(slash + 1);
    tool = tool.substr(0, slash);
  }
  if (platform == "cloudshell") exec_env = "CloudShell";
  const std::string system = system_of(platform);
  const std::string env = exec_env.empty() ? "" : fmt::format(" exec-env/{}", exec_env);
  if (tool == "aws-cli")
    return fmt::format(
        "aws-cli/2.36.32 md/awscrt#0.36.2 ua/2.1 {} md/arch#x86_64 lang/python#3.14.7 md/pyimpl#CPython m/AP,E,b,Z{} "
        "cfg/retry-mode#standard md/installer#exe sid/e15370b661ab md/prompt#off md/command#s3api.list-buckets",
        system, env);
  if (tool == "boto3")
    return fmt::format(
        "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 {} md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython{} "
        "Botocore/1.42.97",
        system, env);
  if (tool == "go-sdk")
    return fmt::format("aws-sdk-go-v2/1.36.3 ua/2.1 {} lang/go#1.24.2 md/GOARCH#amd64{}", system, env);
  if (tool == "s5cmd")
    return fmt::format("aws-sdk-go/1.44.298 (go1.22.10; {}; amd64) S3Manager{}",
                       platform == "macos" ? "darwin" : "linux", env);
  if (tool == "rclone") return fmt::format("rclone/v1.66.0 {}{}", system, env);
  if (tool == "powershell")
    return "AWSPowerShell.Common/4.1.90.0 .NET_Core/6.0.5 OS/Microsoft_Windows_10.0.17763 PowerShellCore/7.-1 "
           "ClientAsync" +
           env;
  if (tool == "pacu")
    return fmt::format("Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 {}{} Botocore/1.42.97 Pacu-Session-example", system,
                       env);
  if (tool == "mcp-proxy") return fmt::format("python-httpx/0.28.1 mcp-proxy-for-aws/1.7.0 {}{}", system, env);
  if (tool == "trufflehog") return "TruffleHog" + env;
  if (tool == "console")
    return "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030 Linux/5.4.116 OpenJDK_64-Bit_Server_VM/25.302-b08]";
  if (tool == "console-cli")
    return "aws-internal/3 aws-cli/1.27.78 Python/3.8.16 Linux/5.4.228 botocore/1.29.78 RDS Console";
  if (tool == "browser")
    return "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
  return {};
}

}  // namespace straykey
