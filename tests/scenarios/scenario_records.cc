#include "tests/scenarios/scenario_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/support/record_builder.h"

namespace straykey {
namespace {

constexpr std::array<std::string_view, 13> kServices{"lambda",
                                                     "ecs",
                                                     "eks",
                                                     "ec2",
                                                     "codebuild",
                                                     "glue",
                                                     "sagemaker",
                                                     "apprunner",
                                                     "emr-serverless",
                                                     "airflow",
                                                     "kinesisanalytics",
                                                     "gamelift",
                                                     "bedrock-agentcore"};
constexpr std::array<std::string_view, 10> kOthers{"user",   "sso",       "saas",    "oidc",  "slr",
                                                   "person", "anonymous", "foreign", "child", "root"};

struct Actor {
  std::string kind, name;
};

Result<Actor> actor_of(const Attributes& line) {
  std::vector<Actor> found;
  for (const auto& [name, value] : line.pairs())
    if (std::find(kServices.begin(), kServices.end(), name) != kServices.end() ||
        std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end())
      found.push_back({name, value});
  if (found.size() != 1) return Error{fmt::format("{} callers named, one is needed", found.size())};
  return found.front();
}

std::string default_proof(const Attributes& line, std::string_view service) {
  if (service == "eks" && line.get("session").empty()) return "oidc";
  return "inscope";
}

// Time, place, tool and API: the same for every caller.
Status fill_call(const EventLine& line, int scenario_day, TrailRecord& record) {
  const Attributes& attributes = line.attributes;
  record.time = static_cast<Seconds>(day_number(scenario_day)) * kSecondsPerDay + line.second_of_day;
  record.set_api(attributes.get("api", "s3:ListBuckets"));
  record.source_ip = attributes.get("ip", "AWS Internal");
  record.user_agent = attributes.get("agent");
  if (record.user_agent.empty()) {
    const std::string tool = attributes.get("tool", "boto3");
    record.user_agent = user_agent_of(tool, attributes.get("exec-env"));
    if (record.user_agent.empty()) return Error{fmt::format("tool \"{}\" is not known", tool)};
  }
  if (attributes.has("letters")) record.user_agent += " m/" + attributes.get("letters");
  record.presigned = attributes.get("presigned") == "yes";
  record.error_code = attributes.get("error");
  record.vpc_endpoint_account = attributes.get("vpce-owner");
  if (!record.vpc_endpoint_account.empty()) record.vpc_endpoint = "vpce-0a1b2c3d4e5f60718";
  record.recipient_account = attributes.get("recipient", record.recipient_account);
  if (attributes.has("invoked-by")) record.invoked_by = attributes.get("invoked-by");
  record.delegate = attributes.get("delegate");
  if (attributes.get("mcp") == "yes") {
    record.set_api(attributes.get("api", "aws-mcp:CallReadWriteTool"));
    record.event_type = "AwsMcpEvent";
  }
  if (attributes.has("through")) {
    record.invoked_by = record.source_ip = record.user_agent = attributes.get("through") + ".amazonaws.com";
    record.access_key = made_up_key("ASIA", record.access_key + record.invoked_by);
  }
  record.console_session = attributes.get("console") == "yes";
  record.federated_provider = attributes.get("provider", record.federated_provider);
  record.event_id =
      attributes.get("event-id", made_up_hex(fmt::format("{} {} {}", line.line, scenario_day, line.second_of_day), 32));
  record.shared_event_id = attributes.get("shared-event-id");
  return {};
}

// The key that a session of the role (account/role) is given on that day, unless the line names another.
std::string child_key(std::string_view role, int scenario_day) {
  return made_up_key("ASIA", fmt::format("child {} {}", role, scenario_day));
}

// assumes=<role or account/role>: the call is AssumeRole, and issues the key that `gives` names.
void add_assumption(const Attributes& line, std::string_view account, int scenario_day, TrailRecord& record) {
  std::string role = line.get("assumes");
  if (role.empty()) return;
  if (role.find('/') == std::string::npos) role = fmt::format("{}/{}", account, role);
  const bool of_root = line.get("api") == "sts:AssumeRoot";
  record.set_api(of_root ? "sts:AssumeRoot" : "sts:AssumeRole");
  const std::string role_account = role.substr(0, role.find('/'));
  record.assumed_role_arn = of_root ? role_account : role_arn(role_account, role.substr(role.find('/') + 1));
  record.role_session_name = "second-step";
  record.issued_key = line.get("gives", child_key(role, scenario_day));
}

// across=<role>: the session of the caller's role asked the STS of its partition for a token, which is exchanged here.
void exchange_across(const Attributes& line, TrailRecord& record) {
  if (!line.has("across")) return;
  record.set_api("sts:AssumeRoleWithWebIdentity");
  record.type = "WebIdentityUser";
  record.identity_provider = "arn:aws-cn:iam::444455556666:oidc-provider/0a1b2c3d.tokens.sts.example.com";
  record.source_principal =
      line.get("session") == "none"
          ? role_arn(record.account, line.get("across"))
          : fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", record.account, line.get("across"), line.get("session"));
  record.principal_id = record.identity_provider + ":partition-audience:" + record.source_principal;
  record.account.clear();
}

TrailRecord other_caller(const Actor& actor, const Attributes& line, std::string_view account, int scenario_day) {
  const std::string key = line.get("key");
  const std::string session = line.get("session", "someone@example.com");
  const auto role_session = [&](const std::string& role_with_path) {
    const std::string role = role_with_path.substr(role_with_path.rfind('/') + 1);
    TrailRecord record = session_record({"", std::string(account), role, ""}, session, key);
    record.session_issuer_arn = role_arn(account, role_with_path);
    if (key.empty()) record.access_key = made_up_key("ASIA", actor.kind + actor.name + session);
    return record;
  };
  if (actor.kind == "child") {
    TrailRecord record =
        session_record({"", std::string(account), actor.name, ""}, line.get("session", "second-step"),
                       key.empty() ? child_key(fmt::format("{}/{}", account, actor.name), scenario_day) : key);
    return record;
  }
  if (actor.kind == "sso")
    return role_session("aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_" + actor.name +
                        "_0123456789abcdef");
  if (actor.kind == "slr")
    return role_session(fmt::format("aws-service-role/{0}.amazonaws.com/AWSServiceRoleFor{0}", actor.name));
  if (actor.kind == "saas" || actor.kind == "oidc" || actor.kind == "person")
    return role_session(line.get("role", actor.name));
  TrailRecord record;
  if (actor.kind == "root") {
    record.type = "Root";
    record.account = record.principal_id = actor.name;
    record.recipient_account = actor.name;
    record.arn = fmt::format("arn:aws:iam::{}:root", actor.name);
    record.access_key = key.empty() ? child_key(actor.name + "/root", scenario_day) : key;
    return record;
  }
  record.account = actor.kind == "foreign" ? actor.name : std::string(account);
  record.recipient_account = account;
  record.type = actor.kind == "user" ? "IAMUser" : "AWSAccount";
  record.principal_id = actor.kind == "anonymous" ? "ANONYMOUS_PRINCIPAL" : "AIDA" + made_up_hex(actor.name, 17);
  if (actor.kind == "anonymous") record.account = "ANONYMOUS_PRINCIPAL";
  if (actor.kind == "foreign" && line.has("session"))
    record.principal_id = line.has("role") ? fmt::format("AROA{}:{}", made_up_hex(line.get("role"), 16), session)
                                           : "AROA" + made_up_hex(actor.name, 17) + ":" + session;
  if (actor.kind == "user") {
    record.user_name = actor.name;
    record.arn = fmt::format("arn:aws:iam::{}:user/{}", account, actor.name);
    record.access_key = key.empty() ? made_up_key("AKIA", actor.name) : key;
  }
  return record;
}

// Somebody of another account (a SaaS vendor), or an identity provider that is no cluster, is given the key.
TrailRecord other_issue(const Actor& actor, const TrailRecord& use) {
  TrailRecord record;
  record.set_api(actor.kind == "oidc" ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole");
  record.type = actor.kind == "oidc" ? "WebIdentityUser" : "AWSAccount";
  record.identity_provider = actor.kind == "oidc" ? "arn:aws:iam::111122223333:oidc-provider/token.ci.example.com" : "";
  record.account = actor.kind == "saas" ? actor.name : "";
  record.principal_id = "AIDAEXAMPLEVENDOR0001:vendor";
  record.source_ip = use.source_ip;
  record.user_agent = use.user_agent;
  record.recipient_account = use.recipient_account;
  record.assumed_role_arn = use.session_issuer_arn;
  record.role_session_name = use.arn.substr(use.arn.rfind('/') + 1);
  record.issued_key = use.access_key;
  return record;
}

Status give_proof(const std::string& proof, const Workload& workload, TrailRecord& record) {
  if (proof == "inscope") {
    add_in_scope_of(record, workload);
  } else if (proof == "oidc") {
    add_oidc_provider(record);
  } else if (proof == "delivery") {
    record.ec2_role_delivery = "2.0";
  } else if (proof != "none" && !proof.ends_with("issued") && !proof.ends_with("exchanged")) {
    return Error{fmt::format("proof \"{}\" is not known", proof)};
  }
  return {};
}

// A pod's exchange, with the cluster's provider that the line names.
TrailRecord exchange_of(const Attributes& line, const Workload& workload, std::string_view session,
                        std::string_view issued_key) {
  TrailRecord record = exchange_record(workload, session, issued_key);
  if (!line.has("provider")) return record;
  record.identity_provider = line.get("provider");
  record.principal_id = fmt::format("{}:sts.amazonaws.com:{}", record.identity_provider, record.user_name);
  return record;
}

Status add_workload(const EventLine& line, int scenario_day, const Workload& workload, DayRecords& records) {
  const Attributes& attributes = line.attributes;
  const std::string salt = std::to_string(scenario_day);
  const std::string proof = attributes.get("proof", default_proof(attributes, workload.service));
  const bool by_exchange = workload.service == "eks" && proof == "oidc";
  const std::string session =
      attributes.get("session", by_exchange ? "aws-go-sdk-1767225600000000000" : session_name_of(workload, salt));
  const std::string key = attributes.get(
      "key", made_up_key("ASIA", fmt::format("{} {} {} {}", workload.service, workload.role, workload.name, salt)));
  const Seconds time = static_cast<Seconds>(day_number(scenario_day)) * kSecondsPerDay + line.second_of_day;

  if (attributes.has("issues") || attributes.get("api") == "sts:AssumeRoleWithWebIdentity") {
    const std::string issued = attributes.get("issues", key);
    TrailRecord record = attributes.has("issues")
                             ? issuing_record(workload, session, issued)
                             : exchange_of(attributes, workload, session, attributes.has("error") ? "" : issued);
    const TrailRecord plain = record;
    if (const Status status = fill_call(line, scenario_day, record); !status) return status.error();
    record.federated_provider.clear();  // of the session to come
    if (attributes.has("issues")) {
      record.set_api("sts:AssumeRole");
      record.source_ip = plain.source_ip;
      record.user_agent = plain.user_agent;
      if (attributes.has("principal")) record.invoked_by = attributes.get("principal") + ".amazonaws.com";
    }
    records.request.push_back(record.json());
    return {};
  }

  TrailRecord record = session_record(workload, session, key);
  if (const Status status = fill_call(line, scenario_day, record); !status) return status.error();
  if (const Status status = give_proof(proof, workload, record); !status) return status.error();
  add_assumption(attributes, workload.account, scenario_day, record);
  if (proof.ends_with("issued") || proof.ends_with("exchanged")) {
    const bool late = proof.starts_with("late-");
    TrailRecord issue = proof.ends_with("issued") ? issuing_record(workload, session, key)
                                                  : exchange_of(attributes, workload, session, key);
    if (proof.ends_with("exchanged")) issue.source_ip = record.source_ip, issue.user_agent = record.user_agent;
    issue.time = late ? time : time - 30;
    issue.event_id = made_up_hex("issue " + record.event_id, 32);
    (late ? records.later_request : records.request).push_back(issue.json());
  }
  records.request.push_back(record.json());
  return {};
}

}  // namespace

Day day_number(int scenario_day) {
  constexpr Day kFirst = 20'454;  // 2026-01-01
  return kFirst + static_cast<Day>(scenario_day) - 1;
}

Status add_records(const EventLine& line, int scenario_day, DayRecords& records) {
  const auto actor = actor_of(line.attributes);
  if (!actor) return actor.error();
  const std::string account = line.attributes.get("account", kScenarioAccount);
  if (std::find(kServices.begin(), kServices.end(), actor.value().kind) != kServices.end()) {
    const std::string& name = actor.value().name;
    const Workload workload{actor.value().kind, account, line.attributes.get("role", name.substr(name.rfind('/') + 1)),
                            name};
    return add_workload(line, scenario_day, workload, records);
  }
  TrailRecord record = other_caller(actor.value(), line.attributes, account, scenario_day);
  if (const Status status = fill_call(line, scenario_day, record); !status) return status.error();
  add_assumption(line.attributes, account, scenario_day, record);
  exchange_across(line.attributes, record);
  if (record.event_name == "ConsoleLogin") record.sign_in_failed = line.attributes.get("error") == "Failure";
  if (record.sign_in_failed) record.error_code.clear();
  if (line.attributes.get("proof") == "issued") {
    TrailRecord issue = other_issue(actor.value(), record);
    issue.time = record.time - 30;
    issue.event_id = made_up_hex("issue " + record.event_id, 32);
    records.request.push_back(issue.json());
  }
  records.request.push_back(record.json());
  return {};
}

std::string background_record(int scenario_day, std::string_view account) {
  TrailRecord record;
  record.type = "IAMUser";
  record.user_name = "auditor";
  record.arn = fmt::format("arn:aws:iam::{}:user/auditor", account);
  record.account = record.recipient_account = account;
  record.access_key = "AKIAEXAMPLEAUDITOR00";
  record.set_api("cloudtrail:LookupEvents");
  record.source_ip = "10.1.2.3";
  record.user_agent = user_agent_of("boto3", "");
  record.time = static_cast<Seconds>(day_number(scenario_day)) * kSecondsPerDay + 8 * 3600;
  record.event_id = made_up_hex(fmt::format("background {} {}", account, scenario_day), 32);
  return record.json();
}

}  // namespace straykey
