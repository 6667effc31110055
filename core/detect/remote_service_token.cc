#include "core/detect/remote_service_token.h"

#include <fmt/format.h>

namespace straykey {
namespace {

Variation variation_of(Family family, Tier tier) noexcept {
  const bool strong = tier == Tier::strong;
  switch (family) {
    case Family::eks:
    case Family::kubernetes:
      return strong ? Variation::remote_eks_remote : Variation::remote_eks_suspicious;
    case Family::ecs:
      return strong ? Variation::remote_ecs_suspicious : Variation::remote_ecs_remote;
    default:
      return strong ? Variation::remote_suspicious : Variation::remote_base;
  }
}

std::string where(const Candidate& candidate, const RemoteEvidence& evidence) {
  if (evidence.foreign_endpoint)
    return fmt::format("The call came through a VPC endpoint of account {}, which is none of yours.",
                       candidate.endpoint_owner);
  if (candidate.untrusted) return fmt::format("{} is listed as untrusted.", candidate.address);
  const std::string name = candidate.as_name.empty() ? "" : fmt::format(" ({})", candidate.as_name);
  return fmt::format("{} is outside AWS, in {}{}.", candidate.address, evidence.network, name);
}

std::string_view noun_of(ToolKind kind) noexcept {
  if (kind == ToolKind::attack) return "an attack tool";
  return kind == ToolKind::mcp ? "AWS's MCP server" : "a command line tool";
}

bool is_new_attack_tool(const Candidate& candidate, const RemoteEvidence& evidence) noexcept {
  return candidate.tool_kind == ToolKind::attack && !evidence.tool_learned;
}

// The first line of the table that holds; nothing: silent.
std::optional<Tier> tier_of(const Candidate& candidate, const RemoteEvidence& evidence) noexcept {
  if (candidate.presigned) {  // no tool and no platform are read of it
    if (evidence.network_learned || evidence.presigned_acknowledged) return std::nullopt;
    // Once somebody was told that links of this identity travel, each further week says only that they still do.
    if (evidence.presigned_learned || evidence.presigned_quarantined) return Tier::weak;
  }
  const bool new_tool = is_new_cli(candidate, evidence);
  if (is_new_attack_tool(candidate, evidence) || evidence.new_kali) return Tier::strong;
  if (evidence.network_learned) {
    if (new_tool || !evidence.impossible.empty()) return Tier::weak;
    return std::nullopt;
  }
  const bool no_earlier_day = evidence.network_days == 0 || evidence.network_quarantined;
  const bool new_place = no_earlier_day && evidence.other_identities == 0;
  return new_place || evidence.foreign_endpoint || new_tool ? Tier::strong : Tier::weak;
}

void say_network(Verdict& verdict, const RemoteEvidence& evidence) {
  if (evidence.network_learned) {
    verdict.why.push_back(
        fmt::format("This identity uses {}, so the place alone would raise nothing.", evidence.network));
    return;
  }
  verdict.why.push_back(
      evidence.network_quarantined
          ? fmt::format("{} raised an alert for this identity in the last {} days and nobody acknowledged it.",
                        evidence.network, evidence.window_days)
          : fmt::format("This identity used {} on {} of the last {} days; 2 make it known.", evidence.network,
                        evidence.network_days, evidence.window_days));
  verdict.why.push_back(fmt::format("{} was used by {}{} other identit{} on 2 or more of the last {} days.",
                                    evidence.network, evidence.other_identities,
                                    evidence.other_identities >= 100 ? " or more" : "",
                                    evidence.other_identities == 1 ? "y" : "ies", evidence.window_days));
}

void say_tool(Verdict& verdict, const Candidate& candidate, const RemoteEvidence& evidence) {
  if (is_new_cli(candidate, evidence))
    verdict.why.push_back(
        fmt::format("The call was made with {}, {}, which this identity used on {} of the last {} days.",
                    candidate.tool, noun_of(candidate.tool_kind), evidence.tool_days, evidence.window_days));
  if (!evidence.impossible.empty())
    verdict.why.push_back(
        fmt::format("Its user agent says {}, where {} cannot run.", evidence.impossible, candidate.token.service));
  if (evidence.new_kali && evidence.impossible.empty())
    verdict.why.emplace_back("Its user agent says Kali Linux, on which this identity never ran.");
}

}  // namespace

bool is_new_cli(const Candidate& candidate, const RemoteEvidence& evidence) noexcept {
  return candidate.is_cli() && !evidence.tool_learned;
}

std::optional<Verdict> judge_remote_service_token(const Candidate& candidate, const RemoteEvidence& evidence) {
  const auto found = tier_of(candidate, evidence);
  if (!found) return std::nullopt;
  Tier tier = *found;
  Verdict verdict{};
  if (candidate.presigned)
    verdict.why.push_back(fmt::format(
        "The request was presigned: its signature travelled, in a link or a form, and perhaps not the token. Links of "
        "this identity were used from outside on {} of the last {} days.",
        evidence.presigned_days, evidence.window_days));
  if (candidate.presigned && evidence.presigned_quarantined && !evidence.presigned_learned)
    verdict.why.push_back(
        fmt::format("Links of this identity raised an alert in the last {} days and nobody acknowledged it.",
                    evidence.window_days));
  verdict.why.push_back(where(candidate, evidence));
  say_network(verdict, evidence);
  if (evidence.foreign_endpoint)
    verdict.why.push_back(fmt::format(
        "No three workloads of yours have used its endpoints on 2 days each. If account {} is yours, list it under "
        "networks.accounts.",
        candidate.endpoint_owner));
  say_tool(verdict, candidate, evidence);
  if (evidence.only_identity_call)
    verdict.why.push_back(
        fmt::format("Nothing but GetCallerIdentity was called from {} with this identity so far. Login servers (Vault, "
                    "Teleport, lakeFS, MongoDB Atlas) send such a call, which the workload signed, from their own "
                    "address; it is also a thief's first call.",
                    evidence.network));
  if (tier == Tier::strong && candidate.range_capped && !evidence.foreign_endpoint) {
    tier = Tier::weak;
    verdict.limits.emplace_back(
        "Kept at the weak tier: the address counts as external only because it is absent from AWS's address ranges, "
        "and these are more than 30 days older than the event, have no date, or hold no address of its Region. Load "
        "current ranges (networks.aws_ranges) and ASN data (networks.asn).");
  }
  verdict.variation = variation_of(candidate.token.family, tier);
  return verdict;
}

}  // namespace straykey
