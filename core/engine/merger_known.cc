// What [[known]] covers: the alert that a call would have raised is stored as acknowledged, and told to nobody.
#include <algorithm>
#include <utility>

#include "core/detect/alert_state.h"
#include "core/detect/known_things.h"
#include "core/detect/message.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/merger.h"

namespace straykey {
namespace {

// Follows the subjects of what is covered. Such hits have alerts of their own. Otherwise the first covered call of a
// day would make an answered alert, which takes in what comes on that day and is not covered.
constexpr std::string_view kKnownSubject = " known";

// The entries that cover a pair of the judgement.
std::vector<const KnownThing*> entries_of(const std::vector<KnownThing>& known, const Judgement& judgement,
                                          const Candidate& call) {
  std::vector<const KnownThing*> entries;
  const auto add = [&](const AlertPairs::Pair& pair) {
    const KnownThing* entry = covering(known, {pair.kind, pair.scope, pair.value, call.day()});
    if (entry != nullptr && std::ranges::find(entries, entry) == entries.end()) entries.push_back(entry);
  };
  for (const AlertPairs::Pair& pair : quarantined_pairs(judgement, call)) add(pair);
  return entries;
}

}  // namespace

// If an entry had a say in the verdicts, the call is judged once more without any. Of what only that judgement says,
// the alert is covered by the entries that name its pairs. Evidence that is left in spite of them is told as usual.
void Merger::add_covered(std::vector<Hit>& of_call, const Candidate& call, const Judge::Moment& moment) {
  if (!view_->known_counted()) return;
  view_->know({});
  Judge::Answer without = judge_.judge(call, *view_, moment);
  view_->know(detection_.known);
  for (Judgement& judgement : without.judgements) {
    const Analytic analytic = judgement.verdict.entry().analytic;
    if (std::ranges::any_of(of_call, [&](const Hit& told) {
          return !told.is_covered() && told.judgement.verdict.entry().analytic == analytic;
        }))
      continue;
    const auto entries = entries_of(detection_.known, judgement, call);
    if (entries.empty()) continue;
    for (auto* subjects : {&judgement.subjects, &judgement.also_stands_as})
      for (std::string& subject : *subjects) subject += kKnownSubject;
    Hit& hit = of_call.emplace_back(Hit{&call, std::move(judgement), {}, {}});
    for (const KnownThing* entry : entries) hit.known.push_back(entry->name);
  }
}

// It is answered from its beginning, as the entries say, by the time of its call.
void Merger::answer_for(AlertState& state, const Hit& hit) const {
  state.status = AlertState::Status::acknowledged;
  state.status_at = hit.call->time;
  state.known = hit.known;
  for (const KnownThing& entry : detection_.known) {
    if (std::ranges::find(hit.known, entry.name) == hit.known.end()) continue;
    state.note += (state.note.empty() ? "" : "; ") + entry.reason;
    if (entry.until != 0 && (state.acknowledged_until == 0 || entry.until < state.acknowledged_until))
      state.acknowledged_until = entry.until;
  }
}

void Merger::keep_covered(const Message& message, Hash128 id) {
  metrics_
      .counter("straykey_alerts_known_total",
               "Alerts that an entry of [[known]] covers: stored as acknowledged, and told to nobody.")
      .add();
  writer_->put(Table::alerts, id.key(), encode_message(message));
}

}  // namespace straykey
