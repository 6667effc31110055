#include "core/engine/young_accounts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/detect/candidate.h"
#include "core/detect/misused_service_token.h"
#include "core/engine/judge.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

Variation weaker(Variation variation, const Candidate& call) noexcept {
  switch (variation) {
    case Variation::remote_suspicious:
      return Variation::remote_base;
    case Variation::remote_eks_remote:
      return Variation::remote_eks_suspicious;
    case Variation::remote_ecs_suspicious:
      return Variation::remote_ecs_remote;
    case Variation::cli_unusual:
      return call.tool == "aws-cli" ? Variation::cli_aws_cli : Variation::cli_base;
    default:
      return variation;
  }
}

std::string_view account_of_user(std::string_view user) {
  if (const auto arn = parse_arn(user)) return arn->account;
  const std::string_view account = user.substr(0, 12);
  return is_account_id(account) ? account : std::string_view{};
}

}  // namespace

bool activates(std::string_view account, Day day, const DetectionSettings& settings, const BaselineView& view) {
  if (settings.activation_days == 0) return true;
  const auto activation = static_cast<std::size_t>(settings.activation_days);
  const std::size_t needed = std::min(kEarliestDays, activation);
  const std::vector<Day> days = view.earliest_days(account);
  return days.size() >= needed && days[needed - 1] < day && days.front() + activation <= day;
}

bool is_active(std::string_view account, Day day, const DetectionSettings& settings, const BaselineView& view) {
  if (settings.activation_days == 0) return true;
  return view.remembered(account, day, [&] {
    const auto since = view.active_since(account);
    return (since && *since <= day) || activates(account, day, settings, view);
  });
}

bool any_is_active(Day day, const DetectionSettings& settings, const BaselineView& view) {
  return view.remembered({}, day, [&] {
    bool found = false;
    view.each_account([&](const NamedFact& account) {
      found = is_active(account.scope, day, settings, view);
      return !found;
    });
    return found;
  });
}

Teachers::Teachers(const Candidate& call, const DetectionSettings& settings, const BaselineView& view)
    : call_(call), settings_(settings), view_(view) {
  if (!is_active(call.token.account, call.day(), settings, view)) young_ = call.token.account;
}

bool Teachers::count(std::string_view user) const {
  const std::string_view account = account_of_user(user);
  return account.empty() || account == call_.token.account || is_active(account, call_.day(), settings_, view_);
}

void keep_weak(Judgement& judgement, const Candidate& call) {
  Verdict& verdict = judgement.verdict;
  if (verdict.tier() == Tier::strong) {
    verdict.variation = weaker(verdict.variation, call);
    verdict.kept_weak = true;
    // A weak remote alert withholds no attack tool, so it needs no name of its own for one.
    if (!judgement.also_stands_as.empty()) judgement.subjects = std::exchange(judgement.also_stands_as, {});
    verdict.limits.emplace_back(
        "Kept at the weak tier: this account is not active yet, that is, it was not seen on 7 days the first of which "
        "is "
        "14 days ago (detection.activation_days); another account of yours is.");
    return;
  }
  judgement.quarantined_networks.clear();
  judgement.quarantined_runtimes.clear();
  std::erase_if(judgement.quarantined_evidence, [](const std::string& text) { return text != kConsoleEvidence; });
  judgement.quarantines_child = judgement.quarantines_presigned = false;
  judgement.quarantines_tool = judgement.quarantines_tool && call.tool_kind == ToolKind::attack;
}

}  // namespace straykey
