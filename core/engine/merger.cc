// The merger is the one thread that sees what all shards propose, so it alone can say what the whole tenant knows. Its
// life is a row of transactions on its own store. The first judge() after a commit opens one, together with a reader of
// every partition; all that follows is staged in it; commit() writes everything at once and makes the marks of what is
// judged true.
//
// A request's candidates are judged day by day. All verdicts of one day are found first, because they rest on earlier
// days only. Then the strong hits are settled before the weak ones: a hit either joins an alert of the last five days
// or raises one. Documents are written last, when every hit of the day knows its alert, because they refer to each
// other.
//
// Nothing is remembered outside of the store but what waits to be judged, and for the commit. A crash or a failed
// commit therefore costs only work: what was not committed is judged again.
#include "core/engine/merger.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/invariant.h"
#include "core/detect/alert.h"
#include "core/detect/alert_state.h"
#include "core/engine/alert_caps.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/alert_retention.h"
#include "core/engine/contradictions.h"
#include "core/engine/judged_elsewhere.h"
#include "core/engine/sequence.h"
#include "core/engine/waiting_candidates.h"
#include "core/event/record_in_hand.h"

namespace straykey {
namespace {

Counter& judged_counter(Metrics& metrics, std::string_view result) {
  return metrics.counter("straykey_candidates_judged_total", "Candidates that the merger judged.",
                         {{"result", result}});
}

std::vector<std::string> names_of(const std::vector<WebhookRoute>& routes) {
  std::vector<std::string> names;
  for (const WebhookRoute& route : routes) names.push_back(route.name);
  return names;
}

// Which network a call came from, or whose endpoint; empty if it did not come from outside. Only the remote analytic
// knows whether an endpoint is foreign, and all alerts of one call belong to one campaign.
std::string place_of(const std::vector<Judgement>& judgements, const Candidate& call) {
  for (const Judgement& judgement : judgements)
    if (judgement.verdict.entry().analytic == Analytic::remote_service_token) return judgement.network;
  return call.network;
}

}  // namespace

Merger::Merger(HashKey hash_key, const DetectionSettings& detection, std::vector<BaselineStore*> partitions,
               AlertStore& alerts, std::vector<WebhookRoute> routes, std::function<void(Delivery)> deliver,
               Metrics& metrics)
    : hash_key_(hash_key),
      detection_(detection),
      partitions_(std::move(partitions)),
      alerts_(alerts),
      judge_(hash_key, detection),
      caps_(std::make_unique<AlertCaps>(hash_key, detection)),
      contradictions_(std::make_unique<Contradictions>(hash_key)),
      retention_(std::make_unique<AlertRetention>(hash_key, detection, metrics)),
      outbox_(routes, std::move(deliver)),
      waiting_(std::make_unique<WaitingCandidates>(static_cast<std::uint32_t>(partitions_.size()))),
      metrics_(metrics),
      expiry_({alert_expiry_rules()}, metrics),
      judged_(judged_counter(metrics, "judged")),
      not_active_(judged_counter(metrics, "account_not_active")),
      too_late_(judged_counter(metrics, "too_late")),
      not_proven_(judged_counter(metrics, "not_proven")),
      crashed_before_(judged_counter(metrics, "crashed_before")),
      taken_in_(metrics.counter("straykey_alerts_suppressed_total", "Hits that raised no alert of their own.",
                                {{"reason", "dedup"}})),
      cap_suppressed_(metrics.counter("straykey_alerts_suppressed_total", "Hits that raised no alert of their own.",
                                      {{"reason", "cap"}})),
      contradicted_(metrics.counter("straykey_alerts_contradicted_total",
                                    "Alerts whose keys were somebody else's, as an event says that came late.")) {
  retention_->use_endpoints(names_of(routes));
  const auto reader = alerts_.read();
  waiting_->read_marks(*reader);
  if (const auto stored = reader->get(Table::progress, kRunSecondsKey)) run_clock_.start_at(decode_sequence(*stored));
  unreadable_ = reader->failure();
  alerts_.set_run_hour(run_clock_.hour());
  for (BaselineStore* partition : partitions_) partition->set_run_hour(run_clock_.hour());
}

Merger::~Merger() = default;

void Merger::judge_at_most(std::size_t candidates) {
  waiting_->candidates_max = candidates;
}

std::uint64_t Merger::judged_up_to(std::uint32_t shard) const noexcept {
  return waiting_->judged_up_to(shard);
}

void Merger::pass_time(double uptime) {
  run_clock_.advance(uptime);
  alerts_.set_run_hour(run_clock_.hour());
}

bool Merger::advance_clock(double uptime) {
  constexpr double kSweepSeconds = 5;
  pass_time(uptime);
  if (swept_at_ && uptime < *swept_at_ + kSweepSeconds) return false;
  swept_at_ = uptime;
  open();
  if (!following_) sweep();
  if (run_clock_.must_be_stored()) {
    writer_->put(Table::progress, kRunSecondsKey, encode_sequence(run_clock_.seconds()));
    run_clock_.stored();
  }
  return true;
}

// Of a damaged store nothing leaves by its age: what is needed of it may be missing.
void Merger::sweep() {
  expiry_.sweep(*writer_, run_clock_.hour());
  if (view_) retention_->sweep(*writer_, run_clock_.hour(), [this] { return view_->newest_account_day(); });
}

void Merger::open() {
  if (writer_) return;
  writer_ = alerts_.write();
  if (!judging_) return;
  for (BaselineStore* partition : partitions_) readers_.push_back(partition->read());
  if (!waiting_->in_midst()) answers_.forget();
  view_.emplace(hash_key_, readers_, *writer_, &answers_);
  view_->know(detection_.known);
}

CommitOutcome Merger::find_unjudged() {
  failure_ = unreadable_;
  if (!failure_.empty()) return CommitOutcome::failed;
  open();
  waiting_->find_backlog(readers_);
  if (view_) newest_day_ = view_->newest_account_day();
  return commit();
}

CommitOutcome Merger::judge_all_unjudged(Day until) {
  failure_ = unreadable_;
  if (!failure_.empty()) return CommitOutcome::failed;
  judged_until_ = until;
  open();
  waiting_->find_backlog(readers_);
  CommitOutcome outcome;
  do {
    judge_waiting();
    outcome = commit();
  } while (outcome == CommitOutcome::committed && has_to_judge());
  judged_until_ = kEveryDay;
  return outcome;
}

void Merger::add(std::vector<CandidateRange> request) {
  if (elsewhere_) pass_those_judged_elsewhere(request);
  waiting_->add(std::move(request));
}

void Merger::judge_waiting() {
  if (!has_to_judge()) return;
  open();
  for (const std::vector<CandidateRange>& request : waiting_->next(readers_)) judge(request);
}

std::uint64_t Merger::waiting() const noexcept {
  return waiting_->count();
}

bool Merger::backlog_waits() const noexcept {
  return waiting_->backlog_waits();
}

void Merger::judge(const std::vector<CandidateRange>& request) {
  if (request.empty()) return;
  open();
  std::vector<Candidate> calls;
  for (const CandidateRange& range : request) {
    INVARIANT(range.shard < partitions_.size(), range.shard, partitions_.size());
    std::uint64_t first = range.first;  // of what is judged and not noted
    for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence) {
      if (waiting_->is_judged(range.shard, sequence)) continue;
      const auto stored = readers_[range.shard]->get(Table::candidates, encode_sequence(sequence));
      auto call = stored ? decode_candidate(*stored) : std::nullopt;
      if (!call) continue;
      if (call->day() <= judged_until_) {
        if (on_judged_) on_judged_(*call);
        calls.push_back(std::move(*call));
        continue;
      }
      if (first < sequence) waiting_->note_judged({range.shard, first, sequence - 1});
      first = sequence + 1;
    }
    if (first <= range.last) waiting_->note_judged({range.shard, first, range.last});
  }
  judge_candidates(std::move(calls));
}

void Merger::judge_candidates(std::vector<Candidate> calls) {
  rows_to_relieve_ += 2 * calls.size();
  for (const Candidate& call : calls)
    if (call.contradiction) contradict(call);
  std::erase_if(calls, [](const Candidate& call) { return call.contradiction; });
  std::stable_sort(calls.begin(), calls.end(),
                   [](const Candidate& a, const Candidate& b) { return a.day() < b.day(); });
  for (std::size_t begin = 0; begin < calls.size();) {
    std::vector<const Candidate*> day;
    std::size_t end = begin;
    while (end < calls.size() && calls[end].day() == calls[begin].day()) day.push_back(&calls[end++]);
    // The same call may wait in two forms (first weakly proven, then proven) or in two shards. Sorting by what the
    // candidates are, and not by where they lay, gives every run the same answers.
    std::sort(day.begin(), day.end(), [](const Candidate* a, const Candidate* b) {
      return std::tie(a->time, a->event_id, a->combination) < std::tie(b->time, b->event_id, b->combination);
    });
    judge_day(day);
    begin = end;
  }
}

void Merger::note_account_day(const Candidate& day) {
  const std::string& account = day.token.account;
  if (!active_since(account) && judge_.activates(account, day.day(), *view_)) activate(account, day);
}

// All verdicts of a day rest on earlier days only, so they can all be found before any is applied, strong ones first.
void Merger::judge_day(const std::vector<const Candidate*>& calls) {
  view_->judge_day(calls.front()->day());
  std::vector<std::vector<Hit>> hits;  // by call
  std::set<std::string_view> accounts;
  for (const Candidate* call : calls) {
    accounts.insert(call->token.account);
    if (call->account_day) note_account_day(*call);
  }
  send_summaries(caps_->take_over(*writer_, calls.front()->day(), accounts));
  for (const Candidate* call : calls) {
    if (call->account_day) continue;
    if (poisoned_ && poisoned_(call->record)) {
      crashed_before_.add();
      continue;
    }
    if (contradictions_->denies(*writer_, *call)) {
      not_proven_.add();
      continue;
    }
    const RecordInHand in_hand(call->record);
    const auto since = active_since(call->token.account);
    const Judge::Moment moment{since, call->newest_day};
    view_->know(detection_.known);
    Judge::Answer answer = judge_.judge(*call, *view_, moment);
    switch (answer.judged) {
      case Judged::judged:
        judged_.add();
        break;
      case Judged::not_active:
        not_active_.add();
        continue;
      case Judged::too_late:
        too_late_.add();
        continue;
      case Judged::not_proven:
        not_proven_.add();
        continue;
      case Judged::unreadable:
        return;  // commit() sees the failure of the reader and fails
    }
    if (!since && !answer.young) activate(call->token.account, *call);
    std::vector<Hit> of_call;
    const std::string place = place_of(answer.judgements, *call);
    for (Judgement& judgement : answer.judgements) of_call.push_back({call, std::move(judgement), place, {}});
    add_covered(of_call, *call, moment);
    if (!of_call.empty()) hits.push_back(std::move(of_call));
  }
  for (const Tier tier : {Tier::strong, Tier::weak}) {
    for (std::vector<Hit>& of_call : hits) settle_call(of_call, tier);
  }
  for (const std::vector<Hit>& of_call : hits) {
    const RecordInHand in_hand(of_call.front().call->record);
    std::vector<Hash128> alerts;
    for (const Hit& hit : of_call)
      if (hit.alert_id != Hash128{}) alerts.push_back(hit.alert_id);
    for (const Hit& hit : of_call)
      if (hit.raises) write_alert(hit, alerts);
    remember_hit(of_call, alerts);
  }
}

// A contradicted alert takes in nothing any more. An answered one takes in hits of its own day only. What its pairs
// still raise on other days rests on something else, such as an attack tool, or comes after the answer's end; in the
// answered alert nobody would see it. What [[known]] covers joins its own alerts only (add_covered).
bool Merger::takes_in(const DedupEntry& alert, Day day) {
  if (is_contradicted(alert.alert_id)) return false;
  if (alert.day == day) return true;
  const auto stored = writer_->get(Table::alert_state, alert.alert_id.key());
  const auto state = stored ? decode_alert_state(*stored) : std::nullopt;
  return !state || !state->is_answered() || !state->known.empty();
}

// What is raised again where an alert was contradicted has an id made of that one's.
Hash128 Merger::standing_id(Hash128 alert_id) {
  while (is_contradicted(alert_id)) alert_id = hash128(kFixedHashKey, "again " + alert_id.key());
  return alert_id;
}

// Which existing alert of the hit's dedup keys is close enough in days to take the hit in.
DedupAnswer Merger::find(const Hit& hit) {
  const AlertSubject about = about_of(hit);
  const Day day = hit.call->day();
  const Tier tier = hit.judgement.verdict.tier();
  // Within a request strong hits come first, so a weak one may join an attack tool's alert of its own day.
  const std::string of_a_tool = std::string(about.subject).append(kAttackToolSubject);
  const auto is_called = [&](const DedupEntry& known, std::string_view subject) {
    return known.alert_id ==
           standing_id(alert_id({about.analytic, about.account, about.identity, subject}, known.tier, known.day));
  };
  const auto is_alike = [&](const DedupEntry& known) {
    return is_called(known, about.subject) || (tier == Tier::weak && known.day == day && is_called(known, of_a_tool));
  };
  std::vector<StandingAlert> standing;
  const auto look_under = [&](const std::vector<std::string>& subjects, bool only_weak) {
    for (const std::string& subject : subjects) {
      const auto stored =
          writer_->get(Table::dedup, dedup_key(hash_key_, about.analytic, about.account, about.identity, subject));
      if (!stored) continue;
      for (const DedupEntry& known : decode_dedup(*stored)) {
        if (!takes_in(known, day)) continue;
        if (only_weak && known.tier == Tier::weak) standing.push_back({known, is_called(known, subjects.front())});
        if (!only_weak) standing.push_back({known, is_alike(known)});
      }
    }
  };
  look_under(hit.judgement.subjects, false);
  look_under(hit.judgement.also_stands_as, true);  // they take no strong hit in, but its alert names them
  return find_alert(that_may_take_in(std::move(standing), day), day, tier, detection_.dedup_days);
}

AlertSubject Merger::about_of(const Hit& hit) {
  const ServiceToken& token = hit.call->token;
  return {hit.judgement.verdict.entry().analytic, token.account, token.identity, hit.judgement.subjects.front()};
}

// The remote hit comes first. If it is behind a cap, the attack tool that it would have told is told by itself.
void Merger::settle_call(std::vector<Hit>& of_call, Tier tier) {
  for (std::size_t i = 0; i < of_call.size(); ++i) {
    const Judgement& judgement = of_call[i].judgement;
    if (judgement.verdict.tier() != tier) continue;
    settle(of_call[i]);
    if (of_call[i].is_covered()) continue;
    if (of_call[i].alert_id == Hash128{} && !judgement.also_stands_as.empty()) tell_tool_itself(of_call);
  }
}

void Merger::tell_tool_itself(std::vector<Hit>& of_call) {
  const Candidate* call = of_call.front().call;
  Judge::Answer answer = judge_.judge(*call, *view_, {active_since(call->token.account), call->newest_day, false});
  if (answer.judgements.empty()) return;  // the store could not be read, so the commit fails
  Hit told{call, std::move(answer.judgements.back()), of_call.front().place, {}};
  const Analytic analytic = told.judgement.verdict.entry().analytic;
  if (!of_call.back().is_covered() && of_call.back().judgement.verdict.entry().analytic == analytic) of_call.pop_back();
  of_call.push_back(std::move(told));
}

void Merger::settle(Hit& hit) {
  const Candidate& call = *hit.call;
  quarantine(call, hit.judgement);
  const DedupAnswer answer = find(hit);
  if (answer.taken_in_by) {
    hit.alert_id = *answer.taken_in_by;
    taken_in_.add();
    change_state(hit.alert_id, [&](AlertState& state) { state.take_in(call); });
    return;
  }
  if (!admit(hit)) {
    cap_suppressed_.add();
    return;
  }
  hit.alert_id = standing_id(alert_id(about_of(hit), hit.judgement.verdict.tier(), call.day()));
  hit.raises = true;
  hit.weaker = answer.weaker;
  if (!hit.is_covered()) hit.campaign = join(hit);
  stand(hit);
}

// Stores which quarantined pairs an acknowledgement of this alert will clear. Those of a command line name the tool
// even where it was learned, and only the platform was new.
void Merger::remember_pairs(const Hit& hit) {
  const Candidate& call = *hit.call;
  AlertPairs out{.day = call.day(), .pairs = quarantined_pairs(hit.judgement, call)};
  if (!hit.judgement.quarantines_tool && hit.judgement.verdict.entry().analytic == Analytic::serverless_cli)
    out.pairs.push_back({FactKind::quarantine_identity_tool, call.token.identity, call.tool});
  writer_->put(Table::alert_pairs, hit.alert_id.key(), encode_alert_pairs(out));
}

void Merger::quarantine(const Candidate& call, const Judgement& judgement) {
  if (call.from_future) return;  // the day was set by us and is not the event's own, so it must not count as seen
  for (const AlertPairs::Pair& pair : quarantined_pairs(judgement, call)) mark(pair.kind, pair.scope, pair.value, call);
}

void Merger::mark(FactKind kind, std::string_view scope, std::string_view value, const Candidate& call) {
  const Day day = call.day();
  const FactRef ref{kind, scope, value};
  const std::string key = fact_key(hash_key_, ref);
  Fact fact;
  if (const auto stored = writer_->get(Table::quarantine, key)) fact = decode_fact_of(*stored, ref).value_or(Fact{});
  const Fact before = fact;
  fact.seen(day);
  contradictions_->note_quarantined(*writer_, call, key, fact != before);
  if (fact == before) return;
  writer_->put(Table::quarantine, key, encode_fact(fact, ref));
  view_->note_quarantined(day);
}

void Merger::remember_hit(const std::vector<Hit>& of_call, const std::vector<Hash128>& alerts) {
  const Candidate& call = *of_call.front().call;
  std::vector<AlertPairs::Pair> pairs;
  for (const Hit& hit : of_call)
    if (call.may_be_contradicted())
      std::ranges::move(quarantined_pairs(hit.judgement, call), std::back_inserter(pairs));
  contradictions_->note_hit(*writer_, call, alerts, pairs);
  std::string ids;
  for (const Hash128 id : alerts) ids += id.key();
  if (!ids.empty()) writer_->put(Table::hits, call.combination.key(), ids);
}

void Merger::apply(const DeliveryOutcome& outcome) {
  open();
  outbox_.apply(*writer_, outcome);
}

void Merger::carry_out(OperatorChange& change) {
  open();
  change.in_merger = change.in_alerts(*writer_, change.rows);
  if (view_) view_->forget_answers();  // the answers depend on quarantine, which the change may have altered
  outbox_.look_again();
}

// When the store is nearly full, erases more of the least valuable rows than this transaction adds.
void Merger::make_room() {
  constexpr std::size_t kRowsAtLeast = 512, kAlertsAtLeast = 32;
  const std::size_t judged_rows = std::exchange(rows_to_relieve_, 0);
  if (judged_rows == 0) return;
  const double fullness = alerts_.fullness();
  expiry_.relieve(*writer_, judged_rows + kRowsAtLeast, run_clock_.hour(), fullness);
  if (view_)
    retention_->relieve(*writer_, {judged_rows + kRowsAtLeast, judged_rows + kAlertsAtLeast, fullness},
                        [this] { return view_->newest_account_day(); });
}

CommitOutcome Merger::commit() {
  if (!writer_) return CommitOutcome::committed;
  make_room();
  waiting_->write_marks(*writer_);
  CommitOutcome outcome = CommitOutcome::failed;
  failure_.clear();
  for (const auto& reader : readers_)
    if (failure_.empty()) failure_ = reader->failure();
  if (failure_.empty()) {
    failure_ = writer_->failure();
    outcome = writer_->commit();
    if (outcome != CommitOutcome::committed && failure_.empty()) failure_ = writer_->failure();
  }
  writer_.reset();
  view_.reset();
  readers_.clear();
  const bool committed = outcome == CommitOutcome::committed;
  waiting_->settle(committed);
  if (committed) {
    outbox_.committed();
  } else {
    outbox_.failed();
    answers_.forget();
  }
  return outcome;
}

std::optional<Day> Merger::active_since(std::string_view account) {
  if (account.empty()) return std::nullopt;
  const auto stored = writer_->get(Table::activated, account);
  if (!stored) return std::nullopt;
  return static_cast<Day>(decode_sequence(*stored));
}

void Merger::refill_outbox() {
  if (!outbox_.wants_refill()) return;
  const auto reader = alerts_.read();
  outbox_.refill(*reader);
}

void Merger::use_routes(std::vector<WebhookRoute> routes) {
  retention_->use_endpoints(names_of(routes));
  outbox_.use_routes(std::move(routes));
}

}  // namespace straykey
