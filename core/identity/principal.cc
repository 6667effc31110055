#include "core/identity/principal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace straykey {
namespace {

constexpr std::array<Service, 14> kServices{{
    {"lambda", Family::lambda, true},
    {"ecs", Family::ecs, true},
    {"eks", Family::eks, false},
    {"ec2", Family::ec2, false},
    {"codebuild", Family::other, true},
    {"glue", Family::other, true},
    {"sagemaker", Family::other, false},
    {"apprunner", Family::other, true},
    {"emr-serverless", Family::other, true},
    {"airflow", Family::other, true},
    {"kinesisanalytics", Family::other, false},
    {"gamelift", Family::other, false},
    {"bedrock-agentcore", Family::other, true},
    {"kubernetes", Family::kubernetes, false},  // a cluster that is not EKS's, wherever it runs
}};

// How CloudTrail calls a service of kServices.
struct Alias {
  std::string_view text;
  std::string_view service;  // Service::name
};

// Who assumes the role for the workload: the principal before ".amazonaws.com". The table is closed on purpose: other
// principals (rds, inspector2, ssm, rolesanywhere, iot ...) do AWS's own work or are legitimately outside.
constexpr std::array<Alias, 16> kPrincipals{{
    {"lambda", "lambda"},
    {"edgelambda", "lambda"},  // copies of functions that run at the edge
    {"ecs-tasks", "ecs"},
    {"pods.eks", "eks"},
    {"ec2", "ec2"},
    {"codebuild", "codebuild"},
    {"glue", "glue"},
    {"sagemaker", "sagemaker"},
    {"tasks.apprunner", "apprunner"},
    {"emr-serverless", "emr-serverless"},
    {"ops.emr-serverless", "emr-serverless"},
    {"airflow", "airflow"},
    {"airflow-env", "airflow"},
    {"kinesisanalytics", "kinesisanalytics"},
    {"gamelift", "gamelift"},
    {"bedrock-agentcore", "bedrock-agentcore"},
}};

// The service's part of an issuer type. CloudTrail was seen to write those of Lambda and EC2. The others are the names
// of the services in AWS's resource types, whose form an issuer type has.
constexpr std::array<Alias, 14> kIssuers{{
    {"Lambda", "lambda"},
    {"ECS", "ecs"},
    {"EKS", "eks"},
    {"EC2", "ec2"},
    {"CodeBuild", "codebuild"},
    {"Glue", "glue"},
    {"SageMaker", "sagemaker"},
    {"AppRunner", "apprunner"},
    {"EMRServerless", "emr-serverless"},
    {"MWAA", "airflow"},
    {"KinesisAnalytics", "kinesisanalytics"},
    {"KinesisAnalyticsV2", "kinesisanalytics"},
    {"GameLift", "gamelift"},
    {"BedrockAgentCore", "bedrock-agentcore"},
}};

// Issuers that use a customer's role for AWS's own work: they run no code of the customer's.
constexpr std::array<std::string_view, 6> kOwnWork{"StepFunctions",  "Scheduler", "Events",
                                                   "CloudFormation", "SSM",       "IoT"};

template <std::size_t N>
const Service* service_of(const std::array<Alias, N>& aliases, std::string_view text) noexcept {
  const auto at = std::find_if(aliases.begin(), aliases.end(), [&](const Alias& alias) { return alias.text == text; });
  return at == aliases.end() ? nullptr : service_by_name(at->service);
}

// What stands around the Region in the host of an EKS cluster's issuer.
struct HostPattern {
  std::string_view before, after;
};
constexpr std::array<HostPattern, 5> kEksHosts{{
    {"oidc.eks.", ".amazonaws.com"},
    {"oidc.eks.", ".amazonaws.com.cn"},
    {"oidc-eks.", ".api.aws"},
    {"oidc-eks.", ".api.amazonwebservices.com.cn"},
    {"oidc-eks.", ".api.amazonwebservices.eu"},
}};

bool is_region(std::string_view text) noexcept {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) noexcept {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// The place of the next colon, or the end. The parts of an ARN are short, so eight bytes at once are cheaper than a
// call of memchr for each.
std::size_t find_colon(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  static_assert(std::endian::native == std::endian::little);
  for (std::uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    word ^= kOnes * ':';
    const std::uint64_t zeros = (word - kOnes) & ~word & kOnes << 7;  // the lowest bit set is right
    if (zeros != 0) return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
  }
  while (at < text.size() && text[at] != ':') ++at;
  return at;
}

}  // namespace

std::optional<Arn> parse_arn(std::string_view text) noexcept {
  constexpr std::string_view kStart = "arn:";
  if (!text.starts_with(kStart)) return std::nullopt;
  std::array<std::string_view, 4> parts;
  std::size_t at = kStart.size();
  for (std::string_view& part : parts) {
    const std::size_t colon = find_colon(text, at);
    if (colon == text.size()) return std::nullopt;
    part = {text.data() + at, colon - at};
    at = colon + 1;
  }
  if (at == text.size()) return std::nullopt;
  return Arn{parts[0], parts[1], parts[2], parts[3], {text.data() + at, text.size() - at}};
}

std::optional<RoleName> parse_role_arn(std::string_view text) noexcept {
  const auto arn = parse_arn(text);
  if (!arn || !arn->resource.starts_with("role/")) return std::nullopt;
  const std::string_view path_and_name = arn->resource.substr(4);
  const std::size_t slash = path_and_name.rfind('/');
  if (slash + 1 == path_and_name.size()) return std::nullopt;
  return RoleName{arn->account, path_and_name.substr(0, slash + 1), path_and_name.substr(slash + 1)};
}

std::optional<RoleSession> parse_role_session_arn(std::string_view text) noexcept {
  const auto arn = parse_arn(text);
  constexpr std::string_view kKind = "assumed-role/";
  if (!arn || !arn->resource.starts_with(kKind)) return std::nullopt;
  const std::string_view rest = arn->resource.substr(kKind.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  return RoleSession{arn->account, rest.substr(0, slash), rest.substr(slash + 1)};
}

bool is_account_id(std::string_view text) noexcept {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view name_of(Family family) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"Lambda", "ECS", "EKS", "EC2", "other service", "Kubernetes"};
  return kNames[static_cast<std::size_t>(family)];
}

const Service* service_by_name(std::string_view name) noexcept {
  const auto at = std::find_if(kServices.begin(), kServices.end(), [&](const Service& s) { return s.name == name; });
  return at == kServices.end() ? nullptr : &*at;
}

const Service* service_by_principal(std::string_view invoked_by) noexcept {
  for (const std::string_view suffix : {".amazonaws.com", ".amazonaws.com.cn"})
    if (invoked_by.ends_with(suffix))
      return service_of(kPrincipals, invoked_by.substr(0, invoked_by.size() - suffix.size()));
  return nullptr;
}

std::string_view workload_issuer(std::string_view issuer_type) noexcept {
  constexpr std::string_view kAws = "AWS::";
  if (!issuer_type.starts_with(kAws)) return {};
  const std::string_view rest = issuer_type.substr(kAws.size());
  const std::size_t end = rest.find("::");
  if (end == std::string_view::npos || end + 2 == rest.size()) return {};
  const std::string_view issuer = rest.substr(0, end);
  return std::find(kOwnWork.begin(), kOwnWork.end(), issuer) == kOwnWork.end() ? issuer : std::string_view{};
}

const Service* service_by_issuer(std::string_view issuer) noexcept {
  return service_of(kIssuers, issuer);
}

std::string_view provider_name(std::string_view provider) noexcept {
  if (const auto arn = parse_arn(provider)) {
    if (!arn->resource.starts_with("oidc-provider/")) return {};
    provider = arn->resource;
  }
  provider = without_prefix(without_prefix(provider, "oidc-provider/"), "https://");
  return provider.substr(0, provider.find(':'));
}

bool is_eks_issuer(std::string_view provider) noexcept {
  const std::string_view name = provider_name(provider);
  const std::string_view host = name.substr(0, name.find('/'));
  return std::any_of(kEksHosts.begin(), kEksHosts.end(), [&](const HostPattern& pattern) {
    const std::size_t around = pattern.before.size() + pattern.after.size();
    return host.size() > around && host.starts_with(pattern.before) && host.ends_with(pattern.after) &&
           is_region(host.substr(pattern.before.size(), host.size() - around));
  });
}

}  // namespace straykey
