// What the judge gathers for the third analytic: evidence of misuse that needs no place.
#include <utility>

#include "core/detect/alert.h"
#include "core/detect/misused_service_token.h"
#include "core/engine/judge.h"

namespace straykey {

void place_inside(Judgement& judgement, const Candidate& call) {
  judgement.network = call.network.empty() ? std::string(name_of_place(call.address_class)) : call.network;
  if (call.address_class == SourceClass::service && call.endpoint_owner.empty())
    judgement.verdict.limits.emplace_back(
        "Where the call came from is hidden: the record has no address that can be read, such as a service's name in "
        "its place. So the place was not judged.");
}

// Whether the parent's role gave its workloads' tokens this role on two days. What such keys are used for is then a
// matter of the pipeline that does so.
bool Judge::child_learned(const Candidate& call, const BaselineView& view) const {
  const ServiceToken& token = call.token;
  if (token.parent_role.empty()) return false;
  const Fact pair = view.quarantine(FactKind::quarantine_role_child, token.parent_role, token.role_identity);
  if (pair.acknowledged) return true;
  const int window = settings_.training_days;
  return pair.presence.days_before(call.day(), window) == 0 &&
         view.fact(FactKind::role_child, token.parent_role, token.role_identity)
                 .presence.days_before(call.day(), window) >= kLearnedDays;
}

std::vector<NewEvidence> Judge::unlearned_evidence(const Candidate& call, const BaselineView& view) const {
  const Day day = call.day();
  const int window = settings_.training_days;
  const bool of_a_pipeline = child_learned(call, view), keeps = keeps_new_kinds(day, view);
  std::vector<NewEvidence> out;
  for (const std::string& text : evidence_of(call)) {
    const bool platform = text.starts_with(kPlatformEvidence);
    if (of_a_pipeline && (platform || text == kConsoleEvidence)) continue;
    NewEvidence item{.text = text};
    if (platform) {
      const std::string_view runtime = std::string_view(text).substr(kPlatformEvidence.size());
      if (runtime_learned(call, runtime, view)) continue;
      item.days = runtime_days(call, runtime, view);
      item.quarantined =
          view.quarantined(FactKind::quarantine_identity_runtime, call.token.identity, runtime, day, window);
    } else if (text.starts_with(kToolEvidence)) {
      if (tool_learned(call, view, item.days, item.quarantined)) continue;
    } else if (text == kConsoleEvidence || keeps) {
      const Fact pair = view.quarantine(FactKind::quarantine_identity_evidence, call.token.identity, text);
      item.days = seen(call, FactKind::identity_evidence, text, view).presence.days_before(day, window);
      item.quarantined = pair.presence.days_before(day, window) > 0;
      if (pair.acknowledged || (item.days >= kLearnedDays && !item.quarantined)) continue;
    } else {
      continue;
    }
    out.push_back(std::move(item));
  }
  return out;
}

std::optional<Judgement> Judge::misused(const Candidate& call, const std::vector<Judgement>& others,
                                        const BaselineView& view, bool remote_is_told) const {
  if (!has_evidence(call)) return std::nullopt;
  const std::vector<NewEvidence> unlearned = unlearned_evidence(call, view);
  MisuseEvidence evidence{.window_days = settings_.training_days, .unlearned = unlearned};
  for (const Judgement& other : others) {
    const CatalogueEntry& entry = other.verdict.entry();
    if (entry.analytic == Analytic::remote_service_token && other.verdict.tier() == Tier::strong)
      evidence.remote_is_strong = remote_is_told;
    if (entry.variation == Variation::cli_unusual && !other.quarantined_runtimes.empty())
      evidence.platform_said_elsewhere = true;
  }
  auto verdict = judge_misused_service_token(call, evidence);
  if (!verdict) return std::nullopt;
  Judgement out;
  out.verdict = std::move(*verdict);
  out.source_class = call.address_class;
  place_inside(out, call);
  out.subjects = {std::string(out.verdict.entry().id)};
  for (const NewEvidence& item : unlearned) {
    const std::string_view text = item.text;
    if (text.starts_with(kPlatformEvidence))
      out.quarantined_runtimes.emplace_back(text.substr(kPlatformEvidence.size()));
    if (is_learned_as_evidence(text)) out.quarantined_evidence.emplace_back(text);
  }
  // As in a remote alert, a new command line is put into quarantine by every hit that it has part in.
  int days = 0;
  bool quarantined = false;
  out.quarantines_tool = call.is_cli() && !call.console_session && !tool_learned(call, view, days, quarantined);
  const Variation variation = out.verdict.variation;
  out.quarantines_child = !call.token.parent_role.empty() &&
                          (variation == Variation::misused_console || variation == Variation::misused_platform);
  return out;
}

}  // namespace straykey
