// A shard worker turns events into facts and candidates. Nearly every event is like one that was seen before, so the
// worker first asks whether the event's signature is known: use() then only counts it. What is new goes the slow way,
// use_slowly(): the event is observed, its facts are learned, and a call that may deserve an alert is proposed as a
// candidate.
//
// Everything learned from a batch of requests goes into one transaction. If a fact were committed without its
// candidate, the event sent again would no longer be new, and its alert would never be raised. For the same reason a
// signature is remembered in two steps: in staged_known_ while its batch is open, and in known_ after the commit.
//
// After a failed commit the worker forgets everything that it remembers and not only what the batch added. What it
// remembers is a cache of the store, so this costs look-ups and nothing else.
#include "core/engine/shard_worker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/invariant.h"
#include "core/baseline/fact.h"
#include "core/engine/descents.h"
#include "core/engine/operator_change.h"
#include "core/engine/route.h"
#include "core/engine/sequence.h"
#include "core/engine/shard_count_note.h"
#include "core/engine/waiting_calls.h"
#include "core/event/record_in_hand.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

constexpr std::size_t kWarmedAtOnce = 16;
constexpr std::size_t kRowsASweep = 500;  // looked at every second, which takes a millisecond

std::string runtime_text(const Candidate& call) {
  return std::string(name_of(call.platform)) + ' ' + call.exec_env;
}

// Whether the key was given to somebody who is no workload, and the call names his session.
bool is_a_strangers(const Event& event, const IssuedToken& issued) {
  if (issued.is_provisional() || issued.proves()) return false;
  return event.type == IdentityType::assumed_role && !event.console_session && !event.presigned && !event.from_future;
}

}  // namespace

ShardWorker::ShardWorker(Settings settings, const DetectionSettings& detection, BaselineStore& store, Metrics& metrics)
    : settings_(settings),
      detection_(detection),
      store_(store),
      writer_(store),
      keys_({settings.hash_key, settings.others, settings.keys_max, settings.keys_a_flush}, writer_),
      expiry_({.rules = baseline_expiry_rules(), .rows_a_sweep = kRowsASweep, .others = settings_.others}, metrics),
      seen_events_(settings.duplicates_tracked),
      events_(metrics.counter("straykey_events_processed_total", "Events that a shard worker has applied.")),
      duplicates_(metrics.counter("straykey_events_duplicate_total",
                                  "Events seen again with the same eventID; they count once.")),
      candidates_(metrics.counter("straykey_candidates_total",
                                  "Calls proposed for judgement, once a day for each combination.")),
      facts_(metrics.counter("straykey_facts_learned_total", "Days added to facts of the baseline.")) {
  waiting_ =
      std::make_unique<WaitingCalls>(WaitingCalls::Settings{settings_.hash_key, settings_.others,
                                                            settings_.pending_per_key_max, settings_.pending_max},
                                     writer_, metrics);
  descents_ = std::make_unique<Descents>(Descents::Settings{settings_.hash_key, settings_.shard, settings_.shards},
                                         detection_, *waiting_);
  sequences_known_ = read_sequences();
  shard_count_ = std::make_unique<ShardCountNote>(read_shard_count(store_, settings_.others, settings_.shards));
  leave_others(0);
}

bool ShardWorker::read_sequences() {
  const auto reader = store_.read();
  const auto next = reader->get(Table::shard_meta, kNextSequenceKey);
  sequences_.next = next ? decode_sequence(*next) : 1;
  sequences_.erased_up_to = sequences_.next - 1;
  reader->scan(Table::candidates, {}, {}, [&](std::string_view key, std::string_view) {
    sequences_.erased_up_to = decode_sequence(key) - 1;
    return false;
  });
  committed_sequences_ = sequences_;
  return reader->failure().empty();
}

ShardWorker::~ShardWorker() = default;

void ShardWorker::apply(const Request& request, Request::ShardBatch& batch, const NetworkMap& networks) {
  const std::size_t first_staged = staged_.size();
  std::size_t used = 0;  // an event stands in other batches as well, if it says something of another key
  keys_.begin_batch(now_);
  batch_ = &batch;
  told_in_request_.clear();
  newest_day_ = request.newest_day_before;
  may_be_forged_ = request.may_be_forged;
  const auto settle = [&] { descents_->settle([this](const Descent& own) { take_over(own); }, batch.handed_on); };
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (i % kWarmedAtOnce == 0)
      warm(std::span(batch.events).subspan(i, std::min(kWarmedAtOnce, batch.events.size() - i)));
    const Request::RoutedEvent& routed = batch.events[i];
    const Event& event = request.events[routed.index];
    const RecordInHand in_hand(&event.record);
    if (routed.issue) issue(event);
    if (routed.use) use(routed, event, networks);
    used += routed.use ? 1 : 0;
    if (routed.hands_on) {
      const Hash128 caller = routed.signature.access_key;
      const bool has_rows = routed.has_key || routed.by_session;
      const IssuedToken* const known = has_rows ? keys_.at(caller, event, routed.by_session).issued.get() : nullptr;
      descents_->hand_on(event, caller, known, may_be_forged_);
    }
    if (descents_->has_made()) settle();
  }
  may_be_forged_ = false;  // what follows other requests have told
  for (const Descent& descent : batch.descents) take_over(descent);
  settle();
  events_.add(used);
  batches_.push_back(&batch);
  staged_of_batch_.emplace_back(first_staged, staged_.size());
}

// Looks up for several events what use() will look up for each, so that their cache misses overlap.
void ShardWorker::warm(std::span<const Request::RoutedEvent> events) const noexcept {
  std::array<const KeyTable::Key*, kWarmedAtOnce> keys{};
  for (std::size_t i = 0; i < events.size(); ++i) {
    __builtin_prefetch(&seen_events_[events[i].event_id % seen_events_.size()], 1);
    keys[i] = keys_.find(events[i].signature.access_key);
    if (keys[i] != nullptr) __builtin_prefetch(keys[i]->calls.get(), 1);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (keys[i] != nullptr && keys[i]->calls != nullptr) keys[i]->calls->since_flush.warm(events[i].signature.call);
    const auto known = known_.find(events[i].signature.teaching);
    if (known != known_.end()) __builtin_prefetch(&*known, 1);
  }
}

void ShardWorker::use(const Request::RoutedEvent& routed, const Event& event, const NetworkMap& networks) {
  const bool counts = is_new_event(routed.event_id);
  KeyTable::Key* key = nullptr;
  std::uint64_t proof = 0;
  if (routed.has_key || routed.by_session) {
    key = &keys_.at(routed.signature.access_key, event, routed.by_session);
    proof = key->proof;
    if (key->calls != nullptr && counts) keys_.count(routed, event, *key);
  }
  Hash128 signature = routed.signature.teaching;
  // The same call teaches more once more is known of the event that issued its key, so it has another signature then.
  signature.low ^= proof;
  const auto known = known_.find(signature);
  if (known != known_.end()) {
    if (key != nullptr && key->has_unnamed_calls()) KeyTable::name(*key, event, nullptr);
    if (known->second != kNoSlot && counts) count_repeat(known->second, routed.time);
    return;
  }
  const auto staged = staged_known_.find(signature);
  if (staged != staged_known_.end()) {
    if (staged->second != kNoSlot && counts) count_repeat(staged->second, routed.time);
    return;
  }
  const bool is_unnamed = key != nullptr && key->has_unnamed_calls();
  if (is_unnamed || !told_in_request_.contains(signature)) use_slowly(event, key, networks, signature, counts);
}

void ShardWorker::use_slowly(const Event& event, KeyTable::Key* key, const NetworkMap& networks, Hash128 signature,
                             bool counts) {
  Observation observation = observe(event, key == nullptr ? nullptr : key->issued.get(), networks, detection_);
  if (key != nullptr && key->has_unnamed_calls())
    KeyTable::name(*key, event, observation.has_token ? &observation.call.token : nullptr);
  std::uint32_t slot = kNoSlot;
  bool is_known = true;
  if (!event.from_future) {
    teach(observation, event);
    if (observation.may_wait_for_proof) slot = keep(observation, event, counts && !observation.has_token);
  }
  if (observation.has_token) {
    is_known = tell_session(event, observation.call.token, key);
    slot = kNoSlot;  // a weakly proven call counts as a candidate
    const std::uint32_t second = propose_second(observation, counts, event);
    if (!event.from_future) teach_token(observation.call, observation.call.token.must_have_assumed.empty());
    if (worth_judging(observation.call, detection_)) slot = propose(std::move(observation.call), counts, &event);
    if (slot == kNoSlot) {
      slot = second;
    } else {
      slots_[slot].also = second;
    }
  } else if (key != nullptr && key->issued != nullptr && is_a_strangers(event, *key->issued)) {
    is_known = tell_stranger(event, observation.caller);
  }
  if (is_known) {
    staged_known_.emplace(signature, slot);
  } else if (slot == kNoSlot) {
    told_in_request_.insert(signature);
  }
}

// What is weakly proven in two ways is learned and proposed as both; the judge takes the first way that holds.
std::uint32_t ShardWorker::propose_second(Observation& observation, bool counts, const Event& event) {
  if (!observation.second_token) return kNoSlot;
  Candidate call = observation.call;
  call.token = std::move(*observation.second_token);
  if (!event.from_future) teach_token(call, false);
  return worth_judging(call, detection_) ? propose(std::move(call), counts, &event) : kNoSlot;
}

// Learns what every call of our accounts teaches, whoever made it.
void ShardWorker::teach(const Observation& observation, const Event& event) {
  const Day day = event.day();
  learn_account(event.recipient_account, event.time);
  if (!observation.own || observation.caller.empty() || !teaches_networks(event)) return;
  // Whether a workload's token opened the console may be told later: then a thief sits there.
  if (event.console_session && observation.may_wait_for_proof) return;
  for (const std::string& form : observation.call.address_forms())
    learn({FactKind::network_identity, form, observation.caller}, day);
}

void ShardWorker::teach_token(const Candidate& call, bool proven) {
  const Day day = call.day();
  const std::string& identity = call.token.identity;
  // What a weak proof teaches counts for weakly proven tokens only, because it may be somebody else's.
  const auto teach = [&](FactKind kind, std::string_view scope, std::string_view value) {
    learn({proven ? kind : weak_kind(kind), scope, value}, day);
  };
  // Whoever sent a presigned request held a link; nothing else of it is the workload's.
  if (call.presigned && call.may_be_external()) learn({FactKind::identity_presigned, identity, ""}, day);
  if (call.presigned) return;
  for (const std::string& evidence : taught_evidence(call)) teach(FactKind::identity_evidence, identity, evidence);
  if (call.console_session) return;
  const std::vector<std::string> forms = call.network_forms();
  for (const std::string& form : forms) teach(FactKind::identity_network, identity, form);
  if (!forms.empty() && call.event_name != "GetCallerIdentity")
    learn({FactKind::identity_other_call, identity, forms.front()}, day);
  if (proven) teach_others(call);
  teach(FactKind::identity_tool, identity, call.tool);
  teach(FactKind::identity_runtime, identity, runtime_text(call));
  if (call.token.serverless && call.is_cli()) teach(FactKind::tool_identity, call.tool, identity);
}

// What a proven workload teaches about a network, for others: its functions apart, because those of one role answer for
// each other; and whose endpoints are used here, which people do not teach. A cluster that is not EKS's is known by the
// issuing event only, so what its pods teach is learned here, and not where every role session's is. While the family
// is off they are public federation, which teaches nobody else anything.
void ShardWorker::teach_others(const Candidate& call) {
  if (!detection_.kubernetes && call.token.family == Family::kubernetes) return;
  const bool first_hand = call.token.chain.empty();
  if ((call.token.family == Family::lambda && first_hand) ||
      (call.token.family == Family::kubernetes && first_hand && call.error_code.empty()))
    for (const std::string& form : call.address_forms())
      learn({FactKind::network_identity, form, call.token.identity}, call.day());
  if (!call.endpoint_owner.empty() && call.error_code.empty())
    learn({FactKind::network_identity, call.endpoint_network(), call.token.role_identity}, call.day());
}

// Proposes an account's first event of a day to the merger, which notes when the account becomes active.
void ShardWorker::learn_account(std::string_view account, Seconds time) {
  const FactRef ref{FactKind::account, account, ""};
  if (!is_account_id(account) || learned_.holds(ref, day_of(time))) return;
  if (!(learn_early_day(writer_, settings_.hash_key, account, day_of(time)) | learn(ref, day_of(time)))) return;
  Candidate day;
  day.account_day = true;
  day.time = day.last_time = time;
  day.token.account = day.token.identity = account;
  propose(std::move(day), true, nullptr);
}

bool ShardWorker::learn(const FactRef& ref, Day day) {
  if (learned_.holds(ref, day)) return false;
  learned_.add(ref, day);
  const std::string key = fact_key(settings_.hash_key, ref);
  Fact fact;
  if (const auto stored = writer_.open().get(Table::facts, key)) {
    if (const auto known = decode_fact_of(*stored, ref)) fact = *known;
  }
  if (!fact.seen(day)) return false;
  writer_.put(Table::facts, key, encode_fact(fact, ref));
  facts_.add();
  return true;
}

std::uint32_t ShardWorker::propose(Candidate call, bool counts, const Event* event) {
  call.combination = combination_of(settings_.hash_key, call);
  call.newest_day = newest_day_;
  const auto held = slot_by_combination_.find(call.combination);
  if (held != slot_by_combination_.end()) {
    if (counts) count_repeat(held->second, call.last_time, call.count);
    return held->second;
  }
  const HashBytes mark = call.combination.bytes();
  if (const auto proposed = writer_.open().get(Table::proposed, mark)) {
    const std::uint32_t slot = slot_of(call.combination, decode_sequence(*proposed), 0);
    if (counts) count_repeat(slot, call.last_time, call.count);
    return slot;
  }
  const std::uint32_t slot = slot_of(call.combination, 0, staged_.size());
  if (event != nullptr) describe(call, *event);
  staged_.push_back(std::move(call));
  writer_.note_news();
  candidates_.add();
  return slot;
}

std::uint32_t ShardWorker::slot_of(Hash128 combination, std::uint64_t sequence, std::size_t staged) {
  const auto slot = static_cast<std::uint32_t>(slots_.size());
  slots_.push_back({.combination = combination, .sequence = sequence, .staged = staged});
  slot_by_combination_.emplace(combination, slot);
  return slot;
}

// Returns the slot that counts the repeats of a call which waits for proof.
std::uint32_t ShardWorker::keep(const Observation& observation, const Event& event, bool counts) {
  const std::uint32_t place = waiting_->keep(observation, event, counts);
  if (place == WaitingCalls::kNowhere) return kNoSlot;
  slots_.push_back({.combination = {}, .sequence = kWaits, .staged = place});
  return static_cast<std::uint32_t>(slots_.size() - 1);
}

void ShardWorker::count_repeat(std::uint32_t index, Seconds time, std::uint64_t count) {
  if (slots_[index].also != kNoSlot) count_repeat(slots_[index].also, time, count);
  Slot& slot = slots_[index];
  if (slot.sequence == kWaits) return waiting_->count_repeat(static_cast<std::uint32_t>(slot.staged), time);
  if (slot.sequence == 0) {
    Candidate& staged = staged_[slot.staged];
    staged.count += count;
    staged.time = std::min(staged.time, time);
    staged.last_time = std::max(staged.last_time, time);
    return;
  }
  if (slot.count == 0) repeated_.push_back(index);
  slot.count += count;
  slot.last_time = std::max(slot.last_time, time);
}

bool ShardWorker::is_new_event(std::uint64_t event_id) {
  if (event_id == 0) return true;
  std::uint64_t& place = seen_events_[event_id % seen_events_.size()];
  if (place == event_id) {
    duplicates_.add();
    return false;
  }
  place = event_id;
  return true;
}

void ShardWorker::flush(RunHour now) {
  now_ = now;
  store_.set_run_hour(now);
  shard_count_->begin(now);
  leave_others(now);
  keys_.flush();
  waiting_->flush(settings_.waiting_a_flush);
  if (expiry_.sweep(writer_.open(), now) > 0) {
    writer_.note_erased();
    keys_.note_erased();
    learned_.forget();
  }
}

void ShardWorker::leave_others(RunHour now) {
  if (!shard_count_->all_rows_are_at_home(now)) return;
  keys_.leave_others();
  waiting_->leave_others();
}

bool ShardWorker::has_more_to_flush() const noexcept {
  return keys_.waiting() > 0 || waiting_->has_more_to_flush();
}

void ShardWorker::carry_out(OperatorChange& change) {
  INVARIANT(batches_.empty());
  const std::size_t rows = change.in_partition(writer_.open());
  change.rows += rows;
  evicted_ = true;
  if (rows == 0) return;
  writer_.note_erased();
  keys_.note_erased();
}

void ShardWorker::write_something() {
  if (sequences_known_) writer_.put(Table::shard_meta, kNextSequenceKey, encode_sequence(sequences_.next));
}

// When the store is nearly full, erases twice as many of the least valuable rows as this batch adds.
void ShardWorker::make_room() {
  constexpr std::size_t kRowsAtLeast = 512;
  const double fullness = store_.fullness();
  if (!writer_.has_news() || fullness < Expiry::kRelieveFrom) return;
  if (expiry_.relieve(writer_.open(), 2 * writer_.news_count() + kRowsAtLeast, now_, fullness) > 0) {
    evicted_ = true;
    keys_.note_erased();
  }
}

void ShardWorker::write_staged() {
  const std::uint64_t first = sequences_.next;
  for (Candidate& candidate : staged_) {
    const std::uint64_t sequence = sequences_.next++;
    writer_.put(Table::candidates, encode_sequence(sequence), encode_candidate(candidate));
    writer_.put(Table::proposed, candidate.combination.bytes(), encode_sequence(sequence));
    slots_[slot_by_combination_.at(candidate.combination)].sequence = sequence;
    // The activity is written now, because the alert will show what the key did so far.
    keys_.write_activity(access_key_id(settings_.hash_key, candidate.access_key));
  }
  if (!staged_.empty()) writer_.put(Table::shard_meta, kNextSequenceKey, encode_sequence(sequences_.next));
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    const auto [begin, end] = staged_of_batch_[i];
    if (begin < end) batches_[i]->candidates = {settings_.shard, first + begin, first + end - 1};
  }
}

CommitOutcome ShardWorker::commit(std::uint64_t judged_up_to) {
  if (!sequences_known_ && !(sequences_known_ = read_sequences())) {
    failure_ = "the partition's sequence numbers could not be read";
    settle(CommitOutcome::failed);
    return CommitOutcome::failed;
  }
  // Both are cleared either way: they must not fail a later batch.
  std::string unreadable_key = keys_.hand_over_failure(), unreadable_calls = waiting_->hand_over_failure();
  if (!unreadable_key.empty() || !unreadable_calls.empty()) {
    failure_ = std::move(unreadable_calls.empty() ? unreadable_key : unreadable_calls);
    settle(CommitOutcome::failed);
    return CommitOutcome::failed;
  }
  // A partition restored from a backup may be older than the merger. Candidates with numbers that the merger has passed
  // would never be judged, so numbering goes on behind them.
  sequences_.next = std::max(sequences_.next, judged_up_to + 1);
  write_staged();
  while (writer_.has_news() && sequences_.erased_up_to < judged_up_to)
    writer_.erase(Table::candidates, encode_sequence(++sequences_.erased_up_to));
  make_room();
  const bool tells_count = !shard_count_->is_stored && writer_.has_news();
  if (tells_count) writer_.put(Table::shard_meta, kShardCountKey, encode(*shard_count_));
  const CommitOutcome outcome = writer_.commit();
  if (tells_count && outcome == CommitOutcome::committed) shard_count_->is_stored = true;
  failure_ = writer_.failure();
  settle(outcome);
  return outcome;
}

void ShardWorker::settle(CommitOutcome outcome) {
  writer_.forget();
  if (outcome == CommitOutcome::committed) {
    if (std::exchange(evicted_, false) || known_.size() + staged_known_.size() > settings_.signatures_max) {
      forget_known();
      staged_known_.clear();
    }
    for (const auto& [signature, slot] : staged_known_) known_.emplace(signature, slot);
    committed_sequences_ = sequences_;
  } else {
    for (Request::ShardBatch* batch : batches_) {
      batch->candidates = {};
      batch->handed_on.clear();
      batch->told.clear();
    }
    staged_.clear();
    forget_known();
    keys_.forget_all();
    evicted_ = false;
    std::fill(seen_events_.begin(), seen_events_.end(), 0);
    sequences_ = committed_sequences_;
  }
  staged_known_.clear();
  staged_.clear();
  batches_.clear();
  staged_of_batch_.clear();
}

std::vector<Repeat> ShardWorker::hand_over_repeats(std::uint64_t judged_up_to) {
  std::vector<Repeat> out;
  std::vector<std::uint32_t> later;
  std::erase_if(carried_, [&](const Slot& slot) {
    if (slot.sequence > judged_up_to) return false;
    out.push_back({slot.combination, slot.count, slot.last_time});
    return true;
  });
  for (const std::uint32_t index : repeated_) {
    Slot& slot = slots_[index];
    if (slot.sequence == 0 || slot.sequence > judged_up_to) {
      later.push_back(index);
      continue;
    }
    out.push_back({slot.combination, slot.count, slot.last_time});
    slot.count = 0;
    slot.last_time = 0;
  }
  repeated_ = std::move(later);
  return out;
}

void ShardWorker::forget_known() {
  ++times_forgotten_;
  learned_.forget();
  for (const std::uint32_t index : repeated_)
    if (slots_[index].sequence != 0) carried_.push_back(slots_[index]);
  waiting_->forget_places();
  known_.clear();
  slot_by_combination_.clear();
  slots_.clear();
  repeated_.clear();
}

}  // namespace straykey
