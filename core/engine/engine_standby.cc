// What the engine does when a second node may judge in its place (core/engine/standby).
#include <algorithm>
#include <utility>

#include "core/detect/candidate.h"
#include "core/engine/alert_log.h"
#include "core/engine/engine.h"
#include "core/engine/standby.h"

namespace straykey {
namespace {

constexpr double kLookThroughS = 60;
constexpr Day kDaysThatWait = 2;

}  // namespace

void Engine::prepare_standby() {
  following_ = true;
  merger_.begin_to_follow();
  merger_.on_judged([this](const Candidate& call) { dependencies_.standby->store().note_judged(call.combination); });
}

// Whether this node judges. One that does not follows whoever does.
bool Engine::leads() {
  if (dependencies_.standby == nullptr) return true;
  if (broken_ || damaged_) return !following_;
  const Standby::Role role =
      dependencies_.standby->step([this](const LogTransaction& transaction, std::string_view place) {
        merger_.follow(transaction, place);
        const CommitOutcome outcome = merger_.commit();
        if (outcome == CommitOutcome::unknown)
          fatal("the merger's commit may or may not be on disk: " + merger_.failure());
        return outcome;
      });
  if (role == Standby::Role::stands_back) {
    following_ = true;
    merger_.begin_to_follow();
  }
  if (role == Standby::Role::takes_over) take_over();
  return !following_;
}

// Of what waits, that is passed which the former judge finished; the rest is judged from now on.
void Engine::take_over() {
  following_ = false;
  in_hand_ = true;
  merger_.begin_to_judge();
  merger_.pass_judged(0);
  if (merger_.commit() == CommitOutcome::unknown)
    return fatal("the merger's commit may or may not be on disk: " + merger_.failure());
  drop_judged();
}

void Engine::drop_judged() {
  const std::uint64_t waiting = merger_.waiting();
  merger_.drop_judged();
  if (waiting > merger_.waiting()) note_judged(waiting - merger_.waiting());
}

// Somebody else judged since: what this node handed to its sender, or heard from it, is that one's.
void Engine::let_go() {
  if (!in_hand_ || !dependencies_.standby->superseded()) return;
  in_hand_ = false;
  std::erase_if(ready_, [](const Message& message) { return std::holds_alternative<DeliveryOutcome>(message); });
  if (callbacks_.on_superseded) callbacks_.on_superseded();
}

// Outcomes of deliveries are kept as long as this node may judge on; counts are the judge's.
CommitOutcome Engine::follow() {
  let_go();
  merger_.pass_time(callbacks_.uptime());
  carry_out_in_retired();
  answer_claims(in_hand_ ? ClaimAnswer::not_now : ClaimAnswer::not_ours);
  std::erase_if(ready_, [this](const Message& message) {
    if (auto* const* change = std::get_if<OperatorChange*>(&message)) refuse(*change);
    return !in_hand_ || !std::holds_alternative<DeliveryOutcome>(message);
  });
  if (const double now = callbacks_.uptime(); now >= looked_through_at_ + kLookThroughS) {
    looked_through_at_ = now;
    const Day newest = newest_day_.load();
    merger_.pass_judged(newest > kDaysThatWait ? newest - kDaysThatWait : 0);
  }
  if (merger_.commit() == CommitOutcome::unknown)
    fatal("the merger's commit may or may not be on disk: " + merger_.failure());
  drop_judged();
  return CommitOutcome::committed;
}

// The partitions are each node's own; alerts are the judge's.
void Engine::refuse(OperatorChange* change) const {
  if (change->in_partition) return answer(change, ChangeOutcome::Kind::done, {});
  const auto status = dependencies_.standby->status();
  change->in_merger.refused_as = ChangeRefusal::elsewhere;
  change->in_merger.refusal = status->judge.empty()
                                  ? "this node is not the judge, and no judge is known: ask again later"
                                  : "this node is the standby: ask the judge, " + status->judge;
  answer(change, ChangeOutcome::Kind::done, {});
}

// A delivery whose row is gone was made: by this node, or by another one that was the judge meanwhile.
void Engine::take_claims() {
  Standby* const standby = dependencies_.standby;
  if (standby == nullptr) return answer_claims(ClaimAnswer::not_ours);
  for (const Message& message : ready_)
    if (const auto* outcome = std::get_if<DeliveryOutcome>(&message))
      standby->note_ended({outcome->endpoint, outcome->alert_id});
  if (standby->retires()) return answer_claims(ClaimAnswer::not_now);
  std::erase_if(ready_, [&](const Message& message) {
    const auto* claim = std::get_if<DeliveryClaim>(&message);
    if (claim == nullptr) return false;
    const bool waits = merger_.has_to_deliver(claim->endpoint, claim->alert_id);
    if (!waits) claim->answer(ClaimAnswer::not_ours);
    if (waits) standby->store().note_claim({claim->endpoint, claim->alert_id});
    return !waits;
  });
}

void Engine::answer_claims(ClaimAnswer answer) {
  std::erase_if(ready_, [&](const Message& message) {
    const auto* claim = std::get_if<DeliveryClaim>(&message);
    if (claim == nullptr) return false;
    if (answer == ClaimAnswer::granted) dependencies_.standby->note_granted({claim->endpoint, claim->alert_id});
    claim->answer(answer);
    return true;
  });
}

bool Engine::has_lost_log() const noexcept {
  return dependencies_.standby != nullptr && dependencies_.standby->lost();
}

}  // namespace straykey
