// What the merger tells: it raises alerts, counts what they take in, reports that an account became active, and sums up
// what the caps held back.
// Each is stored as facts, and its bodies are made for the endpoints that want it (core/engine/outbox), all in the
// transaction in which it was judged.
#include <algorithm>
#include <utility>

#include "core/detect/alert_state.h"
#include "core/detect/formats/body_format.h"
#include "core/detect/message.h"
#include "core/detect/serverless_cli.h"
#include "core/engine/activation_report.h"
#include "core/engine/alert_caps.h"
#include "core/engine/alert_retention.h"
#include "core/engine/campaigns.h"
#include "core/engine/contradictions.h"
#include "core/engine/investigation.h"
#include "core/engine/merger.h"
#include "core/engine/sequence.h"

namespace straykey {

// From this day on the account raises alerts. A thief who was active while we learned looks normal to us, so what was
// learned is reported once, for somebody to look at.
void Merger::activate(const std::string& account, const Candidate& seen) {
  writer_->put(Table::activated, account, encode_sequence(seen.day()));
  if (detection_.activation_days == 0) return;
  ActivationReport report = activation_report(account, seen.day(), detection_.training_days, *view_);
  report.at = seen.time;
  const Hash128 id = report.id;
  tell(std::move(report), {id, Severity::informational, "account.activated", account, {}}, seen.day());
}

// Stores a message, and puts its outbox rows unless it is of a day that is too old to act on.
void Merger::tell(const Message& message, const Announcement& announcement, Day day) {
  writer_->put(Table::alerts, announcement.id.key(), encode_message(message));
  if (day < send_from_) return;
  Announcement with_body = announcement;
  with_body.at = message_time(message);
  with_body.body = [&](const BodyFormat& format, const BodyContext& context) { return format.make(message, context); };
  outbox_.add(*writer_, with_body);
}

// The summary of hits that came after the first one has its id, and is not told again.
void Merger::send_summaries(const std::vector<AlertSummary>& summaries) {
  for (const AlertSummary& summary : summaries) {
    const Hash128 id = summary.id();
    if (writer_->get(Table::alerts, id.key())) continue;
    tell(summary, {id, summary.severity, name_of(summary.analytic), summary.account, {}}, summary.day);
  }
}

bool Merger::is_contradicted(Hash128 alert_id) {
  return writer_->get(Table::alerts, Contradiction::contradiction_id(alert_id).key()).has_value();
}

// An alert is contradicted when no key is left whose calls it rests on. It keeps its place and its document; whoever
// was told of it is told once more.
void Merger::contradict(const Candidate& contradiction) {
  const std::vector<Hash128> concerned = contradictions_->take(*writer_, contradiction);
  view_->forget_answers();
  for (const Hash128 id : concerned) {
    const auto stored = writer_->get(Table::alerts, id.key());
    const auto message = stored ? decode_message(*stored) : std::nullopt;
    const Alert* alert = message ? std::get_if<Alert>(&*message) : nullptr;
    const auto row = writer_->get(Table::alert_state, id.key());
    const auto state = row ? decode_alert_state(*row) : std::nullopt;
    if (alert == nullptr || !state || is_contradicted(id)) continue;
    if (!contradictions_->rests_on_nothing(*writer_, *state, alert->call)) continue;
    contradicted_.add();
    const CatalogueEntry& entry = alert->verdict.entry();
    const Contradiction told{.alert = id,
                             .variation = entry.variation,
                             .severity = alert->severity,
                             .account = alert->call.token.account,
                             .identity = alert->call.token.identity,
                             .access_key = contradiction.access_key,
                             .role = contradiction.token.role_identity,
                             .service = contradiction.token.service,
                             .assumed_by = contradiction.source_text,
                             .at = contradiction.last_time,
                             .network = alert->network,
                             .region = alert->call.region};
    tell(told, {told.id(), told.severity, name_of(entry.analytic), told.account, {}}, alert->call.day());
  }
}

// From here on the alert takes in other hits. Its document is written later, when every hit of the day has its alert.
void Merger::stand(const Hit& hit) {
  const Candidate& call = *hit.call;
  const CatalogueEntry& entry = hit.judgement.verdict.entry();
  AlertState state;
  state.take_in(call);
  if (hit.is_covered()) answer_for(state, hit);
  writer_->put(Table::alert_state, hit.alert_id.key(), encode_alert_state(state));
  writer_->put(Table::alerts_by_time, encode_sequence(static_cast<std::uint64_t>(call.time)) + hit.alert_id.key(), "");
  remember_pairs(hit);
  std::vector<std::string> names = hit.judgement.subjects;
  names.insert(names.end(), hit.judgement.also_stands_as.begin(), hit.judgement.also_stands_as.end());
  for (const std::string& subject : names) {
    const std::string key = dedup_key(hash_key_, entry.analytic, call.token.account, call.token.identity, subject);
    const auto stored = writer_->get(Table::dedup, key);
    std::vector<DedupEntry> entries = stored ? decode_dedup(*stored) : std::vector<DedupEntry>{};
    entries.push_back({hit.alert_id, call.day(), hit.judgement.verdict.tier()});
    writer_->put(Table::dedup, key, encode_dedup(entries));
  }
}

// An alert without a place belongs with others that say the same.
AlertCampaign Merger::join(const Hit& hit) {
  const Candidate& call = *hit.call;
  const CatalogueEntry& entry = hit.judgement.verdict.entry();
  const std::string_view subject = hit.place.empty() ? entry.id : std::string_view(hit.place);
  JoinedCampaign joined = join_campaign(
      *writer_, hash_key_, {subject, call.token.identity, hit.alert_id, call.day(), hit.judgement.verdict.tier()});
  const auto& runtimes = hit.judgement.quarantined_runtimes;
  const auto impossible = impossible_runtime(call.token.service, call.platform, call.exec_env);
  joined.campaign.notify =
      notifies_people({.identities = joined.campaign.identities,
                       .new_identity = joined.campaign.new_identity,
                       .first_strong = joined.first_strong,
                       .attack_tool = call.tool_kind == ToolKind::attack,
                       .impossible_platform = impossible && std::find(runtimes.begin(), runtimes.end(),
                                                                      impossible->value) != runtimes.end(),
                       .console = entry.variation == Variation::misused_console});
  return joined.campaign;
}

bool Merger::admit(const Hit& hit) {
  const CatalogueEntry& entry = hit.judgement.verdict.entry();
  const ServiceToken& token = hit.call->token;
  return caps_->admit(
      *writer_, {entry.analytic, hit.judgement.verdict.tier(), detection_.severity_of(entry), token.account,
                 token.identity, hit.call->day(), hit.is_covered(), alerts_.fullness() >= AlertRetention::kFullFrom});
}

void Merger::write_alert(const Hit& hit, std::span<const Hash128> of_event) {
  const Candidate& call = *hit.call;
  const CatalogueEntry& entry = hit.judgement.verdict.entry();
  Alert alert;
  alert.id = hit.alert_id;
  alert.call = call;
  alert.call.newest_day = 0;
  alert.verdict = hit.judgement.verdict;
  alert.severity = detection_.severity_of(entry);
  alert.network = hit.judgement.network;
  alert.source_class = hit.judgement.source_class;
  alert.dedup_days = detection_.dedup_days;
  alert.hosting = call.asn != 0 && detection_.hosting_asns.contains(call.asn);
  investigate(alert, *view_, detection_.training_days);
  if (hit.weaker) alert.related.push_back({*hit.weaker, "weaker_evidence"});
  relate_to_event(alert, of_event);
  alert.campaign = hit.campaign;
  if (hit.is_covered()) return keep_covered(std::move(alert), hit.alert_id);
  metrics_
      .counter("straykey_alerts_total", "Alerts raised.",
               {{"analytic", name_of(entry.analytic)}, {"severity", name_of(alert.severity)}})
      .add();
  const Announcement announcement{alert.id, alert.severity,       name_of(entry.analytic), call.token.account,
                                  {},       alert.campaign.notify};
  tell(std::move(alert), announcement, call.day());
}

void Merger::change_state(Hash128 alert_id, const std::function<void(AlertState&)>& change) {
  const std::string key = alert_id.key();
  const auto stored = writer_->get(Table::alert_state, key);
  if (!stored) return;
  auto state = decode_alert_state(*stored);
  if (!state) return;
  change(*state);
  writer_->put(Table::alert_state, key, encode_alert_state(*state));
}

void Merger::count(const std::vector<Repeat>& repeats) {
  if (repeats.empty()) return;
  open();
  for (const Repeat& repeat : repeats) {
    const auto stored = writer_->get(Table::hits, repeat.combination.key());
    if (!stored) continue;  // the candidate was judged and raised nothing
    const std::string ids(*stored);
    for (std::size_t at = 0; at + 16 <= ids.size(); at += 16) {
      if (is_contradicted(Hash128::from_bytes(ids.data() + at))) continue;
      change_state(Hash128::from_bytes(ids.data() + at), [&](AlertState& state) {
        state.occurrences += repeat.count;
        state.last_seen = std::max(state.last_seen, repeat.last_time);
      });
    }
  }
}

}  // namespace straykey
