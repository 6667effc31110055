#include "core/detect/remote_service_token.h"

#include <fmt/format.h>

namespace straykey {
namespace {

Variation variation_of(Family family, Tier tier) noexcept {
  const bool strong = tier == Tier::strong;
  switch (family) {
    case Family::eks:
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

}  // namespace

bool is_new_cli(const Candidate& candidate, const RemoteEvidence& evidence) noexcept {
  return candidate.is_cli() && !evidence.tool_learned;
}

std::optional<Verdict> judge_remote_service_token(const Candidate& candidate, const RemoteEvidence& evidence) {
  if (evidence.network_learned) return std::nullopt;

  Verdict verdict{};
  verdict.why.push_back(where(candidate, evidence));
  verdict.why.push_back(
      evidence.network_quarantined
          ? fmt::format("{} raised an alert for this identity in the last {} days and nobody acknowledged it.",
                        evidence.network, evidence.window_days)
          : fmt::format("This identity used {} on {} of the last {} days; 2 make it known.", evidence.network,
                        evidence.network_days, evidence.window_days));

  const bool new_place = evidence.address_identities == 0 && evidence.other_identities == 0;
  const bool new_endpoint = evidence.foreign_endpoint && !evidence.endpoint_owner_seen;
  const bool new_tool = is_new_cli(candidate, evidence);
  verdict.why.push_back(
      fmt::format("{} was used by {}{} other identit{} in the last {} days, the address by {}.", evidence.network,
                  evidence.other_identities, evidence.other_identities >= 100 ? " or more" : "",
                  evidence.other_identities == 1 ? "y" : "ies", evidence.window_days, evidence.address_identities));
  if (new_endpoint)
    verdict.why.push_back(fmt::format("No endpoint of account {} was ever used here.", candidate.endpoint_owner));
  if (new_tool)
    verdict.why.push_back(
        fmt::format("The call was made with {}, {}, which this identity used on {} of the last {} days.",
                    candidate.tool, candidate.tool_kind == ToolKind::attack ? "an attack tool" : "a command line tool",
                    evidence.tool_days, evidence.window_days));

  Tier tier = new_place || new_endpoint || new_tool ? Tier::strong : Tier::weak;
  if (tier == Tier::strong && candidate.range_capped && !evidence.foreign_endpoint) {
    tier = Tier::weak;
    verdict.limits.emplace_back(
        "Kept at the weak tier: the address counts as external only because it is absent from AWS's address ranges, "
        "and these are more than 30 days older than the event or have no date. Load current ranges "
        "(networks.aws_ranges) and ASN data (networks.asn).");
  }
  verdict.variation = variation_of(candidate.token.family, tier);
  return verdict;
}

}  // namespace straykey
