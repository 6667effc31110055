#include "core/detect/catalogue.h"

#include <algorithm>

namespace straykey {
namespace {

constexpr std::array<std::string_view, 5> kRemoteActions{
    "Read the calls made with this access key (investigation.key_calls): what was listed, read, changed or created, "
    "and from where.",
    "Compare with what the service identity did before: APIs, networks and tools it never used are the intruder's.",
    "Find out who else assumed the role in the window, and whether the workload itself still runs and may have been "
    "broken into.",
    "If the use is not yours, revoke the role's active sessions, deploy the workload anew and close the way the token "
    "leaked.",
    "If the use is yours, acknowledge the alert: the pair of identity and network then counts as known."};
constexpr std::array<std::string_view, 4> kCliActions{
    "Read the commands made with this access key (investigation.key_calls) and who could have typed them.",
    "Ask the owner of the workload whether its code calls a command line tool; a function seldom does.",
    "Look for a remote_service_token alert of the same key: a tool on somebody's own machine uses the same token.",
    "If it is not yours, revoke the role's sessions and search the workload for the way in; if it is yours, "
    "acknowledge the alert."};

constexpr std::array<std::string_view, 5> kMisusedActions{
    "Read the calls made with this access key (investigation.key_calls) and, of a console session or another "
    "credential, "
    "what was done with that: it outlives the token.",
    "Ask the owner of the workload whether its code does this. What a workload does by itself, it does on many days.",
    "Look for alerts of the other analytics about the same key: they tell where it was used.",
    "If the use is not yours, revoke the role's active sessions, deploy the workload anew and close the way the token "
    "leaked. That ends a console session, too, but not a credential that the token was exchanged for.",
    "If the use is yours, acknowledge the alert: what raised it then counts as known for this identity."};

constexpr std::array<std::string_view, 3> kRemoteTechniques{"T1528", "T1552.005", "T1078.004"};
constexpr std::array<std::string_view, 2> kCliTechniques{"T1059.009", "T1078.004"};

constexpr std::array<std::string_view, 3> kMisusedTechniques{"T1528", "T1550.001", "T1078.004"};

constexpr std::string_view kCredentialAccess = "TA0006 Credential Access";
constexpr std::string_view kServerlessTag = "Cloud Serverless Function Credentials Theft Analytics";
constexpr std::string_view kRemoteGoal =
    "Use the rights of a workload from a machine of one's own, where nobody watches and for as long as the token "
    "lives.";
constexpr std::string_view kCliGoal =
    "Look around and act by hand with the rights of a function or task whose code was made to do one thing only.";

constexpr std::string_view kMisusedGoal =
    "Make a stolen token last, or use it by hand, from a place that looks like one of yours: inside AWS, behind your "
    "own "
    "gateway, or with an SDK.";

constexpr CatalogueEntry misused(Variation variation, std::string_view id, Tier tier, std::string_view name,
                                 Severity severity, std::string_view description) {
  return {variation,
          id,
          Analytic::misused_service_token,
          tier,
          name,
          severity,
          description,
          kMisusedGoal,
          kMisusedActions,
          kCredentialAccess,
          kMisusedTechniques,
          {},
          "straykey"};
}

constexpr CatalogueEntry remote(Variation variation, std::string_view id, Tier tier, std::string_view name,
                                Severity severity, std::string_view description) {
  return {variation,
          id,
          Analytic::remote_service_token,
          tier,
          name,
          severity,
          description,
          kRemoteGoal,
          kRemoteActions,
          kCredentialAccess,
          kRemoteTechniques,
          {}};
}

constexpr CatalogueEntry cli(Variation variation, std::string_view id, Tier tier, std::string_view name,
                             Severity severity, std::string_view description) {
  return {variation,   id, Analytic::serverless_cli, tier,          name, severity, description, kCliGoal,
          kCliActions, {}, kCliTechniques,           kServerlessTag};
}

constexpr std::array<CatalogueEntry, kVariationCount> kCatalogue{
    remote(Variation::remote_base, "remote_service_token", Tier::weak, "Remote usage of an AWS service token",
           Severity::low,
           "The token of a Lambda function, EC2 instance or other AWS service was used from outside AWS, from a "
           "network that this "
           "identity does not use, though others of the organisation may."),
    remote(Variation::remote_suspicious, "remote_service_token.suspicious", Tier::strong,
           "Suspicious usage of AWS service token", Severity::high,
           "The token of a Lambda function, EC2 instance or other AWS service was used from outside AWS, from a place "
           "or with a tool "
           "that is new to the organisation."),
    remote(Variation::remote_eks_remote, "remote_service_token.eks_remote", Tier::strong,
           "Remote usage of an AWS EKS token", Severity::high,
           "The token of an EKS pod was used from outside AWS, from a place or with a tool that is new to the "
           "organisation."),
    remote(Variation::remote_eks_suspicious, "remote_service_token.eks_suspicious", Tier::weak,
           "Suspicious usage of an AWS EKS token", Severity::low,
           "The token of an EKS pod was used from outside AWS, from a network that this identity does not use, though "
           "others of the "
           "organisation may."),
    remote(Variation::remote_ecs_suspicious, "remote_service_token.ecs_suspicious", Tier::strong,
           "Suspicious usage of an AWS ECS token", Severity::high,
           "The token of an ECS task was used from outside AWS, from a place or with a tool that is new to the "
           "organisation."),
    remote(Variation::remote_ecs_remote, "remote_service_token.ecs_remote", Tier::weak,
           "Remote usage of an AWS ECS token", Severity::low,
           "The token of an ECS task was used from outside AWS, from a network that this identity does not use, though "
           "others of the "
           "organisation may."),
    cli(Variation::cli_base, "serverless_cli", Tier::weak,
        "A Command Line Interface (CLI) command was executed from an AWS serverless compute service", Severity::low,
        "A command line tool that this identity does not use, though others of the organisation do, called AWS with "
        "the token of a "
        "serverless workload."),
    cli(Variation::cli_aws_cli, "serverless_cli.aws_cli", Tier::weak,
        "A Command Line Interface (AWS-CLI) command was executed from an AWS serverless compute service",
        Severity::informational,
        "The AWS CLI, which this identity does not use, though others of the organisation do, called AWS with the "
        "token of a "
        "serverless workload."),
    cli(Variation::cli_unusual, "serverless_cli.unusual", Tier::strong,
        "Unusual Command Line Interface (CLI) command was executed from an AWS serverless compute service",
        Severity::low,
        "A command line tool called AWS with the token of a serverless workload, from a platform on which that service "
        "cannot run, "
        "or with a tool that no serverless workload of the organisation uses."),
    misused(
        Variation::misused_console, "misused_service_token.console", Tier::strong,
        "AWS service token used for a console session", Severity::high,
        "The token of a workload was turned into a session of the AWS console, or such a session was used. Workloads "
        "have no browser."),
    misused(
        Variation::misused_attack_tool, "misused_service_token.attack_tool", Tier::strong,
        "Attack tool used with an AWS service token", Severity::high,
        "A tool made for attacks called AWS with the token of a workload that does not use it, wherever the call came "
        "from."),
    misused(Variation::misused_exchanged, "misused_service_token.exchanged", Tier::weak,
            "AWS service token exchanged for another credential", Severity::medium,
            "The token of a workload that does not do this was exchanged for a credential that lives on without it."),
    misused(
        Variation::misused_pasted, "misused_service_token.pasted", Tier::weak,
        "AWS service token used from a file, a process or a developer's environment", Severity::medium,
        "The client says that it found the token where the workload's service puts none: in a credentials file, at a "
        "process, or in environment variables."),
    misused(Variation::misused_platform, "misused_service_token.platform", Tier::weak,
            "AWS service token used on a platform where its service does not run", Severity::medium,
            "The user agent names a platform or an execution environment on which the workload's service cannot run."),
};

}  // namespace

std::string_view name_of(Severity severity) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"informational", "low", "medium", "high"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::optional<Severity> severity_from(std::string_view name) noexcept {
  for (const Severity severity : {Severity::informational, Severity::low, Severity::medium, Severity::high})
    if (name == name_of(severity)) return severity;
  return std::nullopt;
}

std::string_view name_of(Analytic analytic) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"remote_service_token", "serverless_cli", "misused_service_token"};
  return kNames[static_cast<std::size_t>(analytic)];
}

std::string_view name_of(Tier tier) noexcept {
  return tier == Tier::strong ? "strong" : "weak";
}

const CatalogueEntry& catalogue_entry(Variation variation) noexcept {
  return kCatalogue[static_cast<std::size_t>(variation)];
}

std::span<const CatalogueEntry> catalogue() noexcept {
  return kCatalogue;
}

const CatalogueEntry* catalogue_entry_by_id(std::string_view id) noexcept {
  const auto at =
      std::find_if(kCatalogue.begin(), kCatalogue.end(), [&](const CatalogueEntry& e) { return e.id == id; });
  return at == kCatalogue.end() ? nullptr : &*at;
}

}  // namespace straykey
